"""Runs a script in its own folder where it looks for a file beside itself.

Reads CPython: `FileNotFoundError: [Errno 2] No such file or directory: 'data/x.csv'` with a relative path, from a
script that was started in the folder above.
"""

import re
import shlex
from pathlib import PurePosixPath
from typing import Final

from paper2run.failures.failed_attempt import FailedAttempt, repaired
from paper2run.failures.failure_log import last_hit
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.outcome import SmokeFailed

NAME: Final = "wrong_directory"
NO_FILE: Final = re.compile(
    r"(?:FileNotFoundError|IOError|OSError): (?:\[Errno 2\] No such file or directory: |File )?"
    r"(?P<path>(?P<quote>['\"])[A-Za-z0-9_.][\w./ +-]*(?P=quote)"
    r"|[A-Za-z0-9_.][\w./+-]*(?:\.\w{1,8}|/[\w./+-]+)(?=[\s:]|$))"
)
"""Without quotes it must look like a path: a bare OSError says anything."""
QUOTES: Final = "'\""
SCRIPT: Final = re.compile(
    r"^(?P<python>python[\d.]*) (?P<script>[\w.-]+(?:/[\w.-]+)+\.py)(?P<rest>\s.*)?$"
)


def repair(failed: FailedAttempt) -> Diagnosis | None:
    """Return the plan that starts the script in its folder; None for commands that name one already."""
    command = SCRIPT.match(failed.plan.smoke_command)
    hit = last_hit(failed.lines, NO_FILE)
    if (
        not isinstance(failed.failure, SmokeFailed)
        or command is None
        or hit is None
        or failed.is_users_command
    ):
        return None
    script = PurePosixPath(command["script"])
    line = f"{command['python']} {script.name}{command['rest'] or ''}"
    return repaired(
        failed,
        NAME,
        {"smoke_command": f"cd {shlex.quote(str(script.parent))} && {line}"},
        reason=f"{hit.match['path'].strip(QUOTES)} is looked for from {script.parent}, where the script lies",
        evidence=hit.line,
        cause="code_error",
        confidence="medium",
    )
