FROM nvidia/cuda:11.0-cudnn8-devel-ubuntu18.04
RUN sh -c 'make all'
CMD ["bash", "-c", "python train.py --gpu 0"]
