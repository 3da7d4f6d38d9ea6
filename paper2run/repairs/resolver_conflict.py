"""Drops the least trusted version limit of those that contradict each other; the name stays.

Reads pip 20.3 and newer: `Cannot install a and b because these package versions have conflicting dependencies` with
its lines `The user requested a==1` and `b 2.0 depends on a>=2`.
https://pip.pypa.io/en/stable/topics/dependency-resolution/#dealing-with-dependency-conflicts
"""

import re
from collections.abc import Collection
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from paper2run.failures.failed_attempt import FailedAttempt, repaired
from paper2run.failures.failure_log import all_hits
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.facts import Requirement as RequirementFact
from paper2run.model.outcome import BuildFailed
from paper2run.model.value import Source
from paper2run.rendering.pip_steps import instead_of, plan_requirements

NAME: Final = "resolver_conflict"
CONFLICT: Final = re.compile(r"(?:have conflicting dependencies|ResolutionImpossible)")
PARTY: Final = re.compile(
    r"^\s+The user requested (?:\(constraint\) )?(?P<asked>[A-Za-z0-9][\w.-]*)"
    r"|^\s+(?P<parent>[A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])? \S+ depends on (?P<child>[A-Za-z0-9][\w.-]*)"
)
TRUSTED: Final = ("setup.py", "setup.cfg", "pyproject.toml")
"""What an installer of the project itself holds; a requirements file is one machine's state."""


def repair(failed: FailedAttempt) -> Diagnosis | None:
    """Return the plan without that limit; None where none of the contradicting ones is the plan's own."""
    conflict = all_hits(failed.lines, CONFLICT)
    if not conflict or not isinstance(failed.failure, BuildFailed):
        return None
    parties = all_hits(failed.lines, PARTY)
    names = {canonicalize_name(hit.match["asked"] or hit.match["parent"]) for hit in parties}
    limits = [
        requirement
        for requirement in map(Requirement, plan_requirements(failed.plan))
        if requirement.specifier and canonicalize_name(requirement.name) in names
    ]
    if not limits:
        return None
    wanted = {canonicalize_name(hit.match["child"]) for hit in parties if hit.match["child"]}
    least = min(limits, key=lambda limit: _trust(failed, limit, wanted))
    source = _source(failed, least)
    plan = instead_of(failed.plan, canonicalize_name(least.name), least.name)
    return repaired(
        failed,
        NAME,
        {"install_steps": plan.install_steps},
        reason=f"{least} contradicts the others and is trusted least ({source or 'no file declares it'}): any version",
        evidence=parties[0].line,
        cause="unresolvable",
        confidence="medium",
    )


def _trust(
    failed: FailedAttempt, limit: Requirement, wanted: Collection[str]
) -> tuple[int, bool, bool]:
    """Return how far to trust a limit, as a tuple that sorts.

    Its place counts first, then whether nothing else wants the package, then whether it is a range.
    """
    source = _source(failed, limit)
    if source is None:
        place = 0
    elif source.path.rpartition("/")[2] in TRUSTED:
        place = 3
    else:
        place = 2 if source.kind == "file" else 1
    return place, canonicalize_name(limit.name) not in wanted, "==" not in str(limit.specifier)


def _source(failed: FailedAttempt, limit: Requirement) -> Source | None:
    name = canonicalize_name(limit.name)
    facts = failed.facts.of(RequirementFact)
    return next((fact.source for fact in facts if fact.name == name), None)
