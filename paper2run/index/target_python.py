"""The interpreter of an image as a resolver must see it: its wheel tags and marker environment.

Follows the platform compatibility tags (PEP 425, 600) and environment markers (PEP 508) of CPython
in the official `python:X.Y-slim` images, not those of the interpreter that runs us.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from packaging.markers import Marker
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.tags import compatible_tags, cpython_tags
from packaging.version import Version

from paper2run.index.lenient_requirement import lenient_specifiers

DEFAULT_MACHINE: Final = "x86_64"
OLDEST_GLIBC_MINOR: Final = {"x86_64": 5, "i686": 5}
"""manylinux1 is glibc 2.5; machines not named here came in with manylinux2014, glibc 2.17."""
MANYLINUX_2014_MINOR: Final = 17
LEGACY_NAMES: Final = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
GLIBC_MINOR: Final = {"2.7": 17, "3.4": 17, "3.5": 28, "3.6": 31}
"""glibc 2.x of the last official image, or what its pip supports: pip 20.0 of 2.7 stops at manylinux2014."""
NEWEST_GLIBC_MINOR: Final = 36
"""Debian bookworm; every later image has at least that."""
LAST_MICRO: Final = 20
"""Stands for the last bug-fix release: beyond all that packages exclude."""


@dataclass(frozen=True)
class TargetPython:
    """One interpreter on one machine."""

    version: str
    """`3.9`"""
    tags: frozenset[str]
    """Wheel tags that it installs, as `cp39-cp39-manylinux1_x86_64`."""
    environment: tuple[tuple[str, str], ...]
    """Values of the environment markers."""

    def satisfies(self, marker: Marker | None, extra: str = "") -> bool:
        """Return True if `marker` holds here, with `extra` asked for; no marker always holds."""
        return marker is None or marker.evaluate({**dict(self.environment), "extra": extra})

    def allowed_by(self, requires_python: str) -> bool:
        """Return True if `requires_python` admits this interpreter; text that is no specifier admits all."""
        return not requires_python or _admits(requires_python, self.version)


@lru_cache(maxsize=32)
def target_python(version: str, machine: str = DEFAULT_MACHINE) -> TargetPython:
    """Return the interpreter `version` (`3.9`) of an official image for `machine`."""
    major, minor = (int(part) for part in version.split("."))
    interpreter = f"cp{major}{minor}"
    # Until 3.7 the ABI said how it was built: `m` for pymalloc, `mu` with wide unicode.
    abi = interpreter + ("mu" if major == 2 else "m" if minor < 8 else "")
    platforms = _platforms(GLIBC_MINOR.get(version, NEWEST_GLIBC_MINOR), machine)
    tags = {
        *cpython_tags((major, minor), [abi], platforms),
        *compatible_tags((major, minor), interpreter, platforms),
    }
    environment = {
        "implementation_name": "cpython",
        "implementation_version": f"{version}.{LAST_MICRO}",
        "os_name": "posix",
        "platform_machine": machine,
        "platform_python_implementation": "CPython",
        "platform_release": "5.10.0",
        "platform_system": "Linux",
        "platform_version": "",
        "python_full_version": f"{version}.{LAST_MICRO}",
        "python_version": version,
        "sys_platform": "linux2" if major == 2 else "linux",
    }
    return TargetPython(version, frozenset(map(str, tags)), tuple(environment.items()))


def _platforms(newest_minor: int, machine: str) -> list[str]:
    oldest_minor = OLDEST_GLIBC_MINOR.get(machine, MANYLINUX_2014_MINOR)
    platforms = []
    for minor in range(newest_minor, oldest_minor - 1, -1):
        platforms.append(f"manylinux_2_{minor}_{machine}")
        if minor in LEGACY_NAMES:
            platforms.append(f"{LEGACY_NAMES[minor]}_{machine}")
    return [*platforms, f"linux_{machine}"]


@lru_cache(maxsize=4096)
def _admits(requires_python: str, version: str) -> bool:
    try:
        specifiers = SpecifierSet(requires_python)
    except InvalidSpecifier:
        specifiers = lenient_specifiers(requires_python)
    return specifiers.contains(Version(f"{version}.{LAST_MICRO}"))
