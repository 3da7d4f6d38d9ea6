"""Gives a package's installed folder to the user of the container, where the package writes into it.

Reads CPython's `PermissionError: [Errno 13] Permission denied` for a path inside the folder of an installed package;
in Python 2 it is an `IOError` or `OSError`; and distutils' failed link of a module that a package compiles there.
Databases, settings and caches beside the code are written in a person's own environment; smoke runs are not root.
"""

import re
import shlex
from typing import Final

from paper2run.failures.failed_attempt import FailedAttempt, repaired
from paper2run.failures.failure_log import all_hits
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.image import USER
from paper2run.model.outcome import SmokeFailed

NAME: Final = "unwritable_package"
DENIED: Final = re.compile(
    r"(?:Permission|IO|OS)Error: \[Errno 13\] Permission denied: "
    r"'(?P<folder>/[\w./+=,-]*/(?:site|dist)-packages/[\w.-]+)/[^'/][^']*'"
)
NOT_LINKED: Final = re.compile(
    r"LinkError: .* -o (?P<folder>/[\w./+=,-]*/(?:site|dist)-packages/[\w.-]+)/[^ \"']+[\"'] failed with exit"
)
MAX_FOLDERS: Final = 3


def repair(failed: FailedAttempt) -> Diagnosis | None:
    """Return the plan with the folders given away; None where no installed package was written into."""
    if not isinstance(failed.failure, SmokeFailed):
        return None
    hits = (*all_hits(failed.lines, DENIED), *all_hits(failed.lines, NOT_LINKED))
    denied = {hit.match["folder"]: hit.line for hit in hits}
    folders = list(denied)[:MAX_FOLDERS]
    if not folders:
        return None
    # A folder that was given away already is written into in vain for another reason.
    step = f"chown -R {USER} {shlex.join(folders)}"
    if step in failed.plan.install_steps:
        return None
    return repaired(
        failed,
        NAME,
        {"install_steps": (*failed.plan.install_steps, step)},
        reason=f"the code writes into {', '.join(folders)}, which belongs to root",
        evidence=denied[folders[-1]],
        cause="code_error",
    )
