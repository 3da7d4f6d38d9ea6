"""Stops where the build exceeded its time limit.

Only the engine's word counts, never a line of the log.
"""

from typing import Final

from paper2run.failures.failed_attempt import FailedAttempt, stopped
from paper2run.failures.failure_log import failure_lines
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.outcome import BuildFailed

NAME: Final = "timed_out"


def repair(failed: FailedAttempt) -> Diagnosis | None:
    """Return the stop with the step that was running; None for builds that ended by themselves."""
    failure = failed.failure
    if not isinstance(failure, BuildFailed) or not failure.timed_out:
        return None
    last = next((line.strip() for line in reversed(failure_lines(failure)) if line.strip()), "")
    return stopped(
        NAME,
        "timeout",
        reason=f"The build was ended after {failure.seconds:.0f} s in: {failure.step[:200] or 'an unnamed step'}",
        evidence=last or failure.step,
        # Another candidate may have wheels.
        excludes="this-plan",
        smallest_change="Raise PAPER2RUN_BUILD_TIMEOUT (seconds).",
    )
