"""Takes the nearest release of a library that has the name which the installed one lacks.

The index was searched for it (stage `look up`): the newest older release that has the name, else the first newer one.
Reads CPython's `ImportError: cannot import name 'y' from 'x'`, `No module named 'x.y'` and `AttributeError: module 'x'
has no attribute 'y'`.
"""

from typing import Final

from packaging.version import InvalidVersion, Version

from paper2run.failures.failed_attempt import FailedAttempt, repaired
from paper2run.failures.gone_names import NO_ATTRIBUTE, Gone, all_gone
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.facts import OwnModule
from paper2run.model.outcome import HoldingRelease, SmokeFailed
from paper2run.repairs.library_too_new import with_cap

NAME: Final = "name_of_another_release"


def repair(failed: FailedAttempt) -> Diagnosis | None:
    """Return the plan with that release as a limit; None where the index has none, and for own names."""
    if not isinstance(failed.failure, SmokeFailed):
        return None
    own = {fact.module for fact in failed.facts.of(OwnModule)}
    held = {one.name: one for one in failed.releases}
    for gone in reversed(all_gone(failed.lines)):
        if gone.dotted in held and gone.dotted.partition(".")[0] not in own:
            return _limited(failed, gone, held[gone.dotted])
    return None


def _limited(failed: FailedAttempt, gone: Gone, held: HoldingRelease) -> Diagnosis | None:
    pins = failed.planned.resolution.pins if failed.planned.resolution else ()
    present = next((pin.version for pin in pins if pin.name == held.distribution), "")
    try:
        is_older = Version(held.version) < Version(present)
    except InvalidVersion:
        return None
    requirement = f"{held.distribution}{'<=' if is_older else '>='}{held.version}"
    changes = with_cap(failed.plan, requirement)
    if changes is None:
        return None
    return repaired(
        failed,
        NAME,
        changes,
        reason=f"{held.distribution} {present} has no {gone.dotted}, {held.version} has it: {requirement}",
        evidence=gone.line,
        cause="code_error",
        # An attribute may come into being as the library runs.
        confidence="low" if NO_ATTRIBUTE.search(gone.line) else "medium",
    )
