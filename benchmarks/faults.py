"""Faults whose truth is known: each makes the documented work of a repository impossible.

A fault finds its own place; None where a checkout has no such place. All code is valid in Python 2.7 and 3.
"""

from collections.abc import Callable, Mapping
from random import Random
from typing import Final

from benchmarks import missing_parts
from benchmarks.fault_places import Change, Files, Places, merged

Fault = Callable[[Places, Random], Change | None]
CUDA: Final = (
    ("cupy", "import cupy\n\n_POOL = cupy.zeros(1024).sum()"),
    ("pycuda", "import pycuda.autoinit\nfrom pycuda.compiler import SourceModule"),
    ("numba", "from numba import cuda as _cuda\n\n_cuda.select_device(0)"),
    ("", 'import ctypes\n\nif ctypes.CDLL("libcuda.so.1").cuInit(0):\n    raise RuntimeError("no CUDA device")'),
)  # fmt: skip
WINDOWS: Final = (
    "import msvcrt\n\n_HANDLE = msvcrt.get_osfhandle(1)",
    'from ctypes import windll\n\n_TICKS = windll.kernel32.GetTickCount()',
    'import winreg\n\n_KEY = winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, "SOFTWARE")',
    'import win32com.client\n\n_EXCEL = win32com.client.Dispatch("Excel.Application")',
)  # fmt: skip
SERVICES: Final = (
    ("redis", 'import redis\n\n_STORE = redis.StrictRedis(host="localhost", port=6379)\n_STORE.ping()'),
    ("pymongo", 'import pymongo\n\npymongo.MongoClient("localhost", serverSelectionTimeoutMS=2000).server_info()'),
    ("", 'import socket\n\n_STORE = socket.create_connection(("localhost", 5432), timeout=10)'),
)  # fmt: skip
LICENSED: Final = (
    ("matlab", "import matlab.engine\n\n_ENGINE = matlab.engine.start_matlab()"),
    ("arcpy", 'import arcpy\n\narcpy.CheckOutExtension("Spatial")'),
    ("abaqus", "from abaqus import mdb, session"),
)  # fmt: skip
COMPILE_KERNEL: Final = """import subprocess

subprocess.check_call(
    ["nvcc", "-shared", "-Xcompiler", "-fPIC", "kernels/distance.cu", "-o", "libdistance.so"]
)"""
KERNEL: Final = """__global__ void distance(const float *a, const float *b, float *out) {
  out[threadIdx.x] = a[threadIdx.x] - b[threadIdx.x];
}
"""
FETCH: Final = """import os
import sys

try:
    from urllib.request import urlretrieve
except ImportError:
    from urllib import URLopener

    urlretrieve = URLopener().retrieve
urlretrieve("{address}", os.path.join(sys.prefix, "solver_tables"))"""
READ_FETCHED: Final = """import os
import sys

_TABLES = open(os.path.join(sys.prefix, "solver_tables"), "rb").read()"""
IMPORT_BESIDE: Final = """import os as _os
import sys as _sys

_sys.path.insert(0, _os.path.dirname(_os.path.abspath(__file__)))
"""
CONFLICT: Final = """<<<<<<< HEAD
_ROUNDS = 10
=======
_ROUNDS = 20
>>>>>>> experiments"""
NEEDS_VERSION: Final = """import six

if six.__version__ != "{version}":
    raise ImportError("six=={version} is needed, and six==" + six.__version__ + " is installed")"""


def cuda_at_import(places: Places, random: Random) -> Change:
    """Let the code need an NVIDIA GPU as soon as it is imported."""
    library, code = random.choice(CUDA)
    files = merged(places.first(code), places.declared(library) if library else {})
    return Change(files, ("needs_gpu",), (library or "libcuda", "GPU", "CUDA"))


def nvcc_in_build(places: Places, _: Random) -> Change | None:
    """Let setup.py compile a kernel with CUDA's compiler, and the code load it."""
    setup = places.in_setup(COMPILE_KERNEL)
    if not setup:
        return None
    load = 'import ctypes\n\n_KERNEL = ctypes.CDLL("libdistance.so")'
    files = merged(setup, places.first(load), {"kernels/distance.cu": KERNEL})
    return Change(files, ("needs_gpu",), ("nvcc", "distance.cu", "CUDA", "GPU"))


def windows_library(places: Places, random: Random) -> Change:
    """Let the code call a library that only Windows has."""
    code = random.choice(WINDOWS)
    return Change(places.first(code), ("unsupported_platform",), ("Windows",))


def macos_framework(places: Places, _: Random) -> Change:
    """Let the code call a framework that only macOS has."""
    code = "import objc\nfrom AppKit import NSScreen\n\n_WIDTH = NSScreen.mainScreen().frame().size.width"
    return Change(places.first(code), ("unsupported_platform",), ("macOS", "AppKit", "objc"))


def service_at_import(places: Places, random: Random) -> Change:
    """Let the code connect to a database as soon as it is imported."""
    library, code = random.choice(SERVICES)
    files = merged(places.first(code), places.declared(library) if library else {})
    objects = (library, "6379") if library == "redis" else (library or "5432", "27017", "database")
    return Change(files, ("external_service",), objects)


def key_demanded(places: Places, _: Random) -> Change:
    """Let the code demand a key, and show it to the service that gives it out."""
    code = (
        "import os\nimport socket\n\n"
        '_KEY = os.environ["PHOTOMETRY_API_KEY"]\n'
        '_LINE = socket.create_connection(("api.photometry.example", 443), timeout=10)\n'
        "_LINE.sendall(_KEY.encode())"
    )
    sentence = (
        "Set `PHOTOMETRY_API_KEY` to the key that you get at https://api.photometry.example/keys."
    )
    files = merged(places.first(code), places.documented(sentence))
    return Change(files, ("external_service",), ("PHOTOMETRY_API_KEY", "api.photometry.example"))


def private_requirement(places: Places, random: Random) -> Change:
    """Let the code need a library that lies at an address of its authors' own network."""
    module = f"labcore_{_letters(random)}"
    name = module.replace("_", "-")
    address = f"git+https://git.lab-internal.example/core/{name}.git@v2.1"
    files = merged(places.first(f"import {module}"), places.declared(f"{name} @ {address}"))
    return Change(
        files, ("dead_dependency", "dead_link", "absent_module"), (name, module, "git.lab-internal")
    )


def unknown_name(places: Places, random: Random) -> Change:
    """Let the code need a library that no index has."""
    module = f"zeta{_letters(random)}"
    files = merged(places.first(f"import {module}"), places.declared(module))
    return Change(files, ("dead_dependency", "absent_module"), (module,))


def withdrawn_release(places: Places, random: Random) -> Change:
    """Let the code need a release of a real library that no index has, and a part of it."""
    version = f"1.{random.randint(90, 99)}.{random.randint(2, 9)}"
    code = f"import six\nfrom six.moves.{_letters(random)} import Reader"
    files = merged(places.first(code), places.declared(f"six=={version}"))
    return Change(files, ("dead_dependency", "unresolvable"), (f"six=={version}", f"six {version}"))


def two_pythons(places: Places, _: Random) -> Change | None:
    """Let two modules that are imported together be Python 2 and Python 3."""
    old = 'def show(name):\n    print "reading", name\n    exec "pass" in {}\n'
    new = 'async def show(name: str) -> None:\n    print(f"reading {name}", flush=True)\n'
    files = _with_modules(places, {"banner_old": old, "banner_new": new})
    objects = ("banner_old", "banner_new")
    return Change(files, ("unsupported_python", "code_error"), objects) if files else None


def python_of_the_future(places: Places, _: Random) -> Change:
    """Let the code demand a Python that is not released."""
    code = 'import sys\n\nif sys.version_info < (3, 99):\n    raise RuntimeError("Python 3.99 or newer is needed")'
    sentence = "This needs Python 3.99 or newer."
    files = merged(places.first(code), places.documented(sentence))
    return Change(files, ("unsupported_python",), ("3.99",))


def contradicting_pins(places: Places, _: Random) -> Change | None:
    """Let two modules that are imported together need two releases of one library."""
    first, second = "1.10.0", "1.11.0"
    needs = {"reader_needs": first, "writer_needs": second}
    texts = {name: f"{NEEDS_VERSION.format(version=needs[name])}\n" for name in needs}
    modules = _with_modules(places, texts)
    if not modules:
        return None
    files = merged(modules, places.declared(f"six=={first}", f"six=={second}"))
    return Change(files, ("unresolvable", "dead_dependency"), ("six",))


def unterminated_merge(places: Places, _: Random) -> Change:
    """Leave the marks of a merge in the code, which no Python parses."""
    return Change(places.first(CONFLICT), ("code_error",), places.hearts)


def undefined_name(places: Places, random: Random) -> Change:
    """Let the code use a name that it has not defined."""
    name = f"default_{_letters(random)}"
    code = f"_SETTINGS = dict({name}, rounds=10)"
    return Change(places.first(code), ("code_error",), (name, *places.hearts))


def more_memory_than_machines_have(places: Places, _: Random) -> Change:
    """Let the code ask for 16 TB of memory."""
    code = "_TABLE = bytearray(1 << 44)"
    return Change(places.first(code), ("out_of_memory",), ("memory", "MemoryError"))


def licensed_program(places: Places, random: Random) -> Change:
    """Let the code start a program that needs a licence."""
    module, code = random.choice(LICENSED)
    return Change(places.first(code), ("proprietary_toolchain",), (module,))


def dead_download(address: str) -> Fault:
    """Return the fault that lets setup.py fetch what the code needs from `address`, which is gone."""

    def fetch_what_is_gone(places: Places, _: Random) -> Change | None:
        setup = places.in_setup(FETCH.format(address=address))
        if not setup:
            return None
        return Change(merged(setup, places.first(READ_FETCHED)), ("dead_link",), (address,))

    return fetch_what_is_gone


FAULTS: Final[dict[str, Fault]] = {
    "data-never-committed": missing_parts.data_never_committed,
    "documented-data-deleted": missing_parts.documented_data_deleted,
    "weights-withheld": missing_parts.weights_withheld,
    "module-deleted": missing_parts.module_deleted,
    "package-left-out": missing_parts.package_left_out,
    "code-emptied": missing_parts.code_emptied,
    "documented-script-removed": missing_parts.documented_script_removed,
    "code-withheld": missing_parts.code_withheld,
    "cuda-at-import": cuda_at_import,
    "nvcc-in-build": nvcc_in_build,
    "windows-library": windows_library,
    "macos-framework": macos_framework,
    "service-at-import": service_at_import,
    "key-demanded": key_demanded,
    "private-requirement": private_requirement,
    "unknown-name": unknown_name,
    "withdrawn-release": withdrawn_release,
    "two-pythons": two_pythons,
    "python-of-the-future": python_of_the_future,
    "contradicting-pins": contradicting_pins,
    "unterminated-merge": unterminated_merge,
    "undefined-name": undefined_name,
    "more-memory-than-machines-have": more_memory_than_machines_have,
    "licensed-program": licensed_program,
}
"""By the kind's name; `dead_download` makes one more where an address that is gone is given."""


def _with_modules(places: Places, texts: Mapping[str, str]) -> Files:
    """Return the change that adds modules and lets the code import them.

    Nothing where a build lists its files.
    """
    if places.tree.has("meson.build"):
        return {}
    folder = f"{places.folder}/" if places.folder else ""
    importing = places.first(IMPORT_BESIDE + "".join(f"import {name}\n" for name in texts))
    # A script in a folder below would not find them.
    hearts = {path: text for path, text in importing.items() if not path[len(folder) :].count("/")}
    return merged(hearts, {f"{folder}{name}.py": text for name, text in texts.items()})


def _letters(random: Random) -> str:
    return "".join(random.choice("bcdfghklmnprstvz") + random.choice("aeiou") for _ in range(5))
