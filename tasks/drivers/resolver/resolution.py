"""One solve: the cheapest whole set for one interpreter that is found, or why there is none."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final

from packaging.specifiers import SpecifierSet
from resolvelib import ResolutionImpossible, ResolutionTooDeep
from resolvelib.resolvers import Resolution

from paper2run.index.release_costs import Priced, weights
from paper2run.index.target_python import TargetPython
from paper2run.model.resolution import Lock
from paper2run.planning.build_backends import asked_beside
from tasks.drivers.index.package_index import PackageIndex
from tasks.drivers.resolver.asked_requirements import name_of
from tasks.drivers.resolver.found_set import Failed, Found, Solved, reached
from tasks.drivers.resolver.needs import Information, Need, PricedRelease
from tasks.drivers.resolver.offered_releases import OfferedReleases
from tasks.drivers.resolver.release_provider import ReleaseProvider
from tasks.drivers.resolver.search_steps import MAX_STEPS, NoEndError, Watch
from tasks.drivers.resolver.why_none import why_none

MAX_CAUSES: Final = 4
MAX_REFUSED: Final = 150
"""Releases that a search with optional names, or with locks that another one passed over, may refuse."""
MAX_RELOCKED: Final = 8
"""Locks that are tried one by one where they do not hold together."""
META_TOOLS: Final = {"oldest-supported-numpy": "numpy"}
"""Build tools that pin another one: without isolation the set's own numpy is built against."""
UPPER: Final = ("==", "===", "<", "<=", "~=")
"""Operators that exclude newer releases."""


class Solve:
    """An interpreter and a commit's day, for which several sets may be tried."""

    def __init__(
        self,
        index: PackageIndex,
        target: TargetPython,
        day: date | None,
        locks: tuple[Lock, ...] = (),
    ) -> None:
        self._index = index
        self.target = target
        self._offer = OfferedReleases(index, target, day, locks)
        self._provider = ReleaseProvider(index, target, self._offer)
        self._needs: dict[str, Need | None] = {}
        self._max_refused = MAX_STEPS
        self.steps = 0
        """Of all searches so far."""
        self.forgotten: dict[str, str] = {}
        """Locks that the search had to forget, by name, each with the reason."""

    @property
    def notes(self) -> Mapping[str, str]:
        """What was assumed, by name of the distribution."""
        return self._provider.notes

    def need(self, text: str) -> Need | None:
        """Return what a requirement of the plan means here; None if its marker says nothing is needed."""
        if text not in self._needs:
            self._needs[text] = self._provider.need(text)
        return self._needs[text]

    def limit_eras(self, texts: Iterable[str]) -> None:
        """Take what the packages that `texts` limit need as of the time of their releases."""
        needs = [need for text in texts if (need := self.need(text))]
        self._provider.limited = {
            need.name for need in needs if any(part.operator in UPPER for part in need.specifier)
        }

    def spare_builds(self, alone: Solved, optional: Iterable[str]) -> None:
        """Compile from now on nothing large beyond the set `alone`, and no `optional` name; search less."""
        names = frozenset(c.name for c in alone.chosen)
        self._provider.build_only(names, ready=frozenset(map(name_of, optional)))
        self._max_refused = MAX_REFUSED

    def is_locked(self, release: PricedRelease) -> bool:
        """Whether a lock names exactly this release."""
        return self._offer.is_locked(release.found, release.name)

    def overrule(self, parent: str, name: str) -> None:
        """Take any version of `name` for what `parent` needs."""
        self._provider.overrule(parent, name)

    def change(self, text: str, need: Need) -> None:
        """Take a requirement of the plan as `need`."""
        self._needs[text] = need

    def matches(self, need: Need) -> tuple[Priced, ...]:
        """Return the releases that meet a need, cheapest first."""
        return self._provider.matches(need.name, need.specifier, need.day)

    def day_of(self, need: Need) -> date | None:
        """Return the day of the newest release within a need's limits, if it is before the need's own day."""
        project = self._index.project(need.name)
        days = (
            release.day
            for release in (project.releases if project else ())
            if release.day and need.specifier.contains(release.version, prereleases=True)
        )
        first = next(days, None)
        return min(first, need.day) if first and need.day else need.day

    def least(self, texts: Iterable[str], limit: float) -> float:
        """Return what the requirements cost at least, each for itself; counted until `limit`."""
        total = 0.0
        for text in texts:
            need = self.need(text)
            if need is None:
                continue
            found = self.matches(need)
            total += found[0].cost if found else weights().broken_pin
            if total >= limit:
                break
        return total

    def of(
        self, requirements: Iterable[str], beside: Iterable[PricedRelease] = ()
    ) -> Solved | Failed:
        """Return the set of `requirements` and all that they need, with the build tools of sources.

        The releases `beside` of another set are in it as they are.
        """
        needs = [need for text in requirements if (need := self.need(text))]
        fixed = [
            Need(c.name, frozenset(), SpecifierSet(f"=={c.version}"), self._offer.day)
            for c in beside
        ]
        found = self._nearest([*needs, *fixed])
        if isinstance(found, Failed):
            return found
        built = [release for release in found.values() if release.found.sdist]
        if built:
            declared = [self._index.metadata(release.found.file) for release in built]
            tools = sorted(
                {
                    META_TOOLS.get(text.strip(), text)
                    for metadata in declared
                    for text in (*metadata.build_requires, *asked_beside(metadata.build_requires))
                }
            )
            days = [release.found.release.day for release in built]
            # What the set already holds stays: without isolation there is only one version of each.
            absent = [
                need.as_of(days)
                for text in tools
                if (need := self.need(text)) and need.name not in found
            ]
            if absent:
                needs += absent
                found = self._nearest([*needs, *fixed])
            if isinstance(found, Failed):
                names = ", ".join(release.name for release in built)
                return Failed(f"build tools of {names}: {found.why}", found.causes)
        # The tools that another set was built with are wanted by nothing here.
        wanted = self._wanted(found, needs)
        needs += [need for need in fixed if need.name not in wanted]
        chosen = self._priced(found, needs)
        compiled = frozenset(
            c.name for c in chosen if c.found.sdist and self._index.metadata(c.found.file).compiled
        )
        return Solved(chosen, sum(c.priced.cost for c in chosen), self._dependents(found), compiled)

    def _dependents(self, found: Found) -> dict[str, frozenset[str]]:
        parents: dict[str, set[str]] = {}
        for release in found.values():
            for need in self._provider.get_dependencies(release):
                parents.setdefault(need.name, set()).add(release.name)
        return {name: frozenset(parents[name] - {name}) for name in parents}

    def _nearest(self, needs: list[Need]) -> Found | Failed:
        """Return a set; of two, where one that keeps packages near to their dependents in time is cheaper."""
        found = self._search(needs)
        if isinstance(found, Failed):
            return found
        found = self._with_locks(found, needs)
        nearer = self._nearer(found, needs)
        self._provider.held = {}
        return min((found, nearer), key=lambda one: self._cost(one, needs)) if nearer else found

    def _nearer(self, found: Found, needs: list[Need]) -> Found | None:
        """Return a set whose packages are near to their dependents in time; None if that changes nothing."""
        wanted = self._wanted(found, needs)
        days = {
            c.name: day
            for c in self._priced(found, needs)
            if (day := wanted[c.name][1])
            and c.priced.cost - self._provider.matches(c.name, *wanted[c.name])[0].cost
            > weights().worth_nearing
        }
        if not days:
            return None
        self._offer.near(days)
        nearer = self._search(needs)
        self._offer.near({})
        return None if isinstance(nearer, Failed) else nearer

    def _cost(self, found: Found, needs: list[Need]) -> float:
        return sum(c.priced.cost for c in self._priced(found, needs))

    def _with_locks(self, found: Found, needs: list[Need]) -> Found:
        """Return a set with locks kept that the search passed over, and hold the provider to these locks.

        The search takes a locked release first, but goes on where a package that is decided later refuses it. A lock
        demands nothing: with another one kept, nothing may need its package any more.
        """
        passed = [
            Need(name, frozenset(), lock, self._offer.day)
            for name, release in sorted(found.items())
            for lock in self._offer.locks.get(name, ())
            if not lock.contains(release.version, prereleases=True)
        ]
        passed = [need for need in passed if self.matches(need)]
        kept: dict[str, SpecifierSet] = {}
        for locks in (passed, *([need] for need in passed[: len(passed) > 1 and MAX_RELOCKED])):
            if not locks:
                break
            held = dict(kept)
            for lock in locks:
                held[lock.name] = held.get(lock.name, SpecifierSet()) & lock.specifier
            limit, self._max_refused = self._max_refused, min(self._max_refused, MAX_REFUSED)
            self._provider.held = held
            again = self._search(needs)
            self._max_refused = limit
            if isinstance(again, dict):
                found, kept = again, held
                if len(locks) == len(passed):
                    break
        self._provider.held = kept
        return found

    def _wanted(
        self, found: Found, roots: list[Need]
    ) -> dict[str, tuple[SpecifierSet, date | None]]:
        """Return for each name of a set what all that need it admit, and the earliest day among them."""
        needs = list(roots)
        for release in found.values():
            needs += self._provider.get_dependencies(release)
        wanted: dict[str, tuple[SpecifierSet, date | None]] = {}
        for need in needs:
            specifier, day = wanted.get(need.name, (SpecifierSet(), need.day))
            day = min(day, need.day) if day and need.day else None
            wanted[need.name] = (specifier & need.specifier, day)
        return wanted

    def _priced(self, found: Found, needs: list[Need]) -> tuple[PricedRelease, ...]:
        """Return the set by name, each release with its cost beside all that need it."""
        wanted = self._wanted(found, needs)
        chosen = []
        for name, release in sorted({c.name: c for c in found.values()}.items()):
            prices = self._provider.matches(name, *wanted[name])
            same = (p for p in prices if p.found.release.version == release.version)
            priced = next(same, release.priced)
            chosen.append(PricedRelease(name, frozenset(), priced, wanted[name][1]))
        return tuple(chosen)

    def _search(self, needs: list[Need]) -> Found | Failed:
        """Return one release per identifier; locks under which the search finds no end are forgotten."""
        self._provider.fetch_ahead(needs)
        for need in needs:
            if not self.matches(need):
                return Failed(self.why_none(need))
        watch = Watch(self._max_refused, self._index.need_time)
        search: Resolution[Need, PricedRelease, str] = Resolution(self._provider, watch)
        try:
            return reached(search.resolve(needs, MAX_STEPS).mapping, needs, self._provider)
        except ResolutionImpossible as conflict:
            causes = tuple(conflict.causes)
            return Failed(self._words(causes), causes)
        except (NoEndError, ResolutionTooDeep):
            if self._offer.locks and self._max_refused > MAX_REFUSED:
                why = "with the locked versions the search found no end"
                self.forgotten |= dict.fromkeys(self._offer.locks, why)
                self._offer.forget_locks()
                return self._search(needs)
            return Failed("the search found no end")
        finally:
            self.steps += watch.steps

    def why_none(self, need: Need) -> str:
        """Return why no release meets a need."""
        return why_none(self._index.project(need.name), need.specifier, str(need), self.target)

    def _words(self, causes: Iterable[Information]) -> str:
        words = dict.fromkeys(
            f"{cause.parent.name} {cause.parent.version} needs {cause.requirement}"
            if cause.parent
            else f"the plan needs {cause.requirement}"
            for cause in causes
        )
        lonely = [
            self.why_none(cause.requirement)
            for cause in causes
            if not self.matches(cause.requirement)
        ]
        return "; ".join((*list(words)[:MAX_CAUSES], *dict.fromkeys(lonely)))
