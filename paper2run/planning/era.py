"""The day for which an undated checkout is planned: the era that its code itself shows.

Without it a folder of 2012 gets the newest interpreter and packages. Evidence is what libraries took away (the code is
older than that release), and dates in headers and notices.
"""

from datetime import date
from typing import NamedTuple

from paper2run.knowledge.library_breaks import release_day
from paper2run.model.environment import PlannedEnvironment, Reason
from paper2run.model.facts import OldName, PythonConstraint, PythonSyntax, RepoFacts, WrittenOn
from paper2run.model.value import Source
from paper2run.planning.evidence import Evidence
from paper2run.planning.interpreters import RELEASED


class Era(NamedTuple):
    """A day, and what shows that the code is not younger."""

    day: date
    why: str
    source: Source


def era_of(facts: RepoFacts) -> Era | None:
    """Return the earliest day that the evidence names; None without any.

    A notice in one copied file says nothing where the code needs an interpreter of later years.
    """
    since = _since(facts)
    found = [
        Era(day, f"it uses {old.name}, which {old.distribution} {old.below} took away", old.source)
        for old in facts.of(OldName)
        if (day := release_day(old.distribution, old.below)) is not None
    ]
    found += [Era(fact.day, "its files name that day", fact.source) for fact in facts.of(WrittenOn)]
    return min((era for era in found if era.day >= since), key=lambda era: era.day, default=None)


def _since(facts: RepoFacts) -> date:
    """Return the release day of the oldest interpreter that runs the code by its syntax and imports."""
    names = [f"3.{fact.minor}" for fact in facts.of(PythonSyntax) if fact.major == 3]
    names += [
        fact.specifier.removeprefix(">=")
        for fact in facts.of(PythonConstraint)
        if fact.source.kind == "import"
    ]
    return max((RELEASED[name] for name in names if name in RELEASED), default=date.min)


def with_era(evidence: Evidence) -> tuple[Evidence, Era | None]:
    """Return the evidence with the day of the code's era where the checkout has no date of its own."""
    era = era_of(evidence.facts) if evidence.asked.commit_day is None else None
    if era is None:
        return evidence, None
    return evidence._replace(asked=evidence.asked.changed(commit_day=era.day)), era


def told(planned: PlannedEnvironment, era: Era | None) -> PlannedEnvironment:
    """Return the plan whose reasons name the era's evidence in place of a commit's date."""
    if era is None:
        return planned
    decision = f"planned for {era.day}: the checkout has no date, and {era.why}"
    reasons = (
        reason.changed(source=era.source) if reason.source.kind == "commit date" else reason
        for reason in planned.reasons
    )
    first = Reason(topic="date", decision=decision, source=era.source)
    return planned.changed(reasons=(first, *reasons))
