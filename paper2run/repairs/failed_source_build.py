"""Leaves out an optional distribution whose source does not build; the rest of the set stays.

It may also be the source of one that only optional distributions need. Optional is what the plan can do without, and
what the manifest leaves to the user as an extra. Reads pip: `Failed building wheel for NAME` and `Discarding
…/NAME-VERSION.tar.gz` (20.3, 21.3), `Failed to build NAME` (23 and newer), the name that pip gives the failing build
in `python setup.py egg_info` blocks, and the last package whose metadata it prepared.
"""

import re
from collections.abc import Set
from typing import Final

from packaging.requirements import Requirement as Pep508
from packaging.utils import canonicalize_name

from paper2run.failures.blame import package_that_failed
from paper2run.failures.failed_attempt import FailedAttempt, repaired
from paper2run.failures.failure_log import all_hits, telling_line
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.facts import RepoFacts, Requirement
from paper2run.model.outcome import BuildFailed
from paper2run.rendering.pip_steps import plan_requirements, without

NAME: Final = "failed_source_build"
SIGNS: Final = re.compile(
    r"Failed building wheel for (?P<wheel>[\w.-]+)"
    r"|Discarding \S+/(?P<sdist>[\w.-]+?)-\d[\w.]*\.(?:tar\.gz|zip|tar\.bz2)"
    r"|Failed to build (?P<listed>[\w.-]+)|satisfies the requirement (?P<wanted>[\w.-]+?)=="
)


def repair(failed: FailedAttempt) -> Diagnosis | None:
    """Return the plan without the distributions that failed; None unless all of them are optional."""
    if not isinstance(failed.failure, BuildFailed):
        return None
    hits = all_hits(failed.lines, SIGNS)
    names = {canonicalize_name(next(filter(None, hit.match.groups()))) for hit in hits}
    if not hits and (name := package_that_failed(failed.lines)[0]):
        names = {canonicalize_name(name)}
    wanting = _wanting(failed, names)
    if not wanting or not wanting <= {*failed.planned.optional, *_only_extras(failed.facts)}:
        return None
    plan = without(failed.plan, wanting)
    return repaired(
        failed,
        NAME,
        {"install_steps": plan.install_steps},
        reason=_reason(names, wanting),
        evidence=hits[-1].line if hits else telling_line(failed.failure),
    )


def _wanting(failed: FailedAttempt, names: Set[str]) -> Set[str]:
    """Return what the plan names among the distributions and those that need them, directly or not."""
    resolution = failed.planned.resolution
    needed_by = {pin.name: pin.needed_by for pin in resolution.pins} if resolution else {}
    found = set(names)
    left = [*names]
    while left:
        further = {*needed_by.get(left.pop(), ())} - found
        found |= further
        left += further
    asked = {canonicalize_name(Pep508(text).name) for text in plan_requirements(failed.plan)}
    return found & asked


def _reason(names: Set[str], wanting: Set[str]) -> str:
    failed, left_out = ", ".join(sorted(names)), ", ".join(sorted(wanting))
    if names == wanting:
        return f"left out, their sources do not build: {failed}"
    return f"left out, since the source of {failed} does not build: {left_out}"


def _only_extras(facts: RepoFacts) -> set[str]:
    """Return what the manifests list in extras alone, whatever imports it."""
    extras = {fact.name for fact in facts.of(Requirement) if fact.group == "extra"}
    return extras - {fact.name for fact in facts.of(Requirement) if fact.group == "runtime"}
