"""What `resolvelib` asks about the releases of an index, for one interpreter and one last day."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from packaging.markers import UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version
from resolvelib import AbstractProvider
from resolvelib.structs import RequirementInformation

from paper2run.index.lenient_requirement import lenient_requirement
from paper2run.index.releases import (
    IndexFile,
    Installable,
    later_minors,
    was_compiled,
)
from paper2run.index.target_python import TargetPython
from tasks.drivers.index.package_index import PackageIndex
from tasks.drivers.resolver.offered_releases import OfferedReleases

LATER_MINORS: Final = 6
"""How many minor versions ahead undeclared dependencies are looked up: scipy declared numpy after four."""


@dataclass(frozen=True)
class Need:
    """A distribution with extras and the acceptable versions."""

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


class HopelessError(Exception):
    """A dependency has no release at all for this interpreter and day.

    Ends the search at once: going back to releases that did without it costs exponential time and, worse,
    may succeed with a set from years earlier.
    """

    def __init__(self, candidate: Candidate, need: Need) -> None:
        super().__init__(f"{candidate.name} {candidate.version} needs {need}")
        self.candidate = candidate
        self.need = need


Information = RequirementInformation[Need, Candidate]


class ReleaseProvider(AbstractProvider[Need, Candidate, str]):
    """Candidates and their dependencies for `target`, from the offered releases."""

    def __init__(self, index: PackageIndex, target: TargetPython, offer: OfferedReleases) -> None:
        self._index = index
        self._target = target
        self._offer = offer
        self._dependencies: dict[tuple[str, Version], list[Need]] = {}

    @property
    def locks(self) -> Collection[str]:
        """The names that are locked here."""
        return self._offer.locks.keys()

    @property
    def notes(self) -> dict[str, str]:
        """What was assumed, by name of the distribution."""
        return self._offer.notes

    def matches(self, name: str, specifier: SpecifierSet) -> tuple[Installable, ...]:
        """Return the releases of `name` within `specifier` that could be installed, best first."""
        return self._offer.matches(name, specifier)

    def forget_lock(self, name: str) -> None:
        """Take `name` as if it were not locked."""
        self._offer.forget_lock(name)
        self._dependencies.clear()

    def need(self, text: str, extras: frozenset[str] = frozenset()) -> Need | None:
        """Return what the requirement `text` means here; None if its marker says nothing is needed."""
        requirement = lenient_requirement(text)
        if requirement is None or not self._holds(requirement, extras):
            return None
        wanted = frozenset(canonicalize_name(extra) for extra in requirement.extras)
        return Need(canonicalize_name(requirement.name), wanted, requirement.specifier)

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
        """Return the sort key of a name: lower values are resolved first.

        First what caused the last conflict, then exact versions, what the plan names, limited
        versions; then by name.
        """
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
        """Return True if the candidate's version lies within the requirement."""
        return requirement.specifier.contains(candidate.version, prereleases=True)

    def get_dependencies(self, candidate: Candidate) -> list[Need]:
        """Return the candidate's declared needs here; HopelessError if one of them is unavailable."""
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
        """Return what the next version that declares dependencies needs; for compiled packages and sources.

        Until about 2019 the wheels of scipy and scikit-learn did not declare numpy; the sources of
        seaborn left out what the author's machine had when they were packed.
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

    def _holds(self, requirement: Requirement, extras: frozenset[str]) -> bool:
        try:
            return any(
                self._target.satisfies(requirement.marker, extra) for extra in (extras or {""})
            )
        except (UndefinedComparison, UndefinedEnvironmentName):
            return False
