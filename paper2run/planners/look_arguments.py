"""Reads what a model's looks ask of index and Debian: hostile words, of which none is repeated."""

import re
from datetime import date
from typing import Final, NamedTuple

from packaging.markers import UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name, is_normalized_name

from paper2run.index.target_python import DEFAULT_MACHINE, TargetPython
from paper2run.planning.interpreters import RELEASED

MACHINES: Final = {
    "x86_64": "x86_64",
    "amd64": "x86_64",
    "aarch64": "aarch64",
    "arm64": "aarch64",
}
DAY: Final = re.compile(r"(?:19|20)\d\d-\d\d-\d\d")
"""A later year is no day of a release, and has no calendar behind it."""
MAX_REQUIREMENTS: Final = 60
FOUND_IN_DEBIAN: Final = re.compile(r"[\w.+/-]{3,100}", re.ASCII)
"""A part of the name of a package or file; a shorter one stands in thousands."""


class BadLookError(ValueError):
    """Words that are no question; its text has none of them."""


class Target(NamedTuple):
    """For what a look asks."""

    python: str
    """`3.9`"""
    machine: str = DEFAULT_MACHINE
    day: date | None = None
    """None where the look names none."""


class Asked(NamedTuple):
    """A distribution, and which of its releases."""

    name: str
    """Normalised."""
    beginning: str
    """How the versions begin; empty for all."""


def target_in(place: str) -> Target:
    """Return what `3.9 aarch64 2021-05-01` names; BadLookError for another form."""
    python, machine, day = "", DEFAULT_MACHINE, None
    for word in place.split():
        if word in RELEASED:
            python = word
        elif word in MACHINES:
            machine = MACHINES[word]
        elif DAY.fullmatch(word):
            day = _day(word)
        else:
            raise BadLookError(
                "path is not a Python, a machine or a day, as in `3.9 aarch64 2021-05-01`;"
                f" there are Python {', '.join(RELEASED)} on x86_64 and aarch64"
            )
    if not python:
        raise BadLookError(f"path names no Python; there are {', '.join(RELEASED)}")
    return Target(python, machine, day)


def requirements_in(text: str, target: TargetPython) -> tuple[str, ...]:
    """Return the requirements in lines of text that hold for `target`, without markers, each once.

    BadLookError for what the index alone cannot answer.
    """
    found: dict[str, None] = {}
    for number, line in enumerate(text.splitlines(), 1):
        written = line.partition("#")[0].strip()
        if written:
            wanted = _requirement(written, f"line {number}")
            if _holds(wanted, target, f"line {number}"):
                wanted.marker = None
                found[str(wanted)] = None
    if not found:
        raise BadLookError("there is no requirement in it that holds for this Python")
    if len(found) > MAX_REQUIREMENTS:
        raise BadLookError(f"these are more than {MAX_REQUIREMENTS} requirements")
    return tuple(found)


def release_in(text: str) -> Asked:
    """Return what `numpy`, `numpy 1.2` or `numpy==1.19.5` asks for; BadLookError for anything else."""
    name, _, beginning = text.strip().replace("==", " ", 1).partition(" ")
    normal = canonicalize_name(name)
    if not is_normalized_name(normal):
        raise BadLookError("that is no name of a distribution")
    return Asked(normal, beginning.strip())


def debian_in(text: str) -> str:
    """Return the part of a package's or file's name that a look asks for; BadLookError for what is none."""
    found = text.strip().removeprefix("/")
    if not FOUND_IN_DEBIAN.fullmatch(found):
        raise BadLookError(
            "text is no name of a package or file: three letters or more, without spaces or patterns"
        )
    return found


def _requirement(written: str, place: str) -> Requirement:
    try:
        wanted = Requirement(written)
    except InvalidRequirement:
        raise BadLookError(f"{place} is no requirement as PEP 508 has it") from None
    if wanted.url is not None:
        raise BadLookError(f"{place} names an address: only the index is asked")
    if any(part.operator == "===" for part in wanted.specifier):
        raise BadLookError(f"{place}: === is not understood here")
    return wanted


def _holds(wanted: Requirement, target: TargetPython, place: str) -> bool:
    try:
        return target.satisfies(wanted.marker)
    except (UndefinedComparison, UndefinedEnvironmentName):
        raise BadLookError(f"{place}: its marker compares what cannot be compared") from None


def _day(word: str) -> date:
    try:
        return date.fromisoformat(word)
    except ValueError:
        raise BadLookError("path names a day that is in no calendar") from None
