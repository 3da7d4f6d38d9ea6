from setuptools import setup
from torch.utils.cpp_extension import BuildExtension, CUDAExtension

setup(
    name="fast_layer",
    ext_modules=[CUDAExtension("fast_layer", ["fast.cu"])],
    cmdclass={"build_ext": BuildExtension},
)
