"""What `resolvelib` asks about the releases of an index, for one interpreter and the day of a commit."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from packaging.markers import UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version
from resolvelib import AbstractProvider

from paper2run.index.lenient_requirement import lenient_requirement
from paper2run.index.release_costs import Priced
from paper2run.index.releases import IndexFile, Installable, later_minors
from paper2run.index.target_python import TargetPython
from paper2run.knowledge.distributions import DEAD_ALIASES
from tasks.drivers.index.package_index import PackageIndex
from tasks.drivers.resolver.needs import Information, Need, PricedRelease
from tasks.drivers.resolver.offered_releases import OfferedReleases

MAX_LEVELS: Final = 12
"""Of dependencies that are fetched ahead of the search."""
LATER_MINORS: Final = 6
"""How many minor versions ahead undeclared dependencies are looked up: scipy declared numpy after four."""
DECLARED: Final = date(2021, 1, 1)
"""A wheel of that day or later that declares nothing needs nothing: pip 20.3 (2020-11-30) believes what it declares."""


_Key = tuple[str, Version, date | None]


class ReleaseProvider(AbstractProvider[Need, PricedRelease, str]):
    """Offered releases for `target` and their dependencies; resolvelib calls them candidates."""

    def __init__(self, index: PackageIndex, target: TargetPython, offer: OfferedReleases) -> None:
        self._index = index
        self._target = target
        self._offer = offer
        self.limited: set[str] = set()
        """Names whose newest releases the plan excludes."""
        self.held: dict[str, SpecifierSet] = {}
        """Limits of names that are kept if something needs the name."""
        self._overruled: set[tuple[str, str]] = set()
        self._may_build: frozenset[str] | None = None
        self._ready: frozenset[str] = frozenset()
        self._hopeless: dict[str, set[Version]] = defaultdict(set)
        self._weighed: set[_Key] = set()
        self._fetched: set[tuple[str, str]] = set()
        self._dependencies: dict[_Key, list[Need]] = {}
        self._satisfied: dict[tuple[Need, Version], bool] = {}

    @property
    def notes(self) -> dict[str, str]:
        """What was assumed, by name of the distribution."""
        return self._offer.notes

    def matches(self, name: str, specifier: SpecifierSet, day: date | None) -> tuple[Priced, ...]:
        """Return the releases of `name` within `specifier` that could be installed, cheapest first."""
        return self._offer.matches(name, specifier, day)

    def build_only(self, names: frozenset[str], *, ready: frozenset[str]) -> None:
        """Offer from now on large sources of these `names` alone, and of the names `ready` nothing to compile.

        What others need may still be a small source: the price decides between it and a release of years before.
        """
        self._may_build, self._ready = names, ready - names
        self._forget_hopeless()

    def overrule(self, parent: str, name: str) -> None:
        """Take from now on any version of `name` for what `parent` needs."""
        self._overruled.add((parent, name))
        self._dependencies.clear()
        self._forget_hopeless()

    def need(
        self, text: str, extras: frozenset[str] = frozenset(), day: date | None = None
    ) -> Need | None:
        """Return what the requirement `text` means here; None if its marker says nothing is needed.

        It is wanted as of `day`, by default the commit's.
        """
        requirement = lenient_requirement(text)
        if requirement is None or not self._holds(requirement, extras):
            return None
        wanted = frozenset(canonicalize_name(extra) for extra in requirement.extras)
        name, specifier = canonicalize_name(requirement.name), requirement.specifier
        if name in DEAD_ALIASES:
            # Its versions count the alias, which installs nothing.
            name, specifier = canonicalize_name(DEAD_ALIASES[name]), SpecifierSet()
        return Need(name, wanted, specifier, day or self._offer.day)

    def fetch_ahead(self, needs: Iterable[Need]) -> None:
        """Ask the index for all that `needs` likely lead to, level by level, each level in parallel.

        The search decides one name after the other, and would wait for the index at each.
        """
        for _ in range(MAX_LEVELS):
            level = {(need.name, str(need.specifier)): need for need in needs}
            new = [need for key, need in level.items() if key not in self._fetched]
            if not new:
                return
            self._fetched.update(level)
            likely = zip(new, self._index.in_parallel(self._likely, new), strict=True)
            needs = [
                below
                for need, priced in likely
                if priced
                for text in self._index.metadata(declaring_file(priced.found)).requires
                if (below := self.need(text, need.extras, self._day_of_needs(priced, need)))
            ]

    def _likely(self, need: Need) -> Priced | None:
        """Return the release that is taken if nothing else limits the name, its metadata at hand."""
        found = self.matches(need.name, need.specifier, need.day)
        if not found:
            return None
        self._index.metadata(declaring_file(found[0].found))
        return found[0]

    def _forget_hopeless(self) -> None:
        self._hopeless.clear()
        self._weighed.clear()

    def identify(self, requirement_or_candidate: Need | PricedRelease) -> str:
        """Return the name, with the extras: `name[a,b]` depends on `name` at the same version."""
        thing = requirement_or_candidate
        return f"{thing.name}[{','.join(sorted(thing.extras))}]" if thing.extras else thing.name

    def get_preference(
        self,
        identifier: str,
        resolutions: Mapping[str, PricedRelease],
        candidates: Mapping[str, Iterator[PricedRelease]],
        information: Mapping[str, Iterator[Information]],
        backtrack_causes: Sequence[Information],
    ) -> tuple[bool, bool, bool, bool, str]:
        """Return the sort key of a name: lower values are resolved first.

        First what caused the last conflict, then exact and locked versions, what the plan names,
        limited versions; then by name.
        """
        wanted = list(information[identifier])
        specifiers = [info.requirement.specifier for info in wanted]
        operators = [part.operator for specifier in specifiers for part in specifier]
        blamed = any(
            identifier
            in (self.identify(info.requirement), info.parent and self.identify(info.parent))
            for info in backtrack_causes
        )
        name = identifier.partition("[")[0]
        named = name in self.held or any(info.parent is None for info in wanted)
        settled = "==" in operators or name in self._offer.locks
        return (not blamed, not settled, not named, not operators, identifier)

    def find_matches(
        self,
        identifier: str,
        requirements: Mapping[str, Iterator[Need]],
        incompatibilities: Mapping[str, Iterator[PricedRelease]],
    ) -> Callable[[], Iterator[PricedRelease]]:
        """Return the releases that all `requirements` of `identifier` admit, best first.

        There are none where the search went back on all that needed the name.
        """
        name, _, listed = identifier.removesuffix("]").partition("[")
        extras = frozenset(listed.split(",")) if listed else frozenset()
        needs = list(requirements[identifier])
        base = list(requirements[name]) if extras and name in requirements else []
        specifier = self.held.get(name, SpecifierSet())
        for need in (*needs, *base):
            specifier &= need.specifier
        day = min((need.day for need in (*needs, *base) if need.day), default=None)
        refused = {candidate.version for candidate in incompatibilities[identifier]}
        refused |= self._hopeless.get(name, set())
        offered = self._offered(name, specifier, day)
        if refused:
            offered = [one for one in offered if one.found.release.version not in refused]
        # Few of a long list are ever looked at.
        return lambda: (PricedRelease(name, extras, priced, day) for priced in offered)

    def _offered(self, name: str, specifier: SpecifierSet, day: date | None) -> Sequence[Priced]:
        matches = self.matches(name, specifier, day)
        if self._may_build is None or name in self._may_build:
            return matches
        return [priced for priced in matches if self._is_ready(name, priced)]

    def _is_ready(self, name: str, priced: Priced) -> bool:
        return priced.found.form in ("wheel", "pure") or (
            priced.found.form == "small"
            and (name not in self._ready or self._offer.is_locked(priced.found, name))
        )

    def is_satisfied_by(self, requirement: Need, candidate: PricedRelease) -> bool:
        """Return True if the release lies within the requirement."""
        # Asked a million times in a long search.
        version = candidate.priced.found.release.version
        key = (requirement, version)
        found = self._satisfied.get(key)
        if found is None:
            found = requirement.specifier.contains(version, prereleases=True)
            self._satisfied[key] = found
        return found

    def get_dependencies(self, candidate: PricedRelease) -> list[Need]:
        """Return its declared needs here, without names that the index does not have."""
        key = (self.identify(candidate), candidate.version, candidate.day)
        if key not in self._dependencies:
            needs = self._declared(candidate)
            self.fetch_ahead(needs)
            absent = [need.name for need in needs if self._index.project(need.name) is None]
            if absent:
                self.notes[candidate.name] = (
                    f"{candidate.name} {candidate.version} needs {', '.join(absent)}, which the index does not have"
                )
            self._dependencies[key] = [need for need in needs if need.name not in absent]
        if key not in self._weighed:
            self._weighed.add(key)
            for need in self._dependencies[key]:
                if not self._offered(need.name, need.specifier, need.day):
                    # Remembered, or each release of what needs it would try all of these again.
                    self._hopeless[candidate.name].add(candidate.version)
        return self._dependencies[key]

    def _declared(self, candidate: PricedRelease) -> list[Need]:
        declared = self._index.metadata(declaring_file(candidate.found)).requires
        name = candidate.name
        day = self._day_of_needs(candidate.priced, candidate)
        needs = [need for text in declared if (need := self.need(text, candidate.extras, day))]
        if candidate.extras:
            exact = SpecifierSet(f"=={candidate.version}")
            needs.append(Need(name, frozenset(), exact, candidate.day))
        needs = [
            replace(need, specifier=SpecifierSet())
            if (name, need.name) in self._overruled
            else need
            for need in needs
        ]
        return needs or self._declared_later(candidate, day)

    def _day_of_needs(self, priced: Priced, wanted: Need | PricedRelease) -> date | None:
        """Return the day as of which a release's own needs are wanted."""
        day = self._offer.reference(wanted.name, wanted.day)
        if wanted.name in self.limited:
            day = self._offer.era(wanted.name, priced.found, day)
        return day

    def _declared_later(self, candidate: PricedRelease, day: date | None) -> list[Need]:
        """Return what the next version that declares dependencies needs; for compiled packages and sources.

        Until about 2019 the wheels of scipy and scikit-learn did not declare numpy; the sources of
        seaborn left out what the author's machine had when they were packed.
        """
        project = self._index.project(candidate.name)
        if project is None or not (candidate.found.sdist or candidate.version in project.compiled):
            return []
        came = candidate.found.release.day
        if candidate.found.release.wheels and came is not None and came >= DECLARED:
            return []
        later = later_minors(project, candidate.version, LATER_MINORS)
        declared = self._index.in_parallel(
            lambda release: self._index.metadata(release.wheels[0]), later
        )
        for release, metadata in zip(later, declared, strict=True):
            needs = [need for text in metadata.requires if (need := self.need(text))]
            names = [need.name for need in needs if self.matches(need.name, SpecifierSet(), day)]
            if names:
                self.notes[candidate.name] = (
                    f"{candidate.name} {candidate.version} declares no dependencies: "
                    f"{', '.join(names)} as in {release.version}"
                )
            if needs:
                return [Need(name, frozenset(), SpecifierSet(), day) for name in names]
        return []

    def _holds(self, requirement: Requirement, extras: frozenset[str]) -> bool:
        try:
            return any(
                self._target.satisfies(requirement.marker, extra) for extra in (extras or {""})
            )
        except (UndefinedComparison, UndefinedEnvironmentName):
            return False


def declaring_file(found: Installable) -> IndexFile:
    """Return the file whose metadata counts: for a source, another platform's wheel of the same release."""
    wheels = found.release.wheels
    return wheels[0] if found.sdist and wheels else found.file
