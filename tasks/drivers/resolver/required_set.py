"""Solves what a plan requires for one interpreter; a limit that cannot be met costs that limit only.

A limit is broken only where the index has no release for the interpreter that meets it, or where the search has
proven that it contradicts another one. Versions that the authors pin stay where only what packages of the time before
pip 20.3 declare speaks against them: the authors had them side by side, and the pins are installed without a second
look at dependencies. Since that release pip refuses such a set.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Final, NamedTuple

from packaging.specifiers import SpecifierSet

from paper2run.index.release_costs import weights
from tasks.drivers.resolver.found_set import Failed, Solved
from tasks.drivers.resolver.needs import Information, Need, PricedRelease
from tasks.drivers.resolver.resolution import Solve

MAX_BROKEN: Final = 12
"""Limits that are broken, one after the other; who contradicts himself more often means something else."""
EXACT: Final = ("==", "===")
LIMITS_HOLD: Final = date(2020, 11, 30)
"""The day of pip 20.3, whose resolver holds to what packages declare (https://pip.pypa.io/en/stable/news/)."""


class Overruled(NamedTuple):
    """A limit that a package declares, and that gives way to the plan's pins."""

    parent: str
    """The package with its version, as `requests 2.20.0`."""
    need: Need
    why: str


@dataclass
class RequiredSet:
    """The required part of a plan for one interpreter."""

    solve: Solve
    texts: list[str]
    cost: float = 0.0
    """Of limits and names, beside that of the releases."""
    unmet: dict[str, str] = field(default_factory=dict)
    """Requirements that no release for the interpreter meets, each with the reason."""
    broken: dict[str, str] = field(default_factory=dict)
    """Requirements whose limits were broken, each with the reason."""
    left_out: dict[str, str] = field(default_factory=dict)
    """Requirements without any release for the interpreter, each with the reason."""
    overruled: list[Overruled] = field(default_factory=list)

    def solved(self) -> Solved | Failed:
        """Return the set, with as few limits broken as the index and the proofs demand."""
        for text in tuple(self.texts):
            need = self.solve.need(text)
            if need is not None and not self.solve.matches(need):
                self.unmet[text] = self.solve.why_none(need)
                self.cost += weights().excluded_python
                self._give_way(text, need, self.unmet[text])
        found = self.solve.of(self.texts)
        while isinstance(found, Failed) and len(self.broken) + len(self.overruled) < MAX_BROKEN:
            if not self._overrule(found) and not self._break_one(found):
                break
            found = self.solve.of(self.texts)
        return found

    def _give_way(self, text: str, need: Need, why: str) -> None:
        free = Need(need.name, need.extras, SpecifierSet(), self.solve.day_of(need))
        if need.specifier and self.solve.matches(free):
            self.solve.change(text, free)
            self.broken[text] = why
            self.cost += weights().broken_pin
        else:
            self.texts.remove(text)
            self.left_out[text] = why
            self.cost += weights().dropped_name

    def _overrule(self, failed: Failed) -> bool:
        """Take one declared limit out of force that stands against the plan's pins; False where none does."""
        pins = {need.name: need for text in self.texts if (need := self._pin(text))}
        declared = [cause for cause in failed.causes if cause.parent is not None]
        for cause in sorted(declared, key=_bindingness):
            parent, need = cause.parent, cause.requirement
            if parent is None or parent.name == need.name or _is_held(parent):
                continue
            beside = [
                other.requirement
                for other in declared
                if other.parent
                and other.requirement.name == need.name
                and (parent.name in pins or other.parent.name in pins)
            ]
            others = [pins[need.name]] if need.name in pins else beside
            if any(self._contradict(need, other) for other in others):
                self.solve.overrule(parent.name, need.name)
                named = f"{parent.name} {parent.version}"
                self.overruled.append(Overruled(named, need, failed.why))
                self.cost += weights().overruled_limit
                return True
        return False

    def _contradict(self, one: Need, other: Need) -> bool:
        both = Need(one.name, one.extras, one.specifier & other.specifier, one.day)
        return not self.solve.matches(both)

    def _pin(self, text: str) -> Need | None:
        """Return the need of a requirement that names one exact version; None for any other."""
        need = self.solve.need(text)
        return need if need and _version(need) else None

    def _break_one(self, failed: Failed) -> bool:
        """Break the limit of the plan that a contradiction names; False where it names none."""
        culprit = self._culprit(failed.causes)
        if culprit is None:
            return False
        self._give_way(*culprit, failed.why)
        return True

    def _culprit(self, causes: Iterable[Information]) -> tuple[str, Need] | None:
        """Return the requirement to break: of the name in conflict, else of what needs it; ranges before pins."""
        named = {cause.requirement.name for cause in causes if cause.parent is None}
        parents = {cause.parent.name for cause in causes if cause.parent is not None}
        for names in (named, parents):
            limits = [
                (text, need)
                for text in reversed(self.texts)
                if (need := self.solve.need(text)) and need.name in names and need.specifier
            ]
            if limits:
                return min(limits, key=lambda one: bool(_version(one[1])))
        return None


def _is_held(parent: PricedRelease) -> bool:
    """Whether pip held the package to what it declares from its first day on."""
    came = parent.found.release.day
    return came is not None and came >= LIMITS_HOLD


def _version(need: Need) -> str:
    """Return the one version that a need admits; empty for a range."""
    parts = [part for part in need.specifier if part.operator in EXACT]
    return parts[0].version if parts and not parts[0].version.endswith(".*") else ""


def _bindingness(cause: Information) -> tuple[bool, bool, str, str]:
    """Return the order in which declared limits give way.

    An upper one is a precaution, a lower one names what is used, and an exact one was built against.
    """
    parent = cause.parent.name if cause.parent else ""
    operators = {part.operator for part in cause.requirement.specifier}
    is_upper = not operators.isdisjoint(("<", "<="))
    return (bool(_version(cause.requirement)), not is_upper, parent, cause.requirement.name)
