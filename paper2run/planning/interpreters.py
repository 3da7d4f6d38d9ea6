"""Which Python a repository wants: explicit evidence first, else the interpreter of the commit's year.

Release days: PEPs 373, 494, 537, 569, 596, 619, 664, 693, 719, 745 (https://peps.python.org).
"""

import re
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final, NamedTuple

from paper2run.model.environment import Reason
from paper2run.model.facts import PythonConstraint, PythonSyntax, RepoFacts
from paper2run.model.value import DEFAULT, Source
from paper2run.planning.ci_test_job import tested_pythons
from paper2run.planning.trust import admits, binding, in_tiers
from paper2run.python.own_projects import speaks_for_the_whole

RELEASED: Final[dict[str, date]] = {
    "2.7": date(2010, 7, 3),
    "3.6": date(2016, 12, 23),
    "3.7": date(2018, 6, 27),
    "3.8": date(2019, 10, 14),
    "3.9": date(2020, 10, 5),
    "3.10": date(2021, 10, 4),
    "3.11": date(2022, 10, 24),
    "3.12": date(2023, 10, 2),
    "3.13": date(2024, 10, 7),
    "3.14": date(2025, 10, 7),
}
"""Interpreters with official images that still exist; 3.5 and older have hardly any wheels left."""
EVER: Final = (*(f"2.{minor}" for minor in range(3, 8)), *(f"3.{minor}" for minor in range(21)))
"""Versions that a repository may name, oldest first, including those without an image."""
MATURE: Final = timedelta(days=270)
"""Time after a release until the scientific packages have wheels for it."""
UNDATED: Final = "3.12"
"""For sources without a date: two releases behind the newest, with all wheels available."""
PYTHON_3_USABLE: Final = date(2017, 9, 1)
"""Before this day code whose tests name 2.7 was written on 2.7, and the wheels of its time are for 2.7."""
EXACT: Final = re.compile(r"==\s*\d+\.\d+")
"""A specifier that names one minor version; prose such as `Python 3` gives `==3.*`, which names none."""


class Choice(NamedTuple):
    """Interpreters that the evidence allows, best first, and why the first one leads."""

    pythons: tuple[str, ...]
    reasons: tuple[Reason, ...]
    named: tuple[str, ...] = ()
    """Those of `pythons` that the authors name, test or use."""


def choose(facts: RepoFacts, commit_day: date | None) -> Choice:
    """Return the interpreters in order; never empty: contradictions fall back to the commit's year."""
    constraints = [
        fact
        for fact in facts.of(PythonConstraint)
        if speaks_for_the_whole(facts, fact.source.path.rpartition("/")[0])
    ]
    required = binding(constraints)
    tiers = in_tiers(constraints, tested_pythons(facts))
    voices = [fact for tier in tiers for fact in tier]
    reasons = [_reason(f"allows {fact.specifier}", fact.source) for fact in required]
    allowed = [version for version in RELEASED if _all_admit(required, version)]
    unheld: list[str] = []
    if not allowed:
        unheld = [version for version in EVER if _all_admit(required, version)]
        words = "no image fits" if unheld else "the constraints contradict each other; ignored"
        reasons.append(_reason(words, required[0].source))
        allowed = _of_majors(_majors_of(required))
    syntax = _syntax_limits(facts.of(PythonSyntax))
    three_alone = _names_three_alone(voices)
    if syntax is not None and not (three_alone and _is_leftover(syntax)):
        narrowed = [version for version in allowed if _parses(syntax, version)]
        if narrowed:
            allowed = narrowed
            needs = "2" if syntax.major == 2 else f"3.{syntax.minor}"
            reasons.append(_reason(f"the syntax needs Python {needs}", syntax.source))
    if three_alone:
        allowed = [version for version in allowed if version != "2.7"] or allowed
    named: list[str] = next(filter(None, (_named(allowed, tier) for tier in tiers)), [])
    if not named:
        unheld = unheld or next(filter(None, map(_unheld, tiers)), [])
        named = _nearest(allowed, unheld)
    best, why = _best(allowed, named, commit_day, bool(syntax and syntax.major == 3))
    if unheld and best in named:
        why = f"the nearest available to {', '.join(unheld)}"
    shown = (*voices, *required) if best in named else ()
    first = next((fact for fact in shown if admits(fact, unheld[-1] if unheld else best)), None)
    source = first.source if first else _date_source(commit_day)
    reasons.insert(0, _reason(f"Python {best}: {why}", source))
    order = _in_order(best, allowed, named)
    return Choice(order, tuple(reasons), tuple(version for version in order if version in named))


def _best(
    allowed: list[str], named: list[str], day: date | None, three_only: bool
) -> tuple[str, str]:
    """Return the leading interpreter and the reason."""
    if named:
        usable = [version for version in named if day is None or RELEASED[version] <= day]
        if "2.7" in usable and day is not None and day < PYTHON_3_USABLE and not three_only:
            return "2.7", "tested by its authors, and the usual one at that time"
        if usable:
            return usable[-1], "the newest version its authors mention"
    if day is None:
        if UNDATED in allowed:
            return UNDATED, "no commit date is known: today's default"
        return allowed[-1], "no commit date is known: the newest that fits"
    mature = [version for version in allowed if RELEASED[version] + MATURE <= day]
    if mature and not (mature == ["2.7"] and three_only):
        return mature[-1], "the newest with a full set of packages at the commit's date"
    return allowed[0] if allowed[0] != "2.7" or len(allowed) == 1 else allowed[
        1
    ], "the oldest allowed"


def _in_order(best: str, allowed: list[str], named: list[str]) -> tuple[str, ...]:
    """Return the best first, then by distance from it, named ones before others, older before newer."""
    order = list(RELEASED)
    away = sorted(
        (version for version in allowed if version != best),
        key=lambda version: (
            version not in named,
            abs(order.index(version) - order.index(best)),
            order.index(version),
        ),
    )
    return (best, *away)


def _named(allowed: list[str], facts: Iterable[PythonConstraint]) -> list[str]:
    """Return the allowed versions that at least one exact fact (`==3.6.*`) names, oldest first."""
    exact = [fact for fact in facts if EXACT.match(fact.specifier)]
    return [version for version in allowed if any(admits(fact, version) for fact in exact)]


def _unheld(facts: Iterable[PythonConstraint]) -> list[str]:
    """Return the versions without an image that exact facts name, oldest first.

    Empty if one of the named versions has an image.
    """
    exact = [fact for fact in facts if EXACT.match(fact.specifier)]
    found = [version for version in EVER if any(admits(fact, version) for fact in exact)]
    return [] if any(version in RELEASED for version in found) else found


def _nearest(allowed: list[str], wanted: list[str]) -> list[str]:
    """Return the one of `allowed` that is nearest to one of `wanted`; nothing without any."""
    away = {
        version: min(abs(EVER.index(version) - EVER.index(other)) for other in wanted)
        for version in allowed
        if wanted
    }
    return [min(away, key=away.__getitem__)] if away else []


def _majors_of(facts: list[PythonConstraint]) -> set[str]:
    """Return the major versions that every fact admits in some minor version."""
    return {
        major
        for major in ("2", "3")
        if all(any(admits(fact, v) for v in EVER if v[0] == major) for fact in facts)
    }


def _of_majors(majors: set[str]) -> list[str]:
    """Return the interpreters of these major versions, oldest first; all without any."""
    return [version for version in RELEASED if version[0] in majors] or list(RELEASED)


def _names_three_alone(facts: list[PythonConstraint]) -> bool:
    """Whether files and prose name only versions of Python 3; imports are ignored."""
    named = [fact for fact in facts if fact.source.kind != "import"]
    return bool(named) and not any("2" in _majors_of([fact]) for fact in named)


def _all_admit(facts: list[PythonConstraint], version: str) -> bool:
    return all(admits(fact, version) for fact in facts)


def _syntax_limits(facts: tuple[PythonSyntax, ...]) -> PythonSyntax | None:
    """Return the fact that decides: the major version most files need, and its highest minor."""
    files = {2: 0, 3: 0}
    for fact in facts:
        files[fact.major] += fact.files
    major = 3 if files[3] >= files[2] else 2
    own = (fact for fact in facts if fact.major == major)
    return max(own, key=lambda fact: fact.minor, default=None)


def _is_leftover(syntax: PythonSyntax) -> bool:
    """Whether it is Python 2 in less than half of the files: out of use where Python 3 is tested."""
    return syntax.major == 2 and syntax.files * 2 < syntax.out_of


def _parses(syntax: PythonSyntax, version: str) -> bool:
    major, minor = (int(part) for part in version.split("."))
    return major == syntax.major and minor >= syntax.minor


def _reason(decision: str, source: Source) -> Reason:
    return Reason(topic="python", decision=decision, source=source)


def _date_source(day: date | None) -> Source:
    return Source(kind="commit date", note=day.isoformat()) if day else DEFAULT
