"""Adds a plan's optional names to the required set, where they hold beside it and cost it little.

They have no vote in interpreter or day.
"""

from collections.abc import Callable
from typing import Final

from paper2run.index.release_costs import weights
from tasks.drivers.resolver.asked_requirements import AskedRequirements, name_of
from tasks.drivers.resolver.found_set import Failed, Solved
from tasks.drivers.resolver.needs import PricedRelease
from tasks.drivers.resolver.required_set import RequiredSet
from tasks.drivers.resolver.set_account import deviations

MAX_WORDS: Final = 300
"""Characters that are kept of one reason."""
MAX_STEPS: Final = 6000
"""Of the searches beside the required set of one interpreter; after this no further optional name is tried."""
TO_COMPILE: Final = "it is optional, has no wheel and needs a compiler"
BRINGS: Final = "it is optional, and it or what it needs came long after the commit"
NO_END: Final = f"it is optional, and the search had taken {MAX_STEPS} steps"
SHIFTS: Final = "it is optional, and what is required would be of other days"


class OptionalNames:
    """The optional part of a plan, beside the required set `alone` of one interpreter."""

    def __init__(
        self,
        asked: AskedRequirements,
        required: RequiredSet,
        alone: Solved,
        on_line: Callable[[str], None],
    ) -> None:
        self._asked = asked
        self._solve = required.solve
        self._kept = list(required.texts)
        self._alone = self._found = alone
        self._on_line = on_line
        self._last_step = 0

    def added(self) -> Solved:
        """Return the set with the optional names that fit; the others are dropped from what is asked."""
        self._solve.spare_builds(self._alone, self._asked.optional)
        self._drop_hopeless()
        optional = tuple(self._asked.optional)
        whole = self._solve.of((*self._kept, *optional))
        if isinstance(whole, Solved) and self._fits(whole, optional):
            return whole
        # What one search took in vain is not taken from those that begin at what is known.
        self._last_step = self._solve.steps + MAX_STEPS
        self._add(optional)
        return self._found

    def _fits(self, grown: Solved, group: tuple[str, ...]) -> bool:
        return not self._risky(grown, group) and self._burden(grown) <= weights().optional_shift

    def _add(self, group: tuple[str, ...]) -> None:
        """Add a group of names beside the required set as it is; those that move it are tried one by one.

        The more trusted come first in a group, and so the others have to fit beside them.
        """
        while group:
            if not self._may_search():
                for text in group:
                    self._drop(text, NO_END)
                return
            grown = self._solve.of((*self._kept, *group), self._required())
            if isinstance(grown, Solved):
                risky = self._risky(grown, group)
                for text, why in risky.items():
                    self._drop(text, why)
                if not risky:
                    self._found = grown
                    self._kept.extend(group)
                    return
                group = tuple(text for text in group if text not in risky)
            elif len(group) == 1:
                self._move_for(group[0])
                return
            elif blamed := self._blamed(grown, group):
                self._add(tuple(text for text in group if text != blamed))
                group = (blamed,)
            else:
                middle = len(group) // 2
                self._add(group[:middle])
                group = group[middle:]

    def _move_for(self, text: str) -> None:
        """Add one name if the required set that fits it is hardly dearer; else drop it."""
        grown = self._solve.of((*self._kept, text))
        if isinstance(grown, Failed):
            self._drop(text, grown.why)
        elif risky := self._risky(grown, (text,)):
            self._drop(text, risky[text])
        elif self._burden(grown) > weights().optional_shift:
            self._drop(text, SHIFTS)
        else:
            self._found = grown
            self._kept.append(text)

    def _required(self) -> list[PricedRelease]:
        """Return the releases that stand for what is required in the set found so far."""
        names = {release.name for release in self._alone.chosen}
        return [release for release in self._found.chosen if release.name in names]

    def _drop_hopeless(self) -> None:
        """Drop what has no release here, or none that comes in time and needs no compiler."""
        python = self._solve.target.version
        for text in tuple(self._asked.optional):
            need = self._solve.need(text)
            found = self._solve.matches(need) if need else ()
            if need and not found:
                self._drop(text, self._solve.why_none(need))
            elif found and found[0].found.form in ("small", "large"):
                self._drop(text, TO_COMPILE)
            elif found and found[0].late_days > weights().optional_late_days:
                self._drop(text, deviations(found[0].found, found[0].late_days, python))

    def _may_search(self) -> bool:
        return self._solve.steps < self._last_step

    def _blamed(self, failed: Failed, group: tuple[str, ...]) -> str | None:
        """Return the least trusted name of the group that a contradiction is about; None if it is of others."""
        names = {cause.requirement.name for cause in failed.causes}
        names |= {cause.parent.name for cause in failed.causes if cause.parent}
        return next((text for text in reversed(group) if name_of(text) in names), None)

    def _burden(self, grown: Solved) -> float:
        """Return by how much what stands in the set without optional names gets dearer by them."""
        names = {release.name for release in self._alone.chosen}
        return sum(c.priced.cost for c in grown.chosen if c.name in names) - self._alone.cost

    def _risky(self, grown: Solved, group: tuple[str, ...]) -> dict[str, str]:
        """Return what of the group would be compiled or brings something late, each with the reason.

        A compiler's failure would fail the build; what a lock names was built before.
        """
        before = {c.name for c in self._alone.chosen}
        new = [c for c in grown.chosen if c.name not in before]
        limit = weights().optional_late_days
        roots = grown.dependents_of(c.name for c in new if c.priced.late_days > limit)
        compiled = {
            c.name for c in new if c.name in grown.compiled and not self._solve.is_locked(c)
        }
        found = {}
        for text in group:
            name = name_of(text)
            if name in compiled:
                found[text] = TO_COMPILE
            elif name in roots:
                found[text] = BRINGS
        return found

    def _drop(self, text: str, why: str) -> None:
        self._asked.drop(text, why[:MAX_WORDS])
        self._on_line(f"left out {self._asked.account[-1]}")
