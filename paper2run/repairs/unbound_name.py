"""Stops where own code reads a local variable before any line of its function has given it a value.

Reads CPython's `UnboundLocalError: local variable 'x' referenced before assignment`, and the words of Python 3.11 for
it. The branches of the code alone decide that, with any version of its libraries.
"""

import re
from typing import Final

from paper2run.failures.failed_attempt import FailedAttempt, stopped
from paper2run.failures.failure_log import code_line, last_hit
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.outcome import SmokeFailed

NAME: Final = "unbound_name"
UNBOUND: Final = re.compile(
    r"^\s*(?:E\s+)?UnboundLocalError: (?:cannot access )?local variable '(?P<name>\w+)'"
)


def repair(failed: FailedAttempt) -> Diagnosis | None:
    """Return the stop with the variable and its line; None for code of a library."""
    hit = last_hit(failed.lines, UNBOUND)
    if not isinstance(failed.failure, SmokeFailed) or hit is None or not failed.ran_own_code:
        return None
    code = code_line(failed.lines, hit.line)
    if code is None or failed.reach_of(hit.line) == "this-plan":
        return None
    name = hit.match["name"]
    return stopped(
        NAME,
        "code_error",
        reason=f"{code.path}:{code.line} reads {name}, which has no value on the way that this command takes.",
        evidence=hit.line,
        source=code,
        excludes="every-install",
        smallest_change=f"The author gives {name} a value before {code.path}:{code.line}.",
    )
