"""Takes a release with a wheel for what does not build from source, and for what needs it.

A release of the commit's day without a wheel for the interpreter may want libraries that no slim image has (LLVM for
llvmlite 0.9). Where the index has a wheel of another release, the set is resolved again without these sources: what it
costs to be later is less than what a build costs that cannot end.
"""

from typing import Final

from packaging.utils import canonicalize_name

from paper2run.failures.blame import package_that_failed
from paper2run.failures.failed_attempt import FailedAttempt, repaired
from paper2run.failures.failure_log import telling_line
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.outcome import BuildFailed
from paper2run.rendering.pip_steps import WHEELS_ONLY, wheels_only_of

NAME: Final = "prebuilt_release"


def repair(failed: FailedAttempt) -> Diagnosis | None:
    """Return the plan in which pip takes wheels alone of these; None where no wheel is known."""
    resolution = failed.planned.resolution
    if not isinstance(failed.failure, BuildFailed) or resolution is None or not failed.prebuilt:
        return None
    name = canonicalize_name(package_that_failed(failed.lines)[0])
    before = wheels_only_of(failed.plan)
    if name not in failed.prebuilt or name in before:
        return None
    pins = {canonicalize_name(pin.name): pin for pin in resolution.pins}
    built = {name}
    # What needs it directly is compiled against it, or speaks to this very release.
    needing = map(canonicalize_name, pins[name].needed_by)
    built |= {other for other in needing if other in pins and pins[other].sdist}
    names = ",".join(sorted(before | built))
    return repaired(
        failed,
        NAME,
        {"env": {**failed.plan.env, WHEELS_ONLY: names}},
        reason=f"the source of {name} {pins[name].version} does not build; releases with wheels: {names}",
        evidence=telling_line(failed.failure),
    )
