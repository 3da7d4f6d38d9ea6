"""Brings modules back under their former names: PIL's `Image` is `PIL.Image` since Pillow.

A module of the former name stands for the one of today, as PIL.pth of Debian's python-imaging made it.
https://pillow.readthedocs.io/en/stable/porting.html
"""

from paper2run.knowledge.distributions import present_name
from paper2run.model.environment import Reason
from paper2run.model.facts import RepoFacts
from paper2run.model.value import Source
from paper2run.planning.needed_imports import needed_imports

FOLDER = "$(python -c 'import sysconfig; print(sysconfig.get_paths()[\"purelib\"])')"


def former_modules(facts: RepoFacts) -> tuple[tuple[str, ...], tuple[Reason, ...]]:
    """Return an install step for each module that the code imports by a former name, with its reason."""
    found: dict[str, tuple[str, Source]] = {}
    for fact in needed_imports(facts):
        if present := present_name(fact.module):
            found.setdefault(fact.module, (present, fact.source))
    steps = tuple(
        f"printf 'import sys, {present}\\nsys.modules[__name__] = {present}\\n' > \"{FOLDER}/{module}.py\""
        for module, (present, _) in found.items()
    )
    reasons = tuple(
        Reason(topic="install", decision=f"{module} is {present} by its former name", source=source)
        for module, (present, source) in found.items()
    )
    return steps, reasons
