"""Puts the folder of an own module on the path where the code imports it and does not find it.

Tests import helpers that lie beside them, or another project of the same checkout; and an install leaves out what the
manifest forgets: subpackages (`packages=["x"]`) and files of data. Reads CPython's `No module named 'x'` and `x.y`, and
`No such file or directory` of a file in an installed package; what the repository holds is known from `OwnModule`.
"""

import re
from collections.abc import Collection
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
LEFT_OUT: Final = re.compile(
    r"No such file or directory: ['\"]?/\S+/(?:site|dist)-packages/(?P<top>\w+)/(?P<path>[^'\"]+)"
)
"""A file that an installed package looks for in its own folder."""


def repair(failed: FailedAttempt) -> Diagnosis | None:
    """Return the plan with the modules' folders on the path; None where none or several hold a module."""
    if not isinstance(failed.failure, SmokeFailed):
        return None
    before = [part for part in failed.plan.env.get("PYTHONPATH", "").split(":") if part]
    gone = {one.name: one.line for one in gone_modules(failed.lines) if "." not in one.name}
    found = {name: root for name in gone if (root := _root_of(failed, name)) is not None}
    for name, line in _left_out(failed.lines).items():
        root = _root_of(failed, name.partition(".")[0], installed=True)
        if root is not None and failed.missing_part(name) is None:
            gone[name], found[name] = line, root
    hiding = _hiding_others(failed, set(found.values()))
    roots: dict[str, str] = {}
    for name, root in found.items():
        if root not in hiding:
            roots.setdefault(f"/repo/{root}".rstrip("/"), name)
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


def _left_out(lines: list[str]) -> dict[str, str]:
    """Return the parts that packages lack in their own folder, dotted or as a path, with their lines."""
    found = {one.name: one.line for one in gone_modules(lines) if "." in one.name}
    for line in lines:
        if match := LEFT_OUT.search(line):
            found[f"{match['top']}.{match['path']}"] = line.strip()
    return found


def _root_of(failed: FailedAttempt, module: str, *, installed: bool = False) -> str | None:
    """Return the folder that holds the module; of several the one of a project; None for none or several."""
    holding = [
        fact
        for fact in failed.own_modules
        if fact.module == module and (fact.installed or not installed)
    ]
    roots = {fact.root for fact in holding if fact.installed} or {fact.root for fact in holding}
    return min(roots) if len(roots) == 1 else None


def _hiding_others(failed: FailedAttempt, roots: Collection[str]) -> set[str]:
    """Return the folders that would hide a module of Python, or a compiled one of the repository."""
    compiles = bool(failed.facts.of(Extension))
    return {
        fact.root
        for fact in failed.facts.of(OwnModule)
        if fact.root in roots and ((compiles and fact.installed) or is_of_python(fact.module))
    }
