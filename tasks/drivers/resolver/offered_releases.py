"""Lists the releases of a distribution that one interpreter can install, cheapest first.

Among equals it follows pip's choices: newest release first; pre-releases and yanked releases only when named.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Final

from packaging.markers import Marker
from packaging.specifiers import SpecifierSet

from paper2run.index.release_costs import (
    Priced,
    cost_of_age,
    cost_of_build,
    cost_of_delay,
    late_days,
    weights,
)
from paper2run.index.releases import Installable, available, first_day, installable
from paper2run.index.target_python import TargetPython
from paper2run.model.resolution import Lock
from tasks.drivers.index.package_index import PackageIndex

TOOL_DAYS: Final = {
    "setuptools": date(2019, 3, 15),
    "wheel": date(2019, 3, 15),
    "pytest": date(2018, 11, 12),
}
"""Tools that are ours to choose may always be that new. setuptools 40.8 is the first that a pip of today can drive
(PEP 517 without a pyproject.toml) and still has use_2to3. pytest 3.10 is the last that still runs yield tests and
reads `[pytest]` in setup.cfg, and it has the options that older ones lack. What a tool needs is of the tool's day."""

Days = dict[str, date]
Releases = tuple[Installable, ...]


class OfferedReleases:
    """What the index has for `target`, with its cost for a commit of `day`."""

    def __init__(
        self,
        index: PackageIndex,
        target: TargetPython,
        day: date | None,
        locks: Iterable[Lock] = (),
    ) -> None:
        self._index = index
        self._target = target
        self.day = day
        self.locks = locks_here(locks, target)
        """The locked versions by name, as far as their markers hold."""
        self.nearer: Days = {}
        """Earlier days that a former search found for names whose dependents are older."""
        self._all: dict[str, Releases] = {}
        # By the text of a specifier: its own hash takes each version apart anew.
        self._fitting: dict[tuple[str, str], Releases] = {}
        self._priced: dict[tuple[str, str, date | None], tuple[Priced, ...]] = {}
        self.notes: dict[str, str] = {}
        """What was assumed, by name of the distribution."""

    def reference(self, name: str, day: date | None) -> date | None:
        """Return the day from which releases of `name` count as late if it is wanted as of `day`."""
        if day is None:
            return None
        day = min(day, self.nearer.get(name, day))
        return max(day, TOOL_DAYS.get(name, day))

    def era(self, name: str, found: Installable, day: date | None) -> date | None:
        """Return the last day, at the latest `day`, on which a release was the newest one.

        Whoever limits a package to an older release had what it needs as of then.
        """
        came = found.release.day
        if day is None or came is None:
            return day
        later = (
            other.release.day
            for other in self.installable(name)
            if other.release.version > found.release.version
            and not other.release.version.is_prerelease
            and other.release.day
            and came < other.release.day <= day
        )
        return min((next_day - timedelta(days=1) for next_day in later), default=day)

    def installable(self, name: str) -> Releases:
        """Return all releases of `name` that the interpreter can install in some form, newest version first."""
        if name not in self._all:
            project = self._index.project(name)
            self._all[name] = tuple(
                found
                for release in (project.releases if project else ())
                if project and (found := installable(release, project, self._target))
            )
        return self._all[name]

    def matches(self, name: str, specifier: SpecifierSet, day: date | None) -> tuple[Priced, ...]:
        """Return the releases of `name` within `specifier` as of `day`, cheapest first, newest among equals."""
        reference = self.reference(name, day)
        key = (name, str(specifier), reference)
        if key not in self._priced:
            fitting = self._within(name, specifier)
            early = specifier.prereleases or self._is_early(name, reference)
            fitting = tuple(
                found for found in fitting if early or not found.release.version.is_prerelease
            )
            priced = self._prices(name, fitting, self._rewritten(name, reference))
            self._priced[key] = tuple(sorted(priced, key=lambda one: one.cost))
        return self._priced[key]

    def is_locked(self, found: Installable, name: str) -> bool:
        """Whether a lock names exactly this release."""
        return any(is_exact(lock) and _admits(lock, found) for lock in self.locks.get(name, ()))

    def forget_locks(self) -> None:
        """Take all names as if they were not locked."""
        self.locks.clear()
        self._fitting.clear()
        self._priced.clear()

    def near(self, days: Days) -> None:
        """Take no release of the names in `days` for timely that came after their day."""
        self.nearer = days

    def _within(self, name: str, specifier: SpecifierSet) -> Releases:
        key = (name, str(specifier))
        if key not in self._fitting:
            exact = any(part.operator in ("==", "===") for part in specifier)
            self._fitting[key] = tuple(
                found
                for found in self.installable(name)
                # A lock names it exactly too: https://peps.python.org/pep-0592/
                if (exact or not found.release.yanked or self.is_locked(found, name))
                and specifier.contains(found.release.version, prereleases=True)
            )
        return self._fitting[key]

    def _is_early(self, name: str, day: date | None) -> bool:
        """Whether the project had nothing but pre-releases on a day, for whichever interpreter."""
        project = self._index.project(name)
        out = available(project, day) if project else ()
        return all(release.version.is_prerelease for release in out)

    def _prices(self, name: str, fitting: Releases, day: date | None) -> Iterable[Priced]:
        locks = self._locks_of(name)
        newest = max(
            (
                (found.release.version, found.release.day)
                for found in fitting
                if found.release.day and not late_days(found, day)
            ),
            default=None,
        )
        locked = [any(_admits(lock, found) for lock in locks) for found in fitting]
        last = max(day, self.day) if day and self.day else None
        age = 0
        for found, is_locked in zip(fitting, locked, strict=True):
            late, came = late_days(found, day), found.release.day
            after = late_days(found, last)
            if newest and came and not late:
                # Fixes of an old series may be younger than a newer one: age never falls with the version.
                age = max(age, (newest[1] - came).days)
            cost = cost_of_build(found)
            if not (is_locked and any(_admits(lock, found) for lock in locks if is_exact(lock))):
                # An exact lock needs no day: it shows that its author used that release.
                cost += cost_of_delay(late, after) or cost_of_age(age)
            if locks and not is_locked:
                cost += weights().broken_lock
            yield Priced(found, cost, after)

    def _locks_of(self, name: str) -> Sequence[SpecifierSet]:
        """Return the locks of a name that the index has a release for; the others say nothing."""
        project = self._index.project(name)
        releases = project.releases if project else ()
        return [
            lock
            for lock in self.locks.get(name, ())
            if any(lock.contains(release.version, prereleases=True) for release in releases)
        ]

    def _rewritten(self, name: str, day: date | None) -> date | None:
        """Return the day of a project's first releases where it is wanted before all of them, else `day`.

        The author did have the project then: from elsewhere, such as conda's channels (rdkit until 2022), or as
        files that were deleted and uploaded again (atomicwrites, 2022-07-08).
        """
        project = self._index.project(name)
        first = first_day(project) if project else None
        if day is None or first is None or first <= day:
            return day
        self.notes[name] = (
            f"{name} has no release on the index before {first}: the releases of that day are used"
        )
        return first


def _admits(lock: SpecifierSet, found: Installable) -> bool:
    return lock.contains(found.release.version, prereleases=is_exact(lock))


def is_exact(lock: SpecifierSet) -> bool:
    """Whether a lock names one version rather than a series such as `==1.16.*`."""
    return not str(lock).endswith(".*")


def locks_here(locks: Iterable[Lock], target: TargetPython) -> dict[str, Sequence[SpecifierSet]]:
    """Return what `locks` say for `target`, by name."""
    found: dict[str, Sequence[SpecifierSet]] = {}
    for lock in locks:
        if target.satisfies(Marker(lock.marker) if lock.marker else None):
            found[lock.name] = (*found.get(lock.name, ()), SpecifierSet(lock.specifier))
    return found
