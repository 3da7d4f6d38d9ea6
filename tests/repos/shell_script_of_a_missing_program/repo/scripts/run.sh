ROOT=./
export PYTHONPATH=$PYTHONPATH:$ROOT
CUDA_VISIBLE_DEVICES=0 accelerate launch \
    $ROOT/subnet/main.py --config $ROOT/config.json
