"""Caps a library that is newer than the code: a name is gone from it, or it behaves otherwise.

Reads CPython's `AttributeError: module 'x' has no attribute 'y'`, `'X' object has no attribute 'y'`,
`ImportError: cannot import name 'y' from 'x'` and `No module named 'x.y'`, and the libraries' own words for what
they dropped (data/library_breaks.json). What the table does not know is `name_of_another_release`'s.
"""

from typing import Any, Final

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from paper2run.failures.failed_attempt import FailedAttempt, repaired, with_requirements
from paper2run.failures.gone_names import last_gone
from paper2run.failures.other_python import with_python, within
from paper2run.knowledge.library_breaks import LibraryBreak, break_of_line, break_of_name
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.environment import EnvPlan
from paper2run.model.facts import OwnModule
from paper2run.model.resolution import Pin
from paper2run.rendering.pip_steps import image_python, plan_requirements, without

NAME: Final = "library_too_new"


def repair(failed: FailedAttempt) -> Diagnosis | None:
    """Return the plan with the library's cap, and with an older Python where the older releases need one.

    None where the present Python is too new for them and the repository allows no older one.
    """
    gone = last_gone(failed.lines)
    if gone is not None and gone.dotted.partition(".")[0] in _own(failed):
        gone = None
    known = break_of_name(gone.dotted) if gone else None
    if gone is not None and known is not None and (not gone.is_class or _is_here(failed, known)):
        return _capped(failed, known, gone.line)
    for line in reversed(failed.lines):
        known = break_of_line(line, failed.planned.commit_day)
        if known is not None:
            return _capped(failed, known, line.strip())
    return None


def _capped(failed: FailedAttempt, known: LibraryBreak, line: str) -> Diagnosis | None:
    changes = with_cap(failed.plan, known.requirement)
    present = image_python(failed.plan.base_image)
    pythons: tuple[str, ...] = ()
    if changes is None or not present:
        return None
    if known.newest_python and Version(present) > Version(known.newest_python):
        pythons = within(failed, SpecifierSet(f"<={known.newest_python}"))
        if not pythons:
            return None
        changes |= with_python(failed.plan, pythons[0])
    moved = f", which Python {pythons[0]} still has wheels of" if pythons else ""
    return repaired(
        failed,
        NAME,
        changes,
        reason=f"the code is older than the library: {known.requirement}{moved} ({known.source})",
        evidence=line,
        cause="code_error",
        pythons=pythons,
    )


def _is_here(failed: FailedAttempt, known: LibraryBreak) -> bool:
    """Whether the library may be in the image: a class's name alone is any library's."""
    pins = failed.planned.resolution.pins if failed.planned.resolution else ()
    named = {canonicalize_name(Requirement(text).name) for text in plan_requirements(failed.plan)}
    return not pins or known.distribution in named or _pin(failed, known.distribution) is not None


def with_cap(plan: EnvPlan, requirement: str) -> dict[str, Any] | None:
    """Return the change that adds the cap; None if the plan has it.

    The cap replaces a version that it rules out.
    """
    wanted = plan_requirements(plan)
    if requirement in wanted:
        return None
    cap = Requirement(requirement)
    for text in map(Requirement, wanted):
        floors = (part.version for part in text.specifier if part.operator in {"==", ">=", "~="})
        if canonicalize_name(text.name) == cap.name and not all(
            cap.specifier.contains(floor.removesuffix(".*"), prereleases=True) for floor in floors
        ):
            plan = without(plan, {cap.name})
            break
    return with_requirements(plan, requirement)


def _pin(failed: FailedAttempt, name: str) -> Pin | None:
    pins = failed.planned.resolution.pins if failed.planned.resolution else ()
    return next((pin for pin in pins if canonicalize_name(pin.name) == name), None)


def _own(failed: FailedAttempt) -> set[str]:
    return {fact.module for fact in failed.facts.of(OwnModule)}
