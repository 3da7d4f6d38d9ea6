"""Seals a text with libsodium, and asks the loader for libraries of other kinds."""

import ctypes
import ctypes.util
import sys

SODIUM = ctypes.CDLL(ctypes.util.find_library("sodium"))
LIBC = ctypes.CDLL("libc.so.6")
USB = ctypes.cdll.LoadLibrary("libusb-1.0.so.0")
if sys.platform == "win32":
    WINDOWS = ctypes.CDLL("C:/tools/seal.dll")


def own(folder):
    """Return the repository's own library, which a build makes."""
    return ctypes.CDLL(folder + "/libseal.so")


if __name__ == "__main__":
    print(SODIUM.sodium_init())
