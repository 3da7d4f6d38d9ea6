"""Which Debian packages bring a C header or an R package, from data held against Debian bookworm.

The tables are refreshed by benchmarks/refresh_debian_packages.py; a name that they lack is never guessed.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

IMAGE: Final = "debian:bookworm-slim"
"""The image that all toolchains other than Python's are installed on; the tables speak of this release."""

BARE: Final = re.compile(r"^lib|(?:\d[\d.]*[a-z]?)?(?:-\d+)?-dev$")
"""What a library's package has around its name."""


@dataclass(frozen=True)
class _Headers:
    packages: Mapping[str, tuple[str, ...]]
    folders: Mapping[str, str]
    standard: frozenset[str]


def packages_of_header(header: str) -> tuple[str, ...]:
    """Return the packages that bring `header` (as between angle brackets), nothing where none is known.

    The longest entry wins: `boost/regex` before `boost/`.
    """
    known = _headers().packages
    for end in range(len(header), 0, -1):
        start = header[:end]
        if start in known and (end == len(header) or start.endswith("/") or header[end] in "/._"):
            return known[start]
    return ()


def include_folder(package: str) -> str:
    """Return the folder that a package's headers lie in where no compiler looks by itself; else nothing."""
    return _headers().folders.get(package, "")


def is_standard_header(header: str) -> bool:
    """Whether the compilers or the C library bring `header`."""
    folder, slash, _ = header.partition("/")
    return folder + slash in _headers().standard


def known_development_packages() -> frozenset[str]:
    """Return all packages that the header table names."""
    return frozenset(name for names in _headers().packages.values() for name in names)


@cache
def known_libraries() -> frozenset[str]:
    """Return the bare names of libraries with headers in Debian: `linear` of `liblinear-dev`."""
    bare = (BARE.sub("", name) for name in known_development_packages())
    return frozenset(name for name in bare if len(name) > 2)


def r_package(name: str) -> str:
    """Return the Debian package of an R package; nothing where Debian has none."""
    found = (f"{origin}-{name.lower()}" for origin in ("r-cran", "r-bioc"))
    return next((package for package in found if package in _r_packages()), "")


@cache
def _headers() -> _Headers:
    data = _read("debian_headers.json")
    packages = {header: tuple(names) for header, names in data["headers"].items()}
    return _Headers(packages, dict(data["include_folders"]), frozenset(data["standard"]))


@cache
def _r_packages() -> frozenset[str]:
    return frozenset(_read("debian_r.json")["packages"])


def _read(name: str) -> dict[str, Any]:
    text = resources.files("paper2run").joinpath("data", name).read_text("utf-8")
    data: dict[str, Any] = json.loads(text)
    return data
