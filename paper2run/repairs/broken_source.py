"""Stops where a file of the repository is no program: an exercise left open, a merge left half done.

Reads CPython's `IndentationError: expected an indented block` and `SyntaxError` under a line of the checkout that no
other interpreter reads either: what Python 2 or a newer Python reads is left to their rules, also where the plans that
they ask for were tried.
"""

import re
from typing import Final

from paper2run.failures.failed_attempt import FailedAttempt, stopped
from paper2run.failures.failure_log import code_line, last_hit
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.facts import Unreadable
from paper2run.model.outcome import SmokeFailed
from paper2run.rendering.pip_steps import image_python
from paper2run.repairs import python2_source
from paper2run.repairs.unsupported_python import suitable_pythons

NAME: Final = "broken_source"
UNREADABLE: Final = re.compile(r"^\s*(?:E\s+)?(?:IndentationError|TabError|SyntaxError): ")


def repair(failed: FailedAttempt) -> Diagnosis | None:
    """Return the stop; None if the log does not name the file."""
    hit = last_hit(failed.lines, UNREADABLE)
    if not isinstance(failed.failure, SmokeFailed) or hit is None:
        return None
    present = image_python(failed.plan.base_image)
    if python2_source.shows_python_2(failed.lines) or (
        present and suitable_pythons(failed.lines, present)
    ):
        return None
    code = code_line(failed.lines, hit.line)
    if code is None:
        return None
    place = f"{code.path}:{code.line}"
    malformed = {fact.path for fact in failed.facts.of(Unreadable) if fact.cause == "malformed"}
    proven = code.path in malformed
    reader = "No Python version can parse" if proven else "Python cannot parse"
    return stopped(
        NAME,
        "code_error",
        reason=f"{reader} {place}.",
        evidence=hit.line,
        source=code,
        # The detector has read it with the grammar of every version.
        excludes="every-plan" if proven else "this-plan",
        smallest_change=f"The author completes {place}; or use --smoke to name a command that works without it.",
    )
