import os

from setuptools import setup
from torch.utils.cpp_extension import CUDA_HOME, BuildExtension, CppExtension, CUDAExtension

extension = CppExtension("waves._C", ["csrc/height.cpp"])
if CUDA_HOME is not None or os.getenv("FORCE_CUDA") == "1":
    extension = CUDAExtension("waves._C", ["csrc/height.cpp", "csrc/height_kernel.cu"])

setup(name="waves", packages=["waves"], ext_modules=[extension], cmdclass={"build_ext": BuildExtension})
