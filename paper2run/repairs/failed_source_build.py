"""Leaves out an optional distribution whose source does not build; the rest of the set stays.

Optional is what the plan can do without, and what the manifest leaves to the user as an extra. Reads pip: `Failed
building wheel for NAME` and `Discarding …/NAME-VERSION.tar.gz` (20.3, 21.3), `Failed to build NAME` (23 and newer), the
name that pip gives the failing build in `python setup.py egg_info` blocks, and the last package whose metadata it
prepared.
"""

import re
from typing import Final

from packaging.utils import canonicalize_name

from paper2run.failures.blame import package_that_failed
from paper2run.failures.failed_attempt import FailedAttempt, repaired
from paper2run.failures.failure_log import all_hits, telling_line
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.facts import RepoFacts, Requirement
from paper2run.model.outcome import BuildFailed
from paper2run.rendering.pip_steps import without

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
    if not names or not names <= {*failed.planned.optional, *_only_extras(failed.facts)}:
        return None
    plan = without(failed.plan, names)
    return repaired(
        failed,
        NAME,
        {"install_steps": plan.install_steps},
        reason=f"left out, their sources do not build: {', '.join(sorted(names))}",
        evidence=hits[-1].line if hits else telling_line(failed.failure),
    )


def _only_extras(facts: RepoFacts) -> set[str]:
    """Return what the manifests list in extras alone, whatever imports it."""
    extras = {fact.name for fact in facts.of(Requirement) if fact.group == "extra"}
    return extras - {fact.name for fact in facts.of(Requirement) if fact.group == "runtime"}
