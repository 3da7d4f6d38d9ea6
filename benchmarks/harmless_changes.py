"""Changes that look like faults and are none: a repository that worked still works.

Each stands at a place where a fault of the same words would be fatal; None where a checkout has no such place.
"""

import re
from collections.abc import Callable
from random import Random
from typing import Final

from benchmarks.fault_places import TEST, Change, Places, merged, without

Harmless = Callable[[Places, Random], Change | None]
EXTRAS: Final = re.compile(r"\bextras_require\s*=\s*\{")
SETUP_CALL: Final = re.compile(r"(?m)^([ \t]*)(?:setuptools\.)?setup\($")
LOWER_LIMIT: Final = re.compile(r"""(?<=["'\n])([A-Za-z][\w.-]*)\s*>=\s*[\d.]+(?=["'\n])""")
MANIFESTS: Final = ("setup.py", "requirements.txt", "pyproject.toml")
TEST_DATA: Final = (".csv", ".txt", ".json", ".npy", ".npz", ".mat", ".dat", ".wav", ".tsv", ".gz")

ASK_FOR_CUDA: Final = """try:
    import torch

    _ON_GPU = torch.cuda.is_available()
except ImportError:
    _ON_GPU = False
if _ON_GPU:
    torch.cuda.set_device(0)"""
ON_WINDOWS: Final = """import sys

if sys.platform == "win32":
    import winreg

    winreg.OpenKey(winreg.HKEY_CURRENT_USER, "Software")"""
IN_FUNCTION: Final = """def _archived(host="localhost"):
    import psycopg2

    return psycopg2.connect(host=host, dbname="runs")"""


def guarded_library(places: Places, random: Random) -> Change:
    """Let the code use a GPU library if it is there."""
    library = random.choice(["cupy", "pycuda.autoinit", "matlab.engine", "winreg", "tensorrt"])
    code = f"try:\n    import {library} as _fast\nexcept ImportError:\n    _fast = None"
    return Change(places.first(code))


def cuda_on_request(places: Places, _: Random) -> Change:
    """Let the code use CUDA where a variable asks for it."""
    code = 'import os\n\nif os.environ.get("USE_CUDA") == "1":\n    import cupy\n\n    cupy.cuda.Device(0).use()'
    return Change(places.first(code))


def cuda_if_available(places: Places, _: Random) -> Change:
    """Let the code ask whether there is a GPU before it takes one."""
    return Change(places.first(ASK_FOR_CUDA))


def windows_on_windows(places: Places, _: Random) -> Change:
    """Let the code use Windows' registry on Windows."""
    return Change(places.first(ON_WINDOWS))


def key_with_default(places: Places, _: Random) -> Change:
    """Let the code read a key that it can do without."""
    code = 'import os\n\n_KEY = os.environ.get("PHOTOMETRY_API_KEY", "")'
    return Change(places.first(code))


def service_in_function(places: Places, _: Random) -> Change:
    """Let the code have a function, called by no other, that connects to a database."""
    return Change(places.first(IN_FUNCTION))


def data_if_there(places: Places, _: Random) -> Change:
    """Let the code read a table if it is there."""
    code = (
        "import os\n\n"
        '_TABLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", "calibration_2016.csv")\n'
        "_ROWS = open(_TABLE).readlines() if os.path.exists(_TABLE) else []"
    )
    return Change(places.first(code))


def dead_link_in_comment(places: Places, _: Random) -> Change:
    """Name an address that is gone in a comment and in the README."""
    address = "http://people.old-university.example/~author/toolbox-1.2.tar.gz"
    comment = f"# The idea is from {address} (wget it)."
    sentence = f"An older version was at {address}."
    return Change(merged(places.first(comment), places.documented(sentence)))


def gpu_in_prose(places: Places, _: Random) -> Change:
    """Say in the README that a GPU may be used."""
    sentence = "Our large runs took a week on eight GPUs with CUDA 10; everything here runs on a laptop without a GPU."
    return Change(places.documented(sentence))


def unknown_extra(places: Places, _: Random) -> Change | None:
    """Offer an extra whose library no index has."""
    text = places.text("setup.py")
    extra = '"accelerated": ["zetafluxional-core"], '
    if hit := EXTRAS.search(text):
        return Change({"setup.py": text[: hit.end()] + extra + text[hit.end() :]})
    if "extras_require" not in text and (hit := SETUP_CALL.search(text)):
        line = f"\n{hit[1]}    extras_require={{{extra}}},"
        return Change({"setup.py": text[: hit.end()] + line + text[hit.end() :]})
    return None


def looser_limit(places: Places, _: Random) -> Change | None:
    """Take a lower limit away: the newest release of the day satisfied it anyway."""
    for path in MANIFESTS:
        text = places.text(path)
        if (hit := LOWER_LIMIT.search(text)) and hit[1].lower() not in ("python", "setuptools"):
            return Change({path: text[: hit.start()] + hit[1] + text[hit.end() :]})
    return None


def test_data_deleted(places: Places, random: Random) -> Change | None:
    """Delete a data file of the tests; what lies inside the package may be for its users."""
    if not places.package:
        return None
    data = [
        path
        for path in places.tree.files
        if TEST.search(path)
        and path.endswith(TEST_DATA)
        and not path.startswith(f"{places.folder}/")
    ]
    return Change(without([random.choice(data)])) if data else None


def windows_side_script(places: Places, _: Random) -> Change:
    """Add a script for Windows alone, which neither documents nor code name."""
    code = 'import winreg\n\nif __name__ == "__main__":\n    winreg.CreateKey(winreg.HKEY_CURRENT_USER, "Software")\n'
    return Change({"contrib/register_shortcut.py": code})


def old_side_script(places: Places, _: Random) -> Change:
    """Add a script in Python 2, which neither documents nor code name."""
    code = 'import pylab\n\nprint "drawing"\npylab.plot([1, 2, 3])\npylab.show()\n'
    return Change({"contrib/old_plots.py": code})


def broken_side_script(places: Places, _: Random) -> Change:
    """Add a script that cannot run, which neither documents nor code name."""
    code = 'import zetafluxional\n\nif __name__ == "__main__":\n    zetafluxional.start(undefined_rounds)\n'
    return Change({"contrib/sweep.py": code})


def matlab_side_file(places: Places, _: Random) -> Change:
    """Add a MATLAB function beside the code, and name it in the README."""
    code = "function draw(x)\n% DRAW the figure of the paper.\nfigure; plot(x); grid on;\nend\n"
    sentence = "The figures of the paper were drawn with `contrib/draw.m` in MATLAB."
    return Change(merged({"contrib/draw.m": code}, places.documented(sentence)))


def cuda_side_sources(places: Places, _: Random) -> Change:
    """Add a kernel for CUDA with a Makefile of its own, which no build of the repository calls."""
    kernel = "__global__ void scale(float *a) { a[threadIdx.x] *= 2.0f; }\n"
    make = "scale.o: scale.cu\n\tnvcc -c scale.cu\n"
    return Change({"contrib/cuda/scale.cu": kernel, "contrib/cuda/Makefile": make})


HARMLESS: Final[dict[str, Harmless]] = {
    "guarded-library": guarded_library,
    "cuda-on-request": cuda_on_request,
    "cuda-if-available": cuda_if_available,
    "windows-on-windows": windows_on_windows,
    "key-with-default": key_with_default,
    "service-in-function": service_in_function,
    "data-if-there": data_if_there,
    "dead-link-in-comment": dead_link_in_comment,
    "gpu-in-prose": gpu_in_prose,
    "unknown-extra": unknown_extra,
    "looser-limit": looser_limit,
    "test-data-deleted": test_data_deleted,
    "windows-side-script": windows_side_script,
    "old-side-script": old_side_script,
    "broken-side-script": broken_side_script,
    "matlab-side-file": matlab_side_file,
    "cuda-side-sources": cuda_side_sources,
}
"""By the kind's name."""
