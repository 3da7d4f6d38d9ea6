wget https://example.org/solver-4.6.tar.gz
tar xzf solver-4.6.tar.gz
pushd .
cd solver-4.6/
python scripts/mk_make.py --prefix=/usr/local
cd build
make && make install
popd
cd tools
python generate.py
