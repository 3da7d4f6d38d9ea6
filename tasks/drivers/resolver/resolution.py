"""One solve: the whole set for one interpreter and one last day, or the reason why it failed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from time import monotonic
from typing import Final

from resolvelib import BaseReporter, ResolutionImpossible, ResolutionTooDeep, Resolver

from paper2run.index.releases import Sources, available, wheel_tags
from paper2run.index.target_python import TargetPython
from paper2run.model.resolution import BrokenLock, KeptLocks, Lock, Pin
from tasks.drivers.index.package_index import PackageIndex
from tasks.drivers.resolver.lock_account import LockAccount
from tasks.drivers.resolver.offered_releases import OfferedReleases
from tasks.drivers.resolver.release_provider import (
    Candidate,
    HopelessError,
    Information,
    Need,
    ReleaseProvider,
)

MAX_ROUNDS: Final = 5000
"""Steps of one search; a set of 200 takes a few hundred."""
SEARCH_LIMIT_S: Final = 30
"""Seconds of one search: solvable sets were found in a tenth of that."""
MAX_CAUSES: Final = 4
COMPILER: Final = ("gcc", "g++", "libc6-dev")
"""Slim images bring none."""


@dataclass(frozen=True)
class Solved:
    """A consistent set."""

    pins: tuple[Pin, ...]
    notes: tuple[str, ...]
    system_packages: tuple[str, ...]
    compiled: frozenset[str] = frozenset()
    """Normalised names of what must be compiled from source."""
    kept_locks: tuple[KeptLocks, ...] = ()
    broken_locks: tuple[BrokenLock, ...] = ()
    exceptions: tuple[str, ...] = ()
    """Pins not known to be out on the last day, each with its own day."""


@dataclass(frozen=True)
class Failed:
    """No consistent set, and why in one line."""

    why: str


class OutOfTimeError(Exception):
    """A search has taken longer than SEARCH_LIMIT_S."""


class Watch(BaseReporter[Need, Candidate, str]):
    """Ends a search that takes too long."""

    def __init__(self) -> None:
        self._stop_at = monotonic() + SEARCH_LIMIT_S

    def starting_round(self, index: int) -> None:
        """Raise OutOfTimeError if the time is up."""
        if monotonic() > self._stop_at:
            raise OutOfTimeError


class Solve:
    """A pair of interpreter and last day, for which several sets may be tried."""

    def __init__(
        self,
        index: PackageIndex,
        target: TargetPython,
        cutoff: date | None,
        sources: Sources,
        locks: tuple[Lock, ...] = (),
    ) -> None:
        self._index = index
        self._target = target
        self._cutoff = cutoff
        self._locks = locks
        offer = OfferedReleases(index, target, cutoff, sources, locks)
        self._provider = ReleaseProvider(index, target, offer)
        self._forgotten: dict[str, str] = {}

    def of(self, requirements: Iterable[str]) -> Solved | Failed:
        """Return the pins of `requirements` and all that they need, build tools of sources included."""
        found = self._search(requirements)
        if isinstance(found, Failed):
            return found
        built = [candidate for candidate in found.values() if candidate.found.sdist]
        if not built:
            return self._solved(found)
        declared = [self._index.metadata(candidate.found.file) for candidate in built]
        tools = {text for metadata in declared for text in metadata.build_requires}
        # What the set already holds stays: without isolation there is only one version of each.
        absent = [
            text
            for text in sorted(tools)
            if (need := self._provider.need(text)) and need.name not in found
        ]
        with_tools = self._search((*requirements, *absent))
        if isinstance(with_tools, Failed):
            return Failed(f"build tools of {', '.join(c.name for c in built)}: {with_tools.why}")
        return self._solved(with_tools)

    def _search(self, requirements: Iterable[str]) -> dict[str, Candidate] | Failed:
        """Return one release per name; a lock that prevents a solution is dropped and the search restarted."""
        needs = [need for text in requirements if (need := self._provider.need(text))]
        self._provider.fetch_ahead(needs)
        for need in needs:
            if not self._provider.matches(need.name, need.specifier):
                return Failed(self._why_none(need))
        resolver: Resolver[Need, Candidate, str] = Resolver(self._provider, Watch())
        try:
            return dict(resolver.resolve(needs, max_rounds=MAX_ROUNDS).mapping)
        except ResolutionImpossible as conflict:
            return Failed(self._words(conflict.causes))
        except HopelessError as hopeless:
            if hopeless.candidate.name in self._provider.locks:
                return self._search_without({hopeless.candidate.name: str(hopeless)}, requirements)
            return Failed(f"{hopeless}; {self._why_none(hopeless.need)}")
        except OutOfTimeError:
            if self._provider.locks:
                why = "with the locked versions the search found no end"
                return self._search_without(dict.fromkeys(self._provider.locks, why), requirements)
            return Failed(f"no end after {SEARCH_LIMIT_S} seconds of search")
        except ResolutionTooDeep:
            return Failed(f"no end after {MAX_ROUNDS} steps of search")

    def _search_without(
        self, locks: dict[str, str], requirements: Iterable[str]
    ) -> dict[str, Candidate] | Failed:
        self._forgotten |= locks
        for name in locks:
            self._provider.forget_lock(name)
        return self._search(requirements)

    def _solved(self, found: dict[str, Candidate]) -> Solved:
        chosen = sorted({c.name: c for c in found.values()}.values(), key=lambda c: c.name)
        pins = tuple(Pin(name=c.name, version=str(c.version), sdist=c.found.sdist) for c in chosen)
        built = [c for c in chosen if c.found.sdist]
        notes = [
            note
            for c in chosen
            if (note := self._index.metadata(self._provider.declaring_file(c.found)).note)
        ]
        notes += [self._provider.notes[c.name] for c in chosen if c.name in self._provider.notes]
        if self._cutoff is not None:
            undated = [c.name for c in chosen if c.found.release.day is None]
            notes += [f"the index gives no upload date for {name}: not limited" for name in undated]
        notes += [
            f"{c.name} {c.version} has no wheel for Python {self._target.version}: built from source"
            for c in built
        ]
        compiled = frozenset(c.name for c in built if self._index.metadata(c.found.file).compiled)
        kept, broken = LockAccount(self._index, self._target, self._locks).of(
            {c.name: c.version for c in chosen}, self._forgotten
        )
        system_packages = COMPILER if compiled else ()
        exceptions = self._exceptions(chosen)
        return Solved(
            pins, tuple(notes), system_packages, compiled, kept, broken, exceptions=exceptions
        )

    def _exceptions(self, chosen: Iterable[Candidate]) -> tuple[str, ...]:
        """Return the releases later than the last day (locks, build tools), and those without a day."""
        if self._cutoff is None:
            return ()
        return tuple(
            f"{c.name} {c.version} ({c.found.release.day or 'no date known'})"
            for c in chosen
            if c.found.release.day is None or c.found.release.day > self._cutoff
        )

    def _words(self, causes: Iterable[Information]) -> str:
        words = dict.fromkeys(
            f"{cause.parent.name} {cause.parent.version} needs {cause.requirement}"
            if cause.parent
            else f"the plan needs {cause.requirement}"
            for cause in causes
        )
        lonely = [
            self._why_none(cause.requirement)
            for cause in causes
            if not self._provider.matches(cause.requirement.name, cause.requirement.specifier)
        ]
        return "; ".join((*list(words)[:MAX_CAUSES], *dict.fromkeys(lonely)))

    def _why_none(self, need: Need) -> str:
        project = self._index.project(need.name)
        if project is None:
            return f"{need.name} is not on the index"
        out = available(project, self._cutoff)
        if not out:
            first = min((r.day for r in project.releases if r.day), default=None)
            return f"{need.name} has no release before {first or 'any date'}"
        fitting = [r for r in out if need.specifier.contains(r.version, prereleases=True)]
        fitting.sort(key=lambda release: release.version.is_prerelease)
        if not fitting:
            return f"no release of {need.name} out by then fits {need.specifier}"
        tags = {tag for wheel in fitting[0].wheels for tag in wheel_tags(wheel)}
        here = sorted({tag.split("-")[0] for tag in tags if tag.endswith("-any") or "linux" in tag})
        elsewhere = "other systems alone" if tags else "nothing"
        return (
            f"no wheel of {need} for Python {self._target.version}: "
            f"{fitting[0].version} has wheels for {', '.join(here) or elsewhere}"
        )
