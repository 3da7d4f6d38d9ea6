"""Lists the releases of a distribution that can be installed: for one interpreter, out by one day.

Follows pip's choices: newest release first, but the locked one before it; pre-releases and yanked
releases only when named.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final

from packaging.markers import Marker
from packaging.specifiers import SpecifierSet

from paper2run.index.releases import (
    Installable,
    Project,
    Release,
    Sources,
    available,
    first_day,
    installable,
)
from paper2run.index.target_python import TargetPython
from paper2run.model.resolution import Lock
from tasks.drivers.index.package_index import PackageIndex

BUILD_TOOLS: Final = frozenset({"setuptools", "wheel"})
BUILD_TOOLS_DAY: Final = date(2019, 3, 15)
"""Build tools may always be that new: setuptools 40.8 is the first that a pip of today can drive
(PEP 517 without a pyproject.toml) and still has use_2to3."""

TEST_RUNNER: Final = frozenset(
    {"pytest", "pluggy", "py", "attrs", "more-itertools", "atomicwrites", "funcsigs"}
)
TEST_RUNNER_DAY: Final = date(2018, 11, 12)
"""So may the test runner, which is ours to choose: pytest 3.10 is the last that still runs yield tests and reads
`[pytest]` in setup.cfg, and it has the options that older ones lack."""

STALE: Final = timedelta(days=4 * 365)
"""The author hardly had a source so much older than the newest that fits; it was only easy to build."""
FIRST_DAY: Final = date(2005, 1, 1)


class OfferedReleases:
    """What the index has for `target`, out by `cutoff`, built from `sources` if necessary."""

    def __init__(
        self,
        index: PackageIndex,
        target: TargetPython,
        cutoff: date | None,
        sources: Sources,
        locks: Iterable[Lock] = (),
    ) -> None:
        self._index = index
        self._target = target
        self._cutoff = cutoff
        self._sources = sources
        self.locks = locks_here(locks, target)
        """The locked versions by name, as far as their markers hold."""
        self._found: dict[tuple[str, SpecifierSet], tuple[Installable, ...]] = {}
        self.notes: dict[str, str] = {}
        """What was assumed, by name of the distribution."""

    def matches(self, name: str, specifier: SpecifierSet) -> tuple[Installable, ...]:
        """Return the releases of `name` within `specifier`, the locked one before the newest.

        Sources only where no wheel will do.
        """
        key = (name, specifier)
        if key not in self._found:
            found = self._matches(name, specifier, "pure")
            if not found and self._sources != "pure":
                found = self._matches(name, specifier, self._sources)
            locked = self.locked(name, specifier)
            versions = {of_lock.release.version for of_lock in locked}
            others = (other for other in found if other.release.version not in versions)
            self._found[key] = (*locked, *others)
        return self._found[key]

    def locked(self, name: str, specifier: SpecifierSet) -> tuple[Installable, ...]:
        """Return the locked releases of `name` within `specifier` that are available here, newest first.

        An exact version needs no day: the lock shows that its author used it. For it a small source is enough.
        """
        sources: Sources = "small" if self._sources == "pure" else self._sources
        project = self._index.project(name) if name in self.locks else None
        if project is None:
            return ()
        dated = {release.version for release in available(project, self._limit(name))}
        return tuple(
            found
            for release in project.releases
            if specifier.contains(release.version, prereleases=True)
            and any(
                lock.contains(release.version, prereleases=is_exact(lock))
                and (is_exact(lock) or release.version in dated)
                for lock in self.locks[name]
            )
            and (found := installable(release, project, self._target, sources))
        )

    def forget_lock(self, name: str) -> None:
        """Take `name` as if it were not locked."""
        self.locks.pop(name, None)
        self._found.clear()

    def _matches(
        self, name: str, specifier: SpecifierSet, sources: Sources
    ) -> tuple[Installable, ...]:
        project = self._index.project(name)
        if project is None:
            return ()
        releases = available(project, self._limit(name)) or self._rewritten(project)
        exact = any(part.operator in ("==", "===") for part in specifier)
        early = specifier.prereleases or all(release.version.is_prerelease for release in releases)
        fitting = [
            release
            for release in releases
            if (early or not release.version.is_prerelease)
            and (exact or not release.yanked)
            and specifier.contains(release.version, prereleases=True)
        ]
        oldest = max((r.day for r in fitting if r.day), default=date.min)
        oldest = date.min if exact or oldest < FIRST_DAY else oldest - STALE
        return tuple(
            found
            for release in fitting
            if (found := installable(release, project, self._target, sources))
            and not (found.sdist and release.day and release.day < oldest)
        )

    def _rewritten(self, project: Project) -> tuple[Release, ...]:
        """Return the first releases of a project that is wanted on a day before all of them.

        The author did have the project then: from elsewhere, such as conda's channels (rdkit until 2022), or as
        files that were deleted and uploaded again (atomicwrites, 2022-07-08).
        """
        first = first_day(project)
        if self._cutoff is None or first is None or first <= self._cutoff:
            return ()
        self.notes[project.name] = (
            f"{project.name} came to the index, or came anew, on {first}: its releases of that day are taken"
        )
        return available(project, first)

    def _limit(self, name: str) -> date | None:
        if self._cutoff is not None and name in BUILD_TOOLS:
            return max(self._cutoff, BUILD_TOOLS_DAY)
        if self._cutoff is not None and name in TEST_RUNNER:
            return max(self._cutoff, TEST_RUNNER_DAY)
        return self._cutoff


def is_exact(lock: SpecifierSet) -> bool:
    """Whether a lock names one version rather than a series such as `==1.16.*`."""
    return not str(lock).endswith(".*")


def locks_here(locks: Iterable[Lock], target: TargetPython) -> dict[str, tuple[SpecifierSet, ...]]:
    """Return what `locks` say for `target`, by name."""
    found: dict[str, tuple[SpecifierSet, ...]] = {}
    for lock in locks:
        if target.satisfies(Marker(lock.marker) if lock.marker else None):
            found[lock.name] = (*found.get(lock.name, ()), SpecifierSet(lock.specifier))
    return found
