"""Installs the Debian package of a shared library that a wheel was linked against.

Reads the dynamic loader's `libGL.so.1: cannot open shared object file: No such file or directory`. The package is
the one that the image's own release has for the file; the table serves where no mirror answered.
"""

from typing import Final

from paper2run.broken import Broken, repaired, with_packages
from paper2run.failure_log import last_hit
from paper2run.model.diagnosis import Diagnosis
from paper2run.wanted_files import CANNOT_OPEN, WantedFile

NAME: Final = "missing_shared_library"
PACKAGES: Final = {
    "libGL.so.1": ("libgl1",),
    "libglib-2.0.so.0": ("libglib2.0-0",),
    "libgthread-2.0.so.0": ("libglib2.0-0",),
    "libSM.so.6": ("libsm6",),
    "libXext.so.6": ("libxext6",),
    "libXrender.so.1": ("libxrender1",),
    "libX11.so.6": ("libx11-6",),
    "libgomp.so.1": ("libgomp1",),
    "libgfortran.so.5": ("libgfortran5",),
    "libsndfile.so.1": ("libsndfile1",),
    "libtk8.6.so": ("libtk8.6",),
    "libtcl8.6.so": ("libtcl8.6",),
    "libxcb.so.1": ("libxcb1",),
    "libEGL.so.1": ("libegl1",),
    "libopenblas.so.0": ("libopenblas0",),
    "liblapack.so.3": ("liblapack3",),
    "libblas.so.3": ("libblas3",),
    "libspatialindex_c.so.6": ("libspatialindex-c6",),
    "libgeos_c.so.1": ("libgeos-c1v5",),
    "libhdf5.so.103": ("libhdf5-103-1",),
}
"""Debian 12's packages of the libraries most often missing (`apt-file search`, 2026-11-22)."""


def repair(broken: Broken) -> Diagnosis | None:
    """Return the plan with the library's package; None where the library is not known."""
    hit = last_hit(broken.lines, CANNOT_OPEN)
    if hit is None:
        return None
    looked_up = broken.packages.get(WantedFile("library", hit.match[1]))
    packages = (looked_up,) if looked_up else PACKAGES.get(hit.match[1])
    if packages is None:
        return None
    return repaired(
        broken,
        NAME,
        with_packages(broken.plan, *packages),
        reason=f"{hit.match[1]} is missing; {', '.join(packages)} bring it",
        evidence=hit.line,
    )
