"""Runs a command that waits for input with `--help`, or with Enter or 1 as every answer.

Reads argparse (`error: the following arguments are required`), click (`Error: Missing argument`), docopt's and getopt's
usage, CPython's `EOFError: EOF when reading a line` of a program that asks, and `ValueError: invalid literal for int()`
of one that asks for a number. A command of the user's own stays.
"""

import re
import shlex
from typing import Final

from paper2run.commands.command_purpose import runs_tests
from paper2run.failures.failed_attempt import FailedAttempt, repaired, stopped
from paper2run.failures.failure_log import last_hit
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.outcome import SmokeFailed

NAME: Final = "unattended_command"
ARGUMENTS: Final = re.compile(
    r"error: (?:the following arguments are required|too few arguments|one of the arguments .* is required)"
    r"|^Error: Missing (?:argument|option|parameter)|^[Uu]sage:? "
)
ASKS: Final = re.compile(r"EOFError: EOF when reading a line")
ASKS_A_NUMBER: Final = re.compile(
    r"ValueError: (?:invalid literal for int\(\) with base \d+|could not convert string to float): ''$"
)
ONE_PROGRAM: Final = re.compile(
    r"^(?:cd [\w./-]+ && )?(?:python[\d.]* (?:\S+\.py|-m [\w.]+)"
    r"|(?!(?:python[\d.]*|sh|bash|env|make|test|yes|cd|go|cargo|npm|mvn|xvfb-run)(?: |$))[\w./-]+)(?: [^;&|<>`$()]*)?$"
)
"""A script, a module or a console script, in its folder: what is put behind it reaches the program itself."""
HELP: Final = " --help"
ENTER: Final = "yes '' | "
ONE: Final = "yes 1 | "


def repair(failed: FailedAttempt) -> Diagnosis | None:
    """Return the plan with the command changed; the stop where it was changed already and still asks."""
    if not isinstance(failed.failure, SmokeFailed) or failed.is_users_command:
        return None
    command = failed.plan.smoke_command
    answered = command.startswith((ENTER, ONE))
    hit = last_hit(failed.lines, ASKS, *([ASKS_A_NUMBER] if answered else []), ARGUMENTS)
    # A test runner that shows its usage does not know an option of the suite's configuration.
    if hit is None or runs_tests(command):
        return None
    asks = ASKS.search(hit.line) is not None
    number = ASKS_A_NUMBER.search(hit.line) is not None
    if number and command.startswith(ENTER):
        changed = ONE + command.removeprefix(ENTER)
        why = "the program asks for numbers: 1 is the answer to every question"
    elif asks and not answered:
        changed = ENTER + shlex.join(["sh", "-c", command])
        why = "Enter is pressed at every question of the program"
    elif not asks and not number and ONE_PROGRAM.match(command) and HELP not in command:
        changed = f"{command}{HELP}"
        why = "the program needs arguments; its help shows that its imports load"
    else:
        return stopped(
            NAME,
            "missing_entrypoint",
            reason="Every known command waits for input or needs arguments.",
            evidence=hit.line,
            # A person can run it, and another candidate may have a command of its own.
            excludes="this-plan",
            smallest_change="Name a whole command with --smoke; the README would be the place for it.",
        )
    return repaired(
        failed,
        NAME,
        {"smoke_command": changed},
        reason=why,
        evidence=hit.line,
        cause="missing_entrypoint",
        confidence="low",
    )
