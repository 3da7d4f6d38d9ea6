"""Falls back on the next smoke command where the chosen one itself is wrong, not the environment.

Reads Python's own words for a documented example that was never meant to run as it stands (`NameError`,
`SyntaxError` in `<string>`), for a script that wants arguments, and for files and services an example expects. A run
of tests needs no such words: tests fail for reasons of their own, and a weaker command shows what is there.
"""

import re
from typing import Final

from paper2run.commands.command_purpose import runs_tests
from paper2run.failures.failed_attempt import FailedAttempt, repaired
from paper2run.failures.failure_log import last_hit
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.outcome import SmokeFailed

NAME: Final = "wrong_smoke_command"
SIGNS: Final = (
    re.compile(r"NameError: name '\w+' is not defined"),
    re.compile(r"^\s*File \"<string>\", line \d+"),
    re.compile(r"error: (?:the following arguments are required|too few arguments)|^[Uu]sage: "),
    re.compile(r"(?:FileNotFoundError|IOError): |No such file or directory|can't open file"),
    re.compile(r"Temporary failure in name resolution|Name or service not known|urlopen error"),
    re.compile(
        r"EOFError: EOF when reading a line|PermissionError: |IndexError: list index out of range"
    ),
)


def repair(failed: FailedAttempt) -> Diagnosis | None:
    """Return the plan with the next command; None where there is none left, or the build failed."""
    weaker = failed.planned.weaker_smokes
    hit = last_hit(failed.lines, *SIGNS)
    if not isinstance(failed.failure, SmokeFailed) or not weaker:
        return None
    if hit is None and not has_weaker_than_tests(failed):
        return None
    return repaired(
        failed,
        NAME,
        {"smoke_command": weaker[0].command},
        reason=f"the command itself is at fault; next: {weaker[0].proves}",
        evidence=hit.line if hit else _last_line(failed.lines),
        cause="code_error",
    )


def has_weaker_than_tests(failed: FailedAttempt) -> bool:
    """Whether tests failed and a weaker command is left.

    Failed tests do not prove that something cannot be had.
    """
    return (
        isinstance(failed.failure, SmokeFailed)
        and bool(failed.planned.weaker_smokes)
        and runs_tests(failed.plan.smoke_command)
    )


def _last_line(lines: list[str]) -> str:
    return next((line.strip() for line in reversed(lines) if line.strip()), "the tests failed")
