"""Names the product where GNU Octave, tried with MATLAB code, meets what it has not implemented.

Reads Octave's list of MATLAB's functions (`The 'table' function is not yet implemented in Octave`, with `'table'
undefined` as the error) and a parse error of its own in a file that MATLAB reads. A later release of Octave may know
more: https://octave.org/missing.html
"""

import re
from typing import Final

from paper2run.failures.failed_attempt import FailedAttempt, stopped
from paper2run.failures.failure_log import last_hit
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.outcome import SmokeFailed

NAME: Final = "matlab_alone"
OCTAVE: Final = re.compile(r"(?:^|[\s/])octave(?:-cli)?\s")
UNDEFINED: Final = re.compile(r"^error: '(?P<name>\w+)' undefined")
MISSING: Final = re.compile(
    r"[Tt]he '(?P<name>\w+)' function (?:is not yet implemented in Octave"
    r"|belongs to the .{1,60} package .{0,80}has not yet been implemented)"
)
UNREAD: Final = re.compile(r"^(?:error: )?parse error(?: near line \d+ of file (?P<file>\S+))?")


def repair(failed: FailedAttempt) -> Diagnosis | None:
    """Return the cause with its function; None for a function that Octave does not know."""
    if not isinstance(failed.failure, SmokeFailed) or not OCTAVE.search(failed.plan.smoke_command):
        return None
    hit = last_hit(failed.lines, UNDEFINED, UNREAD)
    if hit is None:
        return None
    what = "syntax that Octave does not read"
    if hit.match.re is UNDEFINED:
        name = hit.match["name"]
        missing = (match["name"] for match in map(MISSING.search, failed.lines) if match)
        if name not in missing:
            return None
        what = f"the function {name}, which Octave lacks"
    return stopped(
        NAME,
        "proprietary_toolchain",
        reason=f"The code is MATLAB and uses {what}.",
        evidence=hit.line,
        excludes="this-plan",
        smallest_change="Get a MATLAB licence; or replace what this release of GNU Octave does not have.",
    )
