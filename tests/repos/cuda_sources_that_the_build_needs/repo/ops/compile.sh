#!/bin/sh
nvcc sample.cu -o sample.o -c
