"""Stops where the log asks for an interpreter that the repository itself rules out.

Reads what `unsupported_python` reads, after all that could be tried: no repair of another rule helped.
"""

from typing import Final

from packaging.version import Version

from paper2run.failures.failed_attempt import FailedAttempt, stopped
from paper2run.failures.other_python import within
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.facts import PythonConstraint
from paper2run.planning.trust import binding
from paper2run.rendering.pip_steps import image_python
from paper2run.repairs.unsupported_python import suitable_pythons

NAME: Final = "no_python_left"


def repair(failed: FailedAttempt) -> Diagnosis | None:
    """Return the stop with the line that rules the interpreter out; None where the present one would do."""
    present = image_python(failed.plan.base_image)
    if not present:
        return None
    for wanted in suitable_pythons(failed.lines, present):
        if wanted.versions.contains(Version(present)) or within(failed, wanted.versions):
            continue
        limits = binding(failed.facts.of(PythonConstraint))
        against = limits[0] if limits else None
        rule = (
            f"{against.source} requires {against.specifier}"
            if against
            else "there is no such image"
        )
        return stopped(
            NAME,
            "unsupported_python",
            reason=f"It runs with Python {wanted.versions} only, and {rule}.",
            evidence=wanted.line,
            # What asks for the interpreter may be one release of a library.
            excludes="this-plan",
            source=against.source if against else None,
            smallest_change=f"The author brings the code to Python {present}, or allows {wanted.versions}.",
        )
    return None
