"""Builds Go code from before modules the old way, and code without its version control data.

Reads the go command: `go: go.mod file not found in current directory or any parent directory` and `cannot find main
module` (1.16 and newer), `error obtaining VCS status` (1.18 and newer). https://go.dev/ref/mod#mod-commands
"""

import re
from typing import Final

from paper2run.failures.failed_attempt import FailedAttempt, repaired, with_env
from paper2run.failures.failure_log import last_hit
from paper2run.model.diagnosis import Diagnosis

NAME: Final = "go_before_modules"
NO_MODULE: Final = re.compile(r"go: (?:go\.mod file not found|cannot find main module)")
NO_VCS: Final = re.compile(r"error obtaining VCS status")
NO_STAMP: Final = {"GOFLAGS": "-buildvcs=false"}
"""Also right for Go 1.17 and older, which passes over flags that a command does not know."""


def repair(failed: FailedAttempt) -> Diagnosis | None:
    """Return the plan with Go's variables; None where they are set already."""
    hit = last_hit(failed.lines, NO_MODULE, NO_VCS)
    if hit is None:
        return None
    variables = {**NO_STAMP, **({"GO111MODULE": "off"} if NO_MODULE.search(hit.line) else {})}
    return repaired(
        failed,
        NAME,
        with_env(failed.plan, **variables),
        reason=f"Go builds it with {' '.join(f'{name}={value}' for name, value in variables.items())}",
        evidence=hit.line,
    )
