"""The grade of an attempt: how much of the repository its commands have shown to work."""

import re
from typing import Final

from paper2run.commands.command_purpose import runs_tests
from paper2run.model.environment import SmokeKind
from paper2run.model.grade import GRADES, Grade
from paper2run.model.outcome import Passed
from paper2run.model.report import Attempt
from paper2run.python.python_examples import only_imports

HELP: Final = re.compile(r"\s--help(?![\w-])|\s(?:--version|-h)\s*$")
"""A program that is asked what it can do does nothing of it."""
OF_KIND: Final[dict[SmokeKind, Grade]] = {
    "user": "program-starts",
    "model": "program-starts",
    "example": "documented-run",
    "documented": "documented-run",
    "ci-tests": "tests",
    "tests": "tests",
    "console-script": "help-only",
    "program": "program-starts",
    "script": "program-starts",
    "import": "imports",
    "dependencies": "built-only",
    "compiled": "built-only",
    "other": "program-starts",
}
"""What exit status 0 shows where the command's own words say no less."""


def grade_of(attempt: Attempt) -> Grade:
    """Return the best grade that the smoke command and the rungs have shown."""
    shown = [_of_smoke(attempt)]
    shown += [
        "tests" for rung in attempt.verification.rungs if rung.rung == "tests" and rung.passed
    ]
    return max(shown, key=GRADES.index)


def promised(kind: SmokeKind, command: str) -> Grade:
    """Return the grade that a smoke command reaches when it exits with status 0."""
    if runs_tests(command):
        return "tests"
    grade = OF_KIND[kind]
    if HELP.search(command):
        grade = min(grade, "help-only", key=GRADES.index)
    if only_imports(command):
        grade = min(grade, "imports", key=GRADES.index)
    return grade


def _of_smoke(attempt: Attempt) -> Grade:
    if not isinstance(attempt.smoke, Passed):
        return "none"
    grade = promised(attempt.planned.smoke_kind, attempt.planned.plan.smoke_command)
    if attempt.smoke.alive_at_timeout:
        # It has not failed so far, and has not come to its end either.
        return min(grade, "program-starts", key=GRADES.index)
    return grade
