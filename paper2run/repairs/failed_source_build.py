"""Leaves out an optional distribution whose source does not build; the rest of the set stays.

Reads pip: `Failed building wheel for NAME` and `Discarding …/NAME-VERSION.tar.gz` (20.3, 21.3), `Failed to build
NAME` (23 and newer), and the name that pip gives the failing build in `python setup.py egg_info` blocks.
"""

import re
from typing import Final

from packaging.utils import canonicalize_name

from paper2run.failures.failed_attempt import FailedAttempt, repaired
from paper2run.failures.failure_log import all_hits
from paper2run.model.diagnosis import Diagnosis
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
    if not names or not names <= set(failed.planned.optional):
        return None
    plan = without(failed.plan, names)
    return repaired(
        failed,
        NAME,
        {"install_steps": plan.install_steps},
        reason=f"left out, their sources do not build: {', '.join(sorted(names))}",
        evidence=hits[-1].line,
    )
