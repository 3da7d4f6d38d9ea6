"""Finds names on the index that may belong to another project than the one the repository means.

Anyone who registers a free name owns it from then on. Two things tell: the files of a distribution (wheel_contents.py),
and the days of its uploads: what the index lacked on the commit's day came from elsewhere.
"""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from paper2run.index.releases import Project, first_day
from paper2run.knowledge.distributions import named_after
from paper2run.model.environment import GuessedDistribution, PlannedEnvironment
from paper2run.rendering.pip_steps import plan_requirements
from tasks.drivers.index.package_index import PackageIndex
from tasks.drivers.index.wheel_contents import provides


class Judged(NamedTuple):
    """What became of a guessed name."""

    kept: bool
    why: str
    """Empty if nothing speaks against it."""


def judge(
    guess: GuessedDistribution, day: date | None, index: PackageIndex, cache_dir: Path
) -> Judged:
    """Return whether a guessed distribution may be installed for a commit of `day`.

    HostError as the index raises it. Unlike releases, names get no grace period after `day`: once a
    public repository shows that a name is free, a stranger takes it within days.
    """
    project = index.project(guess.name)
    first = first_day(project) if project else None
    if day is not None and first is not None and first > day:
        return Judged(False, f"it came to the index on {first}, after the commit of {day}")
    below = (f"{guess.module}.{name}" for name in guess.below)
    if not provides(index, guess.name, guess.module, cache_dir, below=guess.below, cutoff=day):
        return Judged(False, f"no such distribution holds {', '.join((guess.module, *below))}")
    if day is None or first is None:
        unknown = "the commit has no day" if day is None else "the index tells no days"
        return Judged(
            True, f"a guess that only its files speak for: {unknown} to tell whether it was there"
        )
    return Judged(True, "")


def held_by(
    guess: GuessedDistribution, day: date | None, index: PackageIndex, cache_dir: Path
) -> str:
    """Return the distribution, called after the guessed one's module, that holds it; empty without one.

    HostError as the index raises it.
    """
    for name in named_after(guess.module):
        if name == guess.name or index.project(name) is None:
            continue
        if judge(guess.changed(name=name), day, index, cache_dir).kept:
            return name
    return ""


def strange_names(planned: PlannedEnvironment, index: PackageIndex) -> Iterator[tuple[str, str]]:
    """Yield each name that may belong to a stranger on the index, with the reason; sorted.

    The index lacks such a name, or its releases do not match the repository on its day. If the
    repository names another index, the name may be that index's, and a stranger's here.
    """
    asked: dict[str, list[SpecifierSet]] = {}
    for requirement in map(Requirement, plan_requirements(planned.plan)):
        asked.setdefault(canonicalize_name(requirement.name), []).append(requirement.specifier)
    for lock in planned.locks:
        # Locks of another kind are of conda's channels, whose versions the index need not have.
        if lock.source.kind == "file" and lock.name in asked:
            asked[lock.name].append(SpecifierSet(lock.specifier))
    names = sorted(asked)
    projects = index.in_parallel(index.project, names)
    for name, project in zip(names, projects, strict=True):
        why = _strangeness(project, asked[name], planned.commit_day)
        if why:
            yield name, why


def _strangeness(project: Project | None, specifiers: list[SpecifierSet], day: date | None) -> str:
    """Return why a name may be of another project; empty if nothing tells."""
    if project is None or not project.releases:
        return "the index has no such project"
    first = first_day(project)
    if day is not None and first is not None and first > day:
        return f"it came to the index on {first}, after the commit of {day}"
    for version in _exact(specifiers):
        held = [release for release in project.releases if release.version == version]
        if not held:
            return f"the index has no release {version}"
        came = held[0].day
        if day is not None and came is not None and came > day:
            return f"its release {version} came to the index on {came}, after the commit of {day}"
    return ""


def _exact(specifiers: list[SpecifierSet]) -> Iterator[Version]:
    """Yield the exact versions without local parts: `1.7.1+cu110` is a build of 1.7.1 for another index."""
    for part in (part for specifier in specifiers for part in specifier):
        if part.operator != "==" or part.version.endswith(".*"):
            continue
        try:
            yield Version(Version(part.version).public)
        except InvalidVersion:
            continue
