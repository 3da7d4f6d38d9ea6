"""Models a project's releases on an index, and which of them an interpreter could install on a day.

A release is as old as its first file: a wheel added later belongs to the same version, which the
author could already install on that day.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from itertools import product
from typing import Final, Literal

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from paper2run.index.target_python import TargetPython
from paper2run.model.value import Value

SOURCE_ENDINGS: Final = (".tar.gz", ".zip", ".tar.bz2", ".tgz")
LINUX: Final = re.compile(r"-(?:any|linux_\w+|manylinux\w+|musllinux\w+)$")
SMALL_SOURCE_BYTES: Final = 1_000_000
"""A source of that size builds in a minute or has a fallback without a compiler (PyYAML, tornado,
MarkupSafe, regex: no wheels for Linux for years); what is larger wants libraries and half an hour."""

Form = Literal["wheel", "pure", "small", "large"]
"""How a release is had: as a wheel, or as a source that never had a platform's wheel, is small, or is large."""


class IndexFile(Value):
    """One wheel or source archive of a project page."""

    filename: str
    url: str
    size_bytes: int = 0
    """0 where the index does not tell."""
    day: date | None = None
    """Day of the upload; None if the index does not tell."""
    requires_python: str = ""
    yanked: bool = False
    has_metadata: bool = False
    """The index serves its METADATA beside it (PEP 658)."""
    sha256: str = ""
    """Hexadecimal; empty if the index does not tell."""


@dataclass(frozen=True)
class Release:
    """One version of a project."""

    version: Version
    day: date | None
    """Day of its first file; None if no file has one."""
    wheels: tuple[IndexFile, ...]
    source: IndexFile | None
    yanked: bool


@dataclass(frozen=True)
class Project:
    """All releases of one project, newest version first."""

    name: str
    releases: tuple[Release, ...]

    @cached_property
    def compiled(self) -> frozenset[Version]:
        """The versions whose source likely needs a compiler, judged by their nearest wheels, later first.

        A project changes: pulp's wheels were pure until 2025, when they began to bundle a compiled solver.
        """
        newest = next((release for release in self.releases if release.wheels), None)
        nearest = newest and _is_platforms(newest)
        found: set[Version] = set()
        for release in self.releases:
            nearest = _is_platforms(release) if release.wheels else nearest
            if nearest:
                found.add(release.version)
        return frozenset(found)


@dataclass(frozen=True)
class Installable:
    """A release in the form in which an interpreter would get it."""

    release: Release
    file: IndexFile
    """The wheel that fits, else the source."""
    form: Form

    @property
    def sdist(self) -> bool:
        """Whether it is built from source."""
        return self.form != "wheel"


def project_of(name: str, files: Iterable[IndexFile]) -> Project:
    """Return the releases of the project with the normalised `name`.

    Files whose names or versions today's standards do not know are left out.
    """
    by_version: dict[Version, list[IndexFile]] = defaultdict(list)
    for file in files:
        version = _version(name, file.filename)
        if version is not None:
            by_version[version].append(file)
    releases = tuple(
        _release(version, by_version[version]) for version in sorted(by_version, reverse=True)
    )
    return Project(name, releases)


def available(project: Project, cutoff: date | None) -> tuple[Release, ...]:
    """Return the releases that were out on `cutoff`, newest first; those without a day count as out."""
    return tuple(
        release
        for release in project.releases
        if cutoff is None or release.day is None or release.day <= cutoff
    )


def first_day(project: Project) -> date | None:
    """Return the day of the project's oldest upload; None if no day is known."""
    return min(
        (release.day for release in project.releases if release.day is not None), default=None
    )


def installable(release: Release, project: Project, target: TargetPython) -> Installable | None:
    """Return how `target` gets `release`: the wheel that fits, else the source; None if neither is there."""
    for wheel in release.wheels:
        if target.allowed_by(wheel.requires_python) and not target.tags.isdisjoint(
            wheel_tags(wheel)
        ):
            return Installable(release, wheel, "wheel")
    source = release.source
    if source is None or not target.allowed_by(source.requires_python):
        return None
    form: Form = "small" if 0 < source.size_bytes <= SMALL_SOURCE_BYTES else "large"
    if not release.wheels and release.version not in project.compiled:
        form = "pure"
    return Installable(release, source, form)


def hashes_of(release: Release, target: TargetPython) -> tuple[str, ...]:
    """Return the sha256 of each file of the release that this interpreter may take, sorted.

    On any machine with Linux, since the engine may be another one than the plan was made for. Empty if the index does
    not tell one of them.
    """
    interpreters = {tag.rpartition("-")[0] for tag in target.tags}
    files = [
        wheel
        for wheel in release.wheels
        if any(
            tag.rpartition("-")[0] in interpreters and LINUX.search(tag)
            for tag in wheel_tags(wheel)
        )
    ]
    files += [release.source] if release.source is not None else []
    found = {file.sha256 for file in files}
    return () if "" in found else tuple(sorted(found))


def instead_of_gone(project: Project, specifier: SpecifierSet) -> Version | None:
    """Return the release nearest to an exact one that the project lacks: the next, else the last before.

    A local build of an existing release (torch 1.7.1+cu110) counts as that release. None if the
    project has a release that the specifier admits, or if the specifier names no exact release.
    Requirements still name releases that were removed from the index (torch 0.4.1).
    """
    exact = [part.version for part in specifier if part.operator == "=="]
    finals = sorted(
        release.version for release in project.releases if not release.version.is_prerelease
    )
    held = any(
        specifier.contains(release.version, prereleases=True) for release in project.releases
    )
    if not exact or held or not finals:
        return None
    try:
        # Other indexes add a label to the builds of one release: `+cu110` is no later release.
        wanted = Version(Version(exact[0].removesuffix(".*")).public)
    except InvalidVersion:
        return None
    return next((version for version in finals if version >= wanted), finals[-1])


def later_minors(project: Project, version: Version, count: int) -> tuple[Release, ...]:
    """Return the first final release with wheels of each of the next `count` minor versions."""
    firsts: dict[tuple[int, ...], Release] = {}
    for release in reversed(project.releases):
        minor = release.version.release[:2]
        if release.wheels and not release.version.is_prerelease and minor > version.release[:2]:
            firsts.setdefault(minor, release)
    return tuple(firsts.values())[:count]


def wheel_tags(wheel: IndexFile) -> frozenset[str]:
    """Return the tags of a wheel's file name, compressed sets expanded."""
    return _expanded(*wheel.filename.removesuffix(".whl").split("-")[-3:])


@lru_cache(maxsize=65_536)
def _expanded(interpreters: str, abis: str, platforms: str) -> frozenset[str]:
    return frozenset(
        "-".join(tag)
        for tag in product(interpreters.split("."), abis.split("."), platforms.split("."))
    )


def _is_platforms(release: Release) -> bool:
    return any(not wheel.filename.endswith("-any.whl") for wheel in release.wheels)


def _release(version: Version, files: list[IndexFile]) -> Release:
    days = [file.day for file in files if file.day is not None]
    sources = [file for file in files if not _is_wheel(file)]
    return Release(
        version=version,
        day=min(days, default=None),
        wheels=tuple(sorted((file for file in files if _is_wheel(file)), key=lambda f: f.filename)),
        source=min(
            sources, key=lambda file: SOURCE_ENDINGS.index(_ending(file.filename)), default=None
        ),
        yanked=all(file.yanked for file in files),
    )


def _is_wheel(file: IndexFile) -> bool:
    return file.filename.endswith(".whl")


def _ending(filename: str) -> str:
    return next((ending for ending in SOURCE_ENDINGS if filename.endswith(ending)), "")


def _version(project: str, filename: str) -> Version | None:
    ending = _ending(filename)
    if filename.endswith(".whl"):
        parts = filename.removesuffix(".whl").split("-")
        text = parts[1] if len(parts) in (5, 6) else ""
    elif ending:
        text = _after_name(project, filename.removesuffix(ending))
    else:
        return None
    try:
        return Version(text)
    except InvalidVersion:
        return None


def _after_name(project: str, stem: str) -> str:
    """Return the version in the name of a source archive.

    Names and versions may both hold dashes: cffi-1.0.2-2 is no cffi 2 from 2015.
    """
    dashes = [place for place, letter in enumerate(stem) if letter == "-"]
    named = (place for place in dashes if canonicalize_name(stem[:place]) == project)
    place = next(named, dashes[-1] if dashes else len(stem))
    return stem[place + 1 :]
