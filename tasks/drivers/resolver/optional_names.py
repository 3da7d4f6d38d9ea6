"""Adds a plan's optional names to the required set, where they hold beside it and cost it little.

They have no vote in interpreter or day.
"""

from collections.abc import Callable
from typing import Final

from paper2run.index.release_costs import weights
from tasks.drivers.resolver.asked_requirements import AskedRequirements, name_of
from tasks.drivers.resolver.found_set import Failed, Solved
from tasks.drivers.resolver.required_set import RequiredSet
from tasks.drivers.resolver.set_account import deviations

MAX_WORDS: Final = 300
"""Characters that are kept of one reason."""
MAX_STEPS: Final = 6000
"""Of all searches for one interpreter; after this no further optional name is tried."""
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
        self._required = tuple(required.texts)
        self._alone = alone
        self._on_line = on_line
        self._last_step = self._solve.steps + MAX_STEPS

    def added(self) -> Solved:
        """Return the set with the optional names that fit; the others are dropped from what is asked."""
        self._solve.spare_builds(self._alone)
        self._drop_hopeless()
        while self._asked.optional and self._may_search():
            grown = self._solve.of((*self._required, *self._asked.optional))
            if isinstance(grown, Failed):
                blamed = self._blamed(grown)
                if blamed is None:
                    break
                self._drop(blamed, grown.why)
            elif risky := self._risky(grown):
                for text, why in risky.items():
                    self._drop(text, why)
            elif self._burden(grown) > weights().optional_shift:
                break
            else:
                return grown
        return self._one_by_one()

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

    def _one_by_one(self) -> Solved:
        """Return the set with each optional name that holds beside it, the most trusted first."""
        found, kept = self._alone, list(self._required)
        for text in tuple(self._asked.optional):
            if not self._may_search():
                self._drop(text, NO_END)
                continue
            grown = self._solve.of((*kept, text))
            if isinstance(grown, Failed):
                self._drop(text, grown.why)
            elif text in (risky := self._risky(grown)):
                self._drop(text, risky[text])
            elif self._burden(grown) > weights().optional_shift:
                self._drop(text, SHIFTS)
            else:
                found = grown
                kept.append(text)
        return found

    def _may_search(self) -> bool:
        return self._solve.steps < self._last_step

    def _blamed(self, failed: Failed) -> str | None:
        """Return the least trusted optional requirement that a contradiction names; None if it names none."""
        names = {cause.requirement.name for cause in failed.causes}
        names |= {cause.parent.name for cause in failed.causes if cause.parent}
        return next((t for t in reversed(self._asked.optional) if name_of(t) in names), None)

    def _burden(self, grown: Solved) -> float:
        """Return by how much what stands in the set without optional names gets dearer by them."""
        names = {candidate.name for candidate in self._alone.chosen}
        return sum(c.priced.cost for c in grown.chosen if c.name in names) - self._alone.cost

    def _risky(self, grown: Solved) -> dict[str, str]:
        """Return what is optional and would be compiled or brings something late, each with the reason.

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
        for text in self._asked.optional:
            name = name_of(text)
            if name in compiled:
                found[text] = TO_COMPILE
            elif name in roots:
                found[text] = BRINGS
        return found

    def _drop(self, text: str, why: str) -> None:
        self._asked.drop(text, why[:MAX_WORDS])
        self._on_line(f"left out {self._asked.account[-1]}")
