#!/bin/bash
wget -nv https://example.org/cuda_10.1.run
sh cuda_10.1.run --silent
nvcc --version
