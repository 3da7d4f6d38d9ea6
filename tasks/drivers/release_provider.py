"""What `resolvelib` asks about the releases of an index, for one interpreter and one last day.

Follows pip's choices: newest release first, pre-releases and yanked ones only when named.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from packaging.markers import Marker, UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version
from resolvelib import AbstractProvider
from resolvelib.structs import RequirementInformation

from paper2run.lenient_requirement import lenient_requirement
from paper2run.model.environment import Lock
from paper2run.releases import (
    IndexFile,
    Installable,
    Project,
    Release,
    Sources,
    available,
    first_day,
    installable,
    later_minors,
    was_compiled,
)
from paper2run.target_python import TargetPython
from tasks.drivers.package_index import PackageIndex

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
"""A source that much older than the newest that fits is none that an author had: it only was small enough to build."""
FIRST_DAY: Final = date(2005, 1, 1)
LATER_MINORS: Final = 6
"""How many minor versions ahead undeclared dependencies are looked up: scipy declared numpy after four."""


@dataclass(frozen=True)
class Need:
    """A distribution with extras and the versions that will do."""

    name: str
    extras: frozenset[str]
    specifier: SpecifierSet

    def __str__(self) -> str:
        """Return the need as PEP 508 text."""
        extras = f"[{','.join(sorted(self.extras))}]" if self.extras else ""
        return f"{self.name}{extras}{self.specifier}"


@dataclass(frozen=True)
class Candidate:
    """A release that could be installed, with extras."""

    name: str
    extras: frozenset[str]
    found: Installable

    @property
    def version(self) -> Version:
        """The release's version."""
        return self.found.release.version


def is_exact(lock: SpecifierSet) -> bool:
    """Tell whether a lock names one version rather than a series such as `==1.16.*`."""
    return not str(lock).endswith(".*")


def locks_here(locks: Iterable[Lock], target: TargetPython) -> dict[str, tuple[SpecifierSet, ...]]:
    """Return what `locks` say for `target`, by name."""
    found: dict[str, tuple[SpecifierSet, ...]] = {}
    for lock in locks:
        if target.satisfies(Marker(lock.marker) if lock.marker else None):
            found[lock.name] = (*found.get(lock.name, ()), SpecifierSet(lock.specifier))
    return found


class HopelessError(Exception):
    """A dependency has nothing at all for this interpreter and day.

    Ends the search at once: going back to releases that did without it costs exponential time and, worse,
    may succeed with a set from years earlier.
    """

    def __init__(self, candidate: Candidate, need: Need) -> None:
        super().__init__(f"{candidate.name} {candidate.version} needs {need}")
        self.candidate = candidate
        self.need = need


Information = RequirementInformation[Need, Candidate]


class ReleaseProvider(AbstractProvider[Need, Candidate, str]):
    """Candidates and their dependencies for `target`, out on `cutoff`, built from `sources` where need be."""

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
        self._dependencies: dict[tuple[str, Version], list[Need]] = {}

    def need(self, text: str, extras: frozenset[str] = frozenset()) -> Need | None:
        """Return what the requirement `text` means here; None where its marker says nothing is needed."""
        requirement = lenient_requirement(text)
        if requirement is None or not self._holds(requirement, extras):
            return None
        wanted = frozenset(canonicalize_name(extra) for extra in requirement.extras)
        return Need(canonicalize_name(requirement.name), wanted, requirement.specifier)

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
        """Return the locked releases of `name` within `specifier` that can be had here, newest first.

        An exact version needs no day: the lock shows that its author had it. For it a small source will do.
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
        self._dependencies.clear()

    def fetch_ahead(self, needs: Iterable[Need]) -> None:
        """Ask the index for the pages of `needs` and what their likely candidates declare, in parallel."""

        def fetch(need: Need) -> None:
            found = self.matches(need.name, need.specifier)
            if found:
                self._index.metadata(found[0].file)

        self._index.in_parallel(fetch, needs)

    def identify(self, requirement_or_candidate: Need | Candidate) -> str:
        """Return the name, with the extras: `name[a,b]` depends on `name` at the same version."""
        thing = requirement_or_candidate
        return f"{thing.name}[{','.join(sorted(thing.extras))}]" if thing.extras else thing.name

    def get_preference(
        self,
        identifier: str,
        resolutions: Mapping[str, Candidate],
        candidates: Mapping[str, Iterator[Candidate]],
        information: Mapping[str, Iterator[Information]],
        backtrack_causes: Sequence[Information],
    ) -> tuple[bool, bool, bool, bool, str]:
        """Return the order: what caused the last conflict, exact versions, what the plan names, limited ones, names."""
        wanted = list(information[identifier])
        specifiers = [info.requirement.specifier for info in wanted]
        operators = [part.operator for specifier in specifiers for part in specifier]
        blamed = any(
            identifier
            in (self.identify(info.requirement), info.parent and self.identify(info.parent))
            for info in backtrack_causes
        )
        named = any(info.parent is None for info in wanted)
        return (not blamed, "==" not in operators, not named, not operators, identifier)

    def find_matches(
        self,
        identifier: str,
        requirements: Mapping[str, Iterator[Need]],
        incompatibilities: Mapping[str, Iterator[Candidate]],
    ) -> list[Candidate]:
        """Return the candidates that all `requirements` of `identifier` admit, best first."""
        needs = list(requirements[identifier])
        name, extras = needs[0].name, needs[0].extras
        base = list(requirements[name]) if extras and name in requirements else []
        specifier = SpecifierSet()
        for need in (*needs, *base):
            specifier &= need.specifier
        refused = {candidate.version for candidate in incompatibilities[identifier]}
        return [
            Candidate(name, extras, found)
            for found in self.matches(name, specifier)
            if found.release.version not in refused
        ]

    def is_satisfied_by(self, requirement: Need, candidate: Candidate) -> bool:
        """Return True where the candidate's version lies within the requirement."""
        return requirement.specifier.contains(candidate.version, prereleases=True)

    def get_dependencies(self, candidate: Candidate) -> list[Need]:
        """Return what the candidate declares to need here; HopelessError if one of that cannot be had."""
        key = (self.identify(candidate), candidate.version)
        if key not in self._dependencies:
            needs = self._declared(candidate)
            self.fetch_ahead(needs)
            for need in needs:
                if not self.matches(need.name, SpecifierSet()):
                    raise HopelessError(candidate, need)
            self._dependencies[key] = needs
        return self._dependencies[key]

    def declaring_file(self, found: Installable) -> IndexFile:
        """Return the file whose metadata counts: for a source, another platform's wheel of the same release."""
        wheels = found.release.wheels
        return wheels[0] if found.sdist and wheels else found.file

    def _declared(self, candidate: Candidate) -> list[Need]:
        declared = self._index.metadata(self.declaring_file(candidate.found)).requires
        needs = [need for text in declared if (need := self.need(text, candidate.extras))]
        if candidate.extras:
            needs.append(Need(candidate.name, frozenset(), SpecifierSet(f"=={candidate.version}")))
        return needs or self._declared_later(candidate)

    def _declared_later(self, candidate: Candidate) -> list[Need]:
        """Return what the next version that declares anything needs, by name, for compiled packages and for sources.

        Until about 2019 the wheels of scipy and scikit-learn did not say that they need numpy; the sources of seaborn
        left out what the author's machine had when they were packed.
        """
        project = self._index.project(candidate.name)
        if project is None or not (
            candidate.found.sdist or was_compiled(project, candidate.version)
        ):
            return []
        later = later_minors(project, candidate.version, LATER_MINORS)
        declared = self._index.in_parallel(
            lambda release: self._index.metadata(release.wheels[0]), later
        )
        for release, metadata in zip(later, declared, strict=True):
            needs = [need for text in metadata.requires if (need := self.need(text))]
            names = [need.name for need in needs if self.matches(need.name, SpecifierSet())]
            if names:
                self.notes[candidate.name] = (
                    f"{candidate.name} {candidate.version} declares no dependencies: "
                    f"{', '.join(names)} as in {release.version}"
                )
            if needs:
                return [Need(name, frozenset(), SpecifierSet()) for name in names]
        return []

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

        What was wanted then was there then: elsewhere, such as on conda's channels (rdkit until 2022), or under
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

    def _holds(self, requirement: Requirement, extras: frozenset[str]) -> bool:
        try:
            return any(
                self._target.satisfies(requirement.marker, extra) for extra in (extras or {""})
            )
        except (UndefinedComparison, UndefinedEnvironmentName):
            return False
