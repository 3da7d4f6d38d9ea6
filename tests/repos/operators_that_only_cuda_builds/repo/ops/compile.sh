#!/bin/bash
/usr/local/cuda-8.0/bin/nvcc grouping.cu -o grouping.cu.o -c -O2 -x cu -Xcompiler -fPIC
g++ -shared -o grouping_so.so grouping.cu.o
