"""Stops where the container's memory limit ended the run."""

from typing import Final

from paper2run.broken import Broken, stopped
from paper2run.failure_log import telling_line
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.outcome import SmokeFailed

NAME: Final = "out_of_memory"


def repair(broken: Broken) -> Diagnosis | None:
    """Return the stop; the engine itself says whether memory was the reason."""
    failure = broken.failure
    if not isinstance(failure, SmokeFailed) or not failure.out_of_memory:
        return None
    return stopped(
        NAME,
        "out_of_memory",
        reason=f"The run was ended by its limit: {failure.limit or 'memory'}.",
        evidence=telling_line(failure) or f"exit code {failure.exit_code}",
        smallest_change="More memory: PAPER2RUN_MEMORY_MB.",
    )
