"""Gives another release, or another name, where the index does not have what a build step asks for.

Reads pip: `Could not find a version that satisfies the requirement x==1.2 (from versions: 1.1, 1.3)`; `(from versions:
none)` for a name that the index does not have at all. Releases that only another Python could take are another rule's.
"""

import re
from typing import Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from paper2run.failures.failed_attempt import FailedAttempt, repaired
from paper2run.failures.failure_log import last_hit
from paper2run.knowledge.distributions import distribution_for
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.outcome import BuildFailed
from paper2run.rendering.pip_steps import instead_of, plan_requirements, without

NAME: Final = "no_such_release"
NOT_FOUND: Final = re.compile(
    r"satisfies the requirement (?P<wanted>[^;(]+?)(?:;.*)? \(from versions: (?P<offered>[^)]*)\)"
)


def repair(failed: FailedAttempt) -> Diagnosis | None:
    """Return the plan with the nearest release, with the successor of the name, or without it.

    None where no step names the package, or where the wanted release is among the offered ones: then something else
    than the index stands against it, such as its own failed build or a constraint.
    """
    hit = last_hit(failed.lines, NOT_FOUND)
    if hit is None or not isinstance(failed.failure, BuildFailed):
        return None
    try:
        wanted = Requirement(hit.match["wanted"].strip())
    except InvalidRequirement:
        return None
    name = canonicalize_name(wanted.name)
    if name not in {canonicalize_name(Requirement(t).name) for t in plan_requirements(failed.plan)}:
        return None
    nearest = _nearest(wanted, hit.match["offered"])
    if nearest and wanted.specifier.contains(nearest.rpartition("==")[2], prereleases=True):
        return None
    known = distribution_for(wanted.name)
    if nearest:
        plan, why = instead_of(failed.plan, name, nearest), f"the index has {nearest}"
    elif known.certainty == "known" and known.name != name:
        plan, why = instead_of(failed.plan, name, known.name), f"its name is {known.name}"
    else:
        # Whether the code can do without is seen when it runs; the name alone is no proof that it cannot.
        plan, why = without(failed.plan, {name}), "the index has nothing of that name: left out"
    return repaired(
        failed,
        NAME,
        {"install_steps": plan.install_steps},
        reason=f"there is no {wanted}; {why}",
        evidence=hit.line,
        cause="dead_dependency",
        confidence="medium" if nearest else "low",
    )


def _nearest(wanted: Requirement, offered: str) -> str:
    """Return the first offered release after the wanted one, else the last before it; empty without any."""
    floors = [part.version.removesuffix(".*") for part in wanted.specifier]
    try:
        asked = Version(floors[0]) if floors else Version("0")
        releases = sorted(Version(text) for text in offered.split(", ") if text and text != "none")
    except InvalidVersion:
        return ""
    stable = [release for release in releases if not release.is_prerelease] or releases
    if not stable:
        return ""
    # A local label, `1.7.1+cu110`, names a build of the same release.
    later = [release for release in stable if release >= Version(asked.public)]
    return f"{wanted.name}=={(later or stable[-1:])[0]}"
