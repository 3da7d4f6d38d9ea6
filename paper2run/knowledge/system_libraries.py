"""Maps distributions among the pins to the Debian packages that they need as well.

Wheels may count on libGL, GLib and X11 (PEP 600), which slim images lack; sources need headers to build. The table
(data/system_libraries.json) is held against Debian by benchmarks/refresh_system_libraries.py.
"""

import json
import re
from collections.abc import Collection, Iterable
from functools import cache
from importlib import resources
from typing import Any, Final, Literal, NamedTuple

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from paper2run.knowledge.debian import known_development_packages
from paper2run.model.resolution import Pin
from paper2run.model.value import Source

TABLE: Final = "system_libraries.json"
ALWAYS_THERE: Final = frozenset({"c", "dl", "m", "pthread", "rt", "util"})
"""Parts of the C library, which every image has."""

Kind = Literal["run", "program", "build"]
"""run: its import fails without; program: it starts one, but can be imported without; build: its source needs it."""


WORDS: Final[dict[Kind, str]] = {
    "run": "loaded by the Python package",
    "program": "its programs are started by the Python package",
    "build": "needed to build the Python package",
}


class SystemNeed(NamedTuple):
    """The Debian packages that one pin needs, and what for."""

    packages: tuple[str, ...]
    why: str
    source: Source


class _Entry(NamedTuple):
    versions: SpecifierSet
    kind: Kind
    packages: tuple[str, ...]
    evidence: str


def needs_of(pins: Iterable[Pin], named: Collection[str] = ()) -> tuple[SystemNeed, ...]:
    """Return what the pins need, in their order; a package may stand in several needs.

    `named` are the normalised names that the plan itself asks for: only for these a program is installed that
    the distribution may start but can be imported without.
    """
    table, refreshed = _table()
    needs = []
    for pin in pins:
        for entry in table.get(canonicalize_name(pin.name), ()):
            if _applies(entry, pin, named):
                why = f"{WORDS[entry.kind]} {pin.name} {pin.version}"
                note = f"table of {refreshed}; without it: {entry.evidence}"
                needs.append(SystemNeed(entry.packages, why, Source(kind="index", note=note)))
    return tuple(needs)


def package_of_library(name: str) -> str:
    """Return the Debian package that brings a shared library (`libGL.so.1`); empty if unknown.

    The names are those of the table's release.
    """
    packages: dict[str, str] = _read()["packages"]
    return next((package for package, file in packages.items() if file == name), "")


def package_of_opened(name: str) -> str:
    """Return the Debian package of a library that code opens by its bare name (`magic`); empty if unknown.

    The package that brings the library alone comes before the one for development, which needs it.
    """
    if not name or name in ALWAYS_THERE:
        return ""
    packages: dict[str, str] = _read()["packages"]
    file = re.compile(rf"lib{re.escape(name)}(?:-[\d.]+)?\.so\.\d+")
    found = next((package for package, brings in packages.items() if file.fullmatch(brings)), "")
    develops = f"lib{name.lower()}-dev"
    return found or (develops if develops in known_development_packages() else "")


def _applies(entry: _Entry, pin: Pin, named: Collection[str]) -> bool:
    if not entry.versions.contains(pin.version, prereleases=True):
        return False
    match entry.kind:
        case "run":
            return True
        case "program":
            return canonicalize_name(pin.name) in named
        case "build":
            return pin.sdist


@cache
def _table() -> tuple[dict[str, tuple[_Entry, ...]], str]:
    """Return the entries by normalised name, and the day on which they were last held against Debian."""
    data = _read()
    table: dict[str, tuple[_Entry, ...]] = {}
    for need in data["needs"]:
        entry = _Entry(
            SpecifierSet(need["versions"]),
            need["kind"],
            tuple(need["packages"]),
            need["evidence"],
        )
        name = canonicalize_name(need["distribution"])
        table[name] = (*table.get(name, ()), entry)
    return table, data["refreshed"]


@cache
def _read() -> dict[str, Any]:
    text = resources.files("paper2run").joinpath("data", TABLE).read_text("utf-8")
    data: dict[str, Any] = json.loads(text)
    return data
