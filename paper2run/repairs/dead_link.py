"""Stops where a step of the build fetches an address that is gone.

Reads wget (`ERROR 404: Not Found.`), curl (`(22) The requested URL returned error: 404`), CPython's `HTTP Error 404`,
pip (`HTTP error 404 while getting https://…`) and git (`repository 'https://…' not found`). What the package index
lacks is another rule's; a host that does not answer is no dead link.
"""

import re
from typing import Final

from paper2run.failures.failed_attempt import FailedAttempt, stopped
from paper2run.failures.failure_log import code_line, last_error, last_hit, last_traceback
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.outcome import BuildFailed

NAME: Final = "dead_link"
GONE: Final = (
    re.compile(r"ERROR (?:404|410): "),
    re.compile(r"requested URL returned error: (?:404|410)"),
    re.compile(r"HTTP ?Error:? (?:404|410)|HTTP error (?:404|410) while getting"),
    re.compile(r"fatal: repository '[^']+' not found"),
)
COMMAND_FAILED: Final = re.compile(r"\s*error: command ")
"""distutils' word for a program that it called: it passes on what that one said."""
ADDRESS: Final = re.compile(r"(?:https?|ftp)://[^\s'\"<>)]+")


def repair(failed: FailedAttempt) -> Diagnosis | None:
    """Return the stop with the dead address; None for runs.

    The address stands in the error, in the step or in the lines before.
    """
    # What a build went on without until another error ended it may not be needed.
    told = [line for line in last_traceback(failed.lines) if not COMMAND_FAILED.match(line)]
    hit = last_hit(told[last_error(told) :], *GONE)
    if not isinstance(failed.failure, BuildFailed) or hit is None:
        return None
    before = [line for line in failed.lines if line.strip() != hit.line]
    nearest = last_hit([*before, failed.failure.step, hit.line], ADDRESS)
    address = (
        nearest.match[0].rstrip(".,:;") if nearest else "an address that the log does not name"
    )
    return stopped(
        NAME,
        "dead_link",
        reason=f"The build fetches {address}, which is gone.",
        evidence=hit.line,
        source=code_line(failed.lines, hit.line),
        excludes=failed.reach_of(hit.line),
        smallest_change=f"The author names another place for {address}, or puts what it held into the repository.",
    )
