import os
from distutils.core import setup
from distutils.extension import Extension


def find_in_path(name, path):
    for folder in path.split(os.pathsep):
        if os.path.exists(os.path.join(folder, name)):
            return os.path.join(folder, name)
    return None


def locate_cuda():
    nvcc = find_in_path("nvcc", os.environ["PATH"])

    if nvcc is None:
        raise EnvironmentError("The nvcc binary could not be located in your $PATH.")
    return {"home": os.path.dirname(os.path.dirname(nvcc)), "nvcc": nvcc}


CUDA = locate_cuda()

setup(name="boxes", ext_modules=[Extension("boxes.overlaps", ["overlaps.c"])])
