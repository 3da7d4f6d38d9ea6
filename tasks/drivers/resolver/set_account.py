"""Accounts for a set that was found: its pins, and for each deviation how many days and why."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from paper2run.index.releases import Installable, hashes_of
from paper2run.model.resolution import BrokenLock, Lock, Pin
from paper2run.model.value import Source
from tasks.drivers.index.package_index import PackageIndex
from tasks.drivers.resolver.found_set import Solved
from tasks.drivers.resolver.lock_account import LockAccount
from tasks.drivers.resolver.release_provider import declaring_file
from tasks.drivers.resolver.required_set import RequiredSet

COMPILER: Final = ("gcc", "g++", "libc6-dev")
"""Slim images bring none."""
INDEX: Final = Source(kind="index")


class SetAccount:
    """One set for one interpreter and the day of a commit."""

    def __init__(
        self,
        index: PackageIndex,
        required: RequiredSet,
        locks: tuple[Lock, ...],
        day: date | None,
        found: Solved,
    ) -> None:
        self._index = index
        self._required = required
        self._solve = required.solve
        self._python = required.solve.target.version
        self._day = day
        self._found = found
        self._versions = {c.name: c.version for c in found.chosen}
        self.kept, self.broken = LockAccount(index, required.solve.target, locks).of(
            self._versions, required.solve.forgotten
        )

    def pins(self) -> tuple[Pin, ...]:
        """Return the exact versions, by name."""
        return tuple(
            Pin(
                name=c.name,
                version=str(c.version),
                sdist=c.found.sdist,
                sha256=hashes_of(c.found.release, self._required.solve.target),
                needed_by=tuple(sorted(self._found.dependents.get(c.name, ()))),
            )
            for c in self._found.chosen
        )

    def exceptions(self) -> tuple[str, ...]:
        """Return the releases that were not out on the day, or of which that is not known; latest first."""
        if self._day is None:
            return ()
        late = [(c, days_after(c.found, self._day)) for c in self._found.chosen]
        late.sort(key=lambda one: -(one[1] or 0))
        return tuple(
            f"{c.name} {c.version} ({c.found.release.day}, {days} days later)"
            if days
            else f"{c.name} {c.version} (no date known)"
            for c, days in late
            if days != 0
        )

    def notes(self) -> tuple[str, ...]:
        """Return what a person should know about the pins."""
        chosen, notes = self._found.chosen, []
        for c in chosen:
            declared = self._index.metadata(declaring_file(c.found)).note
            notes += [note for note in (declared, self._solve.notes.get(c.name)) if note]
        if self._day is not None:
            undated = [c.name for c in chosen if c.found.release.day is None]
            notes += [f"the index gives no upload date for {name}: not limited" for name in undated]
        for c in chosen:
            if c.found.sdist or (c.priced.late_days and c.priced.cost):
                why = deviations(c.found, c.priced.late_days, self._python)
                notes.append(f"{c.name} {c.version}: {why}")
        return tuple(notes)

    def system_packages(self) -> tuple[str, ...]:
        """Return the Debian packages that building the set's sources needs."""
        return COMPILER if self._found.compiled else ()

    def broken_limits(self) -> Sequence[BrokenLock]:
        """Return the limits of the plan that could not be kept."""
        named = [(text, self._solve.need(text), why) for text, why in self._required.broken.items()]
        return [
            BrokenLock(wanted=text, chosen=str(self._versions[need.name]), why=why, source=INDEX)
            for text, need, why in named
            if need and need.name in self._versions
        ]

    def overruled_limits(self) -> Sequence[BrokenLock]:
        """Return what packages declare against the plan's pins."""
        return [
            BrokenLock(
                wanted=f"{limit.need} of {limit.parent}",
                chosen=str(self._versions[limit.need.name]),
                why=limit.why,
                source=INDEX,
            )
            for limit in self._required.overruled
            if limit.need.name in self._versions
        ]


def days_after(found: Installable, day: date) -> int | None:
    """Return how many days after `day` a release came, 0 for none; None if its day is not known."""
    came = found.release.day
    return None if came is None else max(0, (came - day).days)


def deviations(found: Installable, late_days: int, python: str) -> str:
    """Return in which way a release is not what one takes first: its days, or its form."""
    words = []
    if late_days:
        words.append(
            f"{late_days} days after the commit: no earlier release has a wheel for Python {python}"
        )
    if found.form == "pure":
        words.append("built from source, it has no wheel")
    elif found.sdist:
        words.append(f"no wheel for Python {python}, its {found.form} source is compiled")
    return "; ".join(words) or "older than others of the set"
