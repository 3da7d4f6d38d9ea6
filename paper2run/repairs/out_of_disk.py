"""Stops where the run wrote more than its limit allows.

Reads the engine's own word (`limit`), and the kernel's `No space left on device`, which in a smoke container means
/tmp: that is a part of its memory. A full disk of the engine never comes here, it is the host's.
"""

import re
from typing import Final

from paper2run.failures.failed_attempt import FailedAttempt, stopped
from paper2run.failures.failure_log import last_hit, telling_line
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.outcome import SmokeFailed

NAME: Final = "out_of_disk"
NO_SPACE: Final = re.compile(r"No space left on device|Disk quota exceeded")


def repair(failed: FailedAttempt) -> Diagnosis | None:
    """Return the stop; None for failed builds and other limits."""
    failure = failed.failure
    if not isinstance(failure, SmokeFailed):
        return None
    if failure.out_of_disk:
        reason = f"Paper2Run stopped the run at its limit: {failure.limit}."
        evidence = telling_line(failure) or f"exit code {failure.exit_code}"
        change = "Raise PAPER2RUN_DISK_MB."
    elif hit := last_hit(failed.lines, NO_SPACE):
        reason = "The run filled /tmp, which is a part of its memory."
        evidence = hit.line
        change = "Raise PAPER2RUN_MEMORY_MB, which also enlarges /tmp."
    else:
        return None
    return stopped(
        NAME,
        "out_of_disk",
        reason=reason,
        evidence=evidence,
        excludes="every-install",
        smallest_change=change,
    )
