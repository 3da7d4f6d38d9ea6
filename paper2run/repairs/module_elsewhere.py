"""Puts the folder of an own module on the path where the code imports it and does not find it.

Tests import helpers that lie beside them, or another project of the same checkout. Reads CPython's `No module named
'x'` of a whole module; what the repository holds is known from `OwnModule`.
"""

from typing import Final

from paper2run.failures.failed_attempt import FailedAttempt, repaired
from paper2run.failures.gone_names import gone_modules
from paper2run.knowledge.distributions import is_of_python
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.facts import Extension, OwnModule
from paper2run.model.outcome import SmokeFailed

NAME: Final = "module_elsewhere"
MAX_FOLDERS: Final = 3
"""More of them are a repository of many parts, whose modules hide each other."""


def repair(failed: FailedAttempt) -> Diagnosis | None:
    """Return the plan with the modules' folders on the path; None where none or several hold a module."""
    if not isinstance(failed.failure, SmokeFailed):
        return None
    before = [part for part in failed.plan.env.get("PYTHONPATH", "").split(":") if part]
    gone = {one.name: one.line for one in gone_modules(failed.lines) if "." not in one.name}
    roots: dict[str, str] = {}
    for name in gone:
        holding = sorted({fact.root for fact in failed.facts.of(OwnModule) if fact.module == name})
        if len(holding) == 1 and not _hides_others(failed, holding[0]):
            roots.setdefault(f"/repo/{holding[0]}".rstrip("/"), name)
    added = [root for root in roots if root not in before][:MAX_FOLDERS]
    if not added:
        return None
    names = ", ".join(roots[root] for root in added)
    return repaired(
        failed,
        NAME,
        {"env": {**failed.plan.env, "PYTHONPATH": ":".join((*before, *added))}},
        reason=f"{names} is in the checkout; on the path: {', '.join(added)}",
        evidence=gone[roots[added[-1]]],
        confidence="medium",
    )


def _hides_others(failed: FailedAttempt, root: str) -> bool:
    """Whether the folder on the path would hide a module of Python or a compiled one of the repository."""
    beside = [fact for fact in failed.facts.of(OwnModule) if fact.root == root]
    compiled = bool(failed.facts.of(Extension)) and any(fact.installed for fact in beside)
    return compiled or any(is_of_python(fact.module) for fact in beside)
