"""What a distribution says about itself, read as data: dependencies of wheels and of sources.

Sources are never executed: what only their setup.py would tell is taken from the `requires.txt` that
setuptools leaves in an sdist, and is otherwise unknown.
Formats: https://packaging.python.org/specifications/core-metadata/ and pyproject-toml.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from paper2run.formats.structured import parse_toml
from paper2run.model.value import Value

DEFAULT_BUILD_TOOLS: Final = ("setuptools", "wheel")
SETUP_IMPORT: Final = re.compile(r"^[ \t]*(?:from|import)[ \t]+(numpy|Cython)\b", re.MULTILINE)
COMPILED: Final = (".c", ".cc", ".cpp", ".cxx", ".pyx", ".f", ".f90", ".for", ".rs", ".cu")
"""Endings of sources that need a compiler."""
METADATA_FILES: Final = ("PKG-INFO", "requires.txt", "pyproject.toml", "setup.py")
"""Base names of the files of an sdist that are read."""


MAX_REQUIRES: Final = 2_000
"""Requirements kept of one file, each of which may be asked of the index; collections with hundreds of extras declare
under 1,000."""


class DistributionMetadata(Value):
    """The dependencies of one file of the index."""

    requires: tuple[str, ...] = ()
    """PEP 508 requirements as written, markers and extras included."""
    build_requires: tuple[str, ...] = ()
    """What a build without isolation needs; only for sources."""
    compiled: bool = False
    """It holds code that must be compiled; only for sources."""
    note: str = ""
    """Why the dependencies are not known; empty if they are."""


def wheel_metadata(text: str) -> DistributionMetadata:
    """Return what the METADATA file of a wheel declares."""
    return DistributionMetadata(requires=_declared(text))


def source_metadata(names: Iterable[str], texts: Mapping[str, str]) -> DistributionMetadata:
    """Return what an sdist declares: `names` are its members, `texts` the content of those that were read."""
    by_name: dict[str, str] = {}
    # The shallowest file of a name is the project's own; deeper ones belong to vendored copies.
    for path in sorted(texts, key=lambda path: (-path.count("/"), path)):
        by_name[path.rpartition("/")[2]] = texts[path]
    if "requires.txt" in by_name:
        requires = _egg_requires(by_name["requires.txt"])
    else:
        requires = _declared(by_name.get("PKG-INFO", ""))
    return DistributionMetadata(
        requires=requires,
        build_requires=_build_requires(by_name),
        compiled=any(name.lower().endswith(COMPILED) for name in names),
    )


def _declared(text: str) -> tuple[str, ...]:
    # Not the parser of `email`: it takes quadratic time for many lines of blanks.
    found: list[list[str]] = []
    is_wanted = False
    for line in text.replace("\r\n", "\n").split("\n"):
        if not line:
            break
        if line[0] in " \t":
            if is_wanted:
                found[-1].append(line)
            continue
        field, _, value = line.partition(":")
        is_wanted = field.strip().lower() == "requires-dist"
        if is_wanted:
            found.append([value])
    return tuple("".join(parts).strip() for parts in found[:MAX_REQUIRES])


def _egg_requires(text: str) -> tuple[str, ...]:
    """Return setuptools' `requires.txt` as PEP 508: sections are `[extra]`, `[:marker]`, `[extra:marker]`."""
    found: list[str] = []
    markers: list[str] = []
    for line in map(str.strip, text.splitlines()):
        if line.startswith("[") and line.endswith("]"):
            extra, _, marker = line[1:-1].partition(":")
            markers = [f"extra == '{extra}'"] if extra else []
            markers += [f"({marker})"] if marker else []
        elif line and not line.startswith("#"):
            found.append(f"{line} ; {' and '.join(markers)}" if markers else line)
    return tuple(found[:MAX_REQUIRES])


def _build_requires(by_name: Mapping[str, str]) -> tuple[str, ...]:
    declared: object = None
    if "pyproject.toml" in by_name:
        try:
            build_system = parse_toml(by_name["pyproject.toml"]).get("build-system", {})
            declared = build_system.get("requires") if isinstance(build_system, dict) else None
        except ValueError:
            declared = None
    tools = (
        tuple(text for text in declared if isinstance(text, str))[:MAX_REQUIRES]
        if isinstance(declared, list)
        else DEFAULT_BUILD_TOOLS
    )
    imported = sorted(set(SETUP_IMPORT.findall(by_name.get("setup.py", ""))))
    return tuple(dict.fromkeys((*tools, *imported)))
