"""Gives the user of smoke runs a name, where code asks the system who runs it.

A container's user is a number without an entry in /etc/passwd. Reads CPython's `KeyError: 'getpwuid(): uid not found'`
and getpass's `No username set in the environment`, and the shell's `cannot find name for user ID`.
"""

import re
from typing import Final

from paper2run.failures.failed_attempt import FailedAttempt, repaired
from paper2run.failures.failure_log import last_hit
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.image import OUTSIDE, USER, USER_NAME
from paper2run.model.outcome import SmokeFailed

NAME: Final = "unknown_user"
UNKNOWN: Final = re.compile(
    r"getpwuid\(\): uid not found|No username set in the environment|cannot find name for user ID"
)
STEP: Final = f"echo '{USER_NAME}:x:{USER}::{OUTSIDE}:/bin/sh' >> /etc/passwd"


def repair(failed: FailedAttempt) -> Diagnosis | None:
    """Return the plan with an entry for the user; None where it has one."""
    hit = last_hit(failed.lines, UNKNOWN)
    if hit is None or not isinstance(failed.failure, SmokeFailed):
        return None
    if STEP in failed.plan.install_steps:
        return None
    return repaired(
        failed,
        NAME,
        # Last, so that the layers before it are kept.
        {"install_steps": (*failed.plan.install_steps, STEP)},
        reason="the code asks for the name of the user, which was a number only",
        evidence=hit.line,
    )
