"""Reads how an oracle command ended, from its exit status and last lines. Runs nothing."""

import re
from typing import Final

from benchmarks.corpus_entries import Measured
from benchmarks.corpus_results import Counts, Outcome

NOTHING_COLLECTED: Final = 5
"""pytest's exit status where it found no test: https://docs.pytest.org/en/stable/reference/exit-codes.html"""
OVER_THE_LIMIT: Final = 124
"""Exit status of `timeout`."""
NOT_STARTED: Final = (126, 127)
"""Exit statuses of a shell for a program that it cannot start."""
NO_PYTEST: Final = re.compile(r"No module named '?pytest'?$", re.MULTILINE)
NOT_THE_PROGRAM: Final = re.compile(
    r"\b(?:ModuleNotFoundError|ImportError|SyntaxError|IndentationError|TabError)\b"
    r"|can't open file|: No module named "
)
"""The environment is wrong: it lacks what is imported, or its Python is of another age than the code."""
COUNT: Final = re.compile(r"\b(\d+) (passed|failed|errors?)\b")
COUNTED_LINE: Final = re.compile(r"\b\d+ (?:passed|failed|errors?)\b.* in [\d.]+\s?s")


def outcome_of(measured: Measured, exit_code: int | None, output: str) -> Outcome:
    """Return the outcome; `exit_code` is None where the command still ran when its time was over."""
    if measured == "program":
        return _program(exit_code, output)
    if exit_code is None or (measured == "tests" and exit_code == OVER_THE_LIMIT):
        return "timeout"
    if exit_code == 0:
        return "pass"
    if measured == "command":
        return "FAIL"
    if exit_code == NOTHING_COLLECTED:
        return "no tests"
    return "no pytest" if NO_PYTEST.search(output) else "FAIL"


def counts_of(measured: Measured, output: str) -> Counts | None:
    """Return the counts of the last summary that pytest printed; None if there is none."""
    lines = [line for line in output.splitlines() if COUNTED_LINE.search(line)]
    if measured != "tests" or not lines:
        return None
    found = {what.removesuffix("s"): int(number) for number, what in COUNT.findall(lines[-1])}
    return Counts(
        passed=found.get("passed", 0), failed=found.get("failed", 0), errors=found.get("error", 0)
    )


def _program(exit_code: int | None, output: str) -> Outcome:
    """Return `ran` for a program that waits, or ends from something that is not its environment."""
    if exit_code == 0:
        return "pass"
    wrong = exit_code in NOT_STARTED or NOT_THE_PROGRAM.search(output)
    return "FAIL" if wrong else "ran"
