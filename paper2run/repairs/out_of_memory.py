"""Limits a build that ran out of memory to one job at a time.

Stops if that was not enough, or if every command reached its limit. Reads the engine's own word for runs. Builds have
no limit of ours: gcc says `fatal error: Killed signal terminated program cc1plus`, the shell `Killed`, and allocators
`virtual memory exhausted` or `Cannot allocate memory`.
"""

import re
from typing import Final

from paper2run.failures.failed_attempt import (
    FailedAttempt,
    repaired,
    stopped,
    with_env,
)
from paper2run.failures.failure_log import last_hit, telling_line
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.outcome import BuildFailed

NAME: Final = "out_of_memory"
KILLED: Final = re.compile(
    r"Killed signal terminated program|virtual memory exhausted|Cannot allocate memory|^\s*Killed\s*$"
)
KILLED_CODE: Final = 137
"""128 and the number of SIGKILL, which the kernel sends."""
ONE_JOB: Final = {
    "CARGO_BUILD_JOBS": "1",
    "CMAKE_BUILD_PARALLEL_LEVEL": "1",
    "MAKEFLAGS": "-j1",
    "MAX_JOBS": "1",
    "NPY_NUM_BUILD_JOBS": "1",
}
"""For cargo, CMake, make, torch's extensions with ninja, and numpy.distutils."""


def repair(failed: FailedAttempt) -> Diagnosis | None:
    """Return the plan with one job, else the stop.

    Only the engine's word shows that a run was out of memory.
    """
    failure = failed.failure
    if isinstance(failure, BuildFailed):
        return _of_build(failed, failure)
    if not failure.out_of_memory:
        return None
    limit = failure.limit or "memory"
    evidence = telling_line(failure) or f"exit code {failure.exit_code}"
    return stopped(
        NAME,
        "out_of_memory",
        reason=f"The engine stopped the run at its limit: {limit}.",
        evidence=evidence,
        excludes="every-install",
        smallest_change="Raise PAPER2RUN_MEMORY_MB.",
    )


def _of_build(failed: FailedAttempt, failure: BuildFailed) -> Diagnosis | None:
    hit = last_hit(failed.lines, KILLED)
    if hit is None and failure.exit_code != KILLED_CODE:
        return None
    evidence = hit.line if hit else f"exit code {failure.exit_code}"
    return repaired(
        failed,
        NAME,
        with_env(failed.plan, **ONE_JOB),
        reason="the build ran out of memory; it goes on with one job at a time",
        evidence=evidence,
        cause="out_of_memory",
    ) or stopped(
        NAME,
        "out_of_memory",
        reason=f"The build ran out of memory, with one job at a time too, in: {failure.step[:200]}",
        evidence=evidence,
        # Another candidate may have wheels.
        excludes="this-plan",
        smallest_change="Give the container engine more memory.",
    )
