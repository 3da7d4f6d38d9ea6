"""Installs the compiler that a source build asks for; slim images bring none.

Reads setuptools (`error: command 'gcc' failed: No such file or directory`, `unable to execute 'gcc'`), the shell
(`/bin/sh: 1: make: not found`), meson (`Unknown compiler(s)`), CMake (`CMAKE_CXX_COMPILER not set`), GNU ld where
gcc came without the C library's files (`cannot find Scrt1.o`), and numba's `without the compiler used by` of code that
compiles itself when it is imported.
"""

import re
from typing import Final

from paper2run.failures.failed_attempt import FailedAttempt, repaired, with_packages
from paper2run.failures.failure_log import last_hit
from paper2run.model.diagnosis import Diagnosis

NAME: Final = "missing_compiler"
MISSING: Final = (
    re.compile(
        r"command '?(?P<program>[\w./+-]*(?:gcc|g\+\+|cc|c\+\+|gfortran|clang))'? failed: (?:No such|None)"
    ),
    re.compile(r"unable to execute '?(?P<program>[\w./+-]*(?:gcc|g\+\+|cc|c\+\+|gfortran))'?"),
    re.compile(
        r"(?:sh|bash): (?:\d+: |line \d+: )?(?P<program>gcc|g\+\+|cc|c\+\+|gfortran|make|cmake|git|swig|pkg-config)"
        r": (?:command )?not found"
    ),
    re.compile(r"Unknown compiler\(s\): \[?\[?'?(?P<program>gfortran|c\+\+|g\+\+|cc|gcc)"),
    re.compile(r"(?P<program>CMAKE_CXX_COMPILER|CMAKE_C_COMPILER)(?:-NOTFOUND| not set)"),
    re.compile(r"\bld(?:\.\w+)?: cannot find (?P<program>S?crt[1in])\.o"),
    re.compile(r"[Nn]o (?P<program>Fortran) compiler found"),
    re.compile(r"(?P<program>)Attempted to compile AOT function without the compiler"),
    re.compile(r"(?:No such file or directory|Errno 2\]).*'(?P<program>gcc|g\+\+|make|cmake|git|swig|pkg-config)'"),
)  # fmt: skip
PACKAGES: Final = {
    **dict.fromkeys(("Scrt1", "crt1", "crti", "crtn"), ("libc6-dev",)),
    "make": ("make",),
    "cmake": ("cmake", "make"),
    "git": ("git",),
    "swig": ("swig",),
    "pkg-config": ("pkg-config",),
    "gfortran": ("gcc", "gfortran", "libc6-dev"),
    "Fortran": ("gcc", "gfortran", "libc6-dev"),
}
"""Debian packages by program; any other program asks for a C and C++ compiler."""
C_AND_CXX: Final = ("g++", "gcc", "libc6-dev", "make")


def repair(failed: FailedAttempt) -> Diagnosis | None:
    """Return the plan with the compiler's packages."""
    hit = last_hit(failed.lines, *MISSING)
    if hit is None:
        return None
    program = (hit.match["program"] or "gcc").rsplit("/", 1)[-1]
    packages = PACKAGES.get(program, C_AND_CXX)
    return repaired(
        failed,
        NAME,
        with_packages(failed.plan, *packages),
        reason=f"{program} is not in the base image; added: {', '.join(packages)}",
        evidence=hit.line,
    )
