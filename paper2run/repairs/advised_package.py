"""Adds the distribution that an error itself tells to install: an optional part of a library.

Reads the errors that libraries raise on import or first use: `Missing optional dependency 'openpyxl'. Use pip or conda
to install openpyxl.` (pandas), ``run `pip install pydantic[email]` `` (pydantic), `Install lxml[html_clean] or
lxml_html_clean directly` (lxml).
"""

import re
from itertools import pairwise
from typing import Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from paper2run.failures.failed_attempt import FailedAttempt, repaired, with_requirements
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.facts import Project
from paper2run.model.outcome import SmokeFailed
from paper2run.rendering.pip_steps import plan_requirements

NAME: Final = "advised_package"
ERROR: Final = re.compile(r"(?:^|\s)(?:\w+\.)*\w*(?:Error|NotInstalled\w*|Exception): ")
ADVICE: Final = re.compile(
    r"(?:\bpip3? install |\bUse pip or conda to install |\b[Ii]nstall (?=[\w.-]+\[))"
    r"(?:(?:-U|--upgrade|--user) )?['\"`]?(?P<name>[A-Za-z][\w.-]*(?:\[[\w,. -]{1,80}\])?)"
)


def repair(failed: FailedAttempt) -> Diagnosis | None:
    """Return the plan with the last such distribution; None for parts of the repository itself."""
    if not isinstance(failed.failure, SmokeFailed):
        return None
    wanted = [Requirement(text) for text in plan_requirements(failed.plan)]
    known = {(canonicalize_name(one.name), extra) for one in wanted for extra in ("", *one.extras)}
    own = {canonicalize_name(fact.name) for fact in failed.facts.of(Project) if fact.name}
    # An error may go on in the line below.
    for line, below in reversed(list(pairwise((*failed.lines, "")))):
        match = ERROR.search(line) and (ADVICE.search(line) or ADVICE.search(below))
        advised = _requirement(match["name"]) if match else None
        if advised is None or canonicalize_name(advised.name) in own:
            continue
        asked = {(canonicalize_name(advised.name), extra) for extra in advised.extras or {""}}
        if not asked <= known:
            return repaired(
                failed,
                NAME,
                with_requirements(failed.plan, str(advised)),
                reason=f"the error tells to install {advised}",
                evidence=line.strip(),
                confidence="medium",
            )
    return None


def _requirement(text: str) -> Requirement | None:
    try:
        return Requirement(text.rstrip(".-"))
    except InvalidRequirement:
        return None
