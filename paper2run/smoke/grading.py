"""The grade of an attempt: how much of the repository its commands have shown to work."""

import re
from typing import Final

from paper2run.commands.command_purpose import runs_tests
from paper2run.knowledge.network_words import NO_NETWORK
from paper2run.model.environment import SmokeKind
from paper2run.model.grade import GRADES, Grade
from paper2run.model.outcome import Log, Passed, SmokeFailed
from paper2run.model.report import Attempt
from paper2run.python.python_examples import only_imports

HELP: Final = re.compile(r"\s--help(?![\w-])|\s(?:--version|-h)\s*$")
"""A program that is asked what it can do does nothing of it."""
HELP_TEXT: Final = re.compile(
    r"^[ \t]*(?:-h, )?--help[ \t]+[Ss]how this (?:help )?message and exit", re.MULTILINE
)
"""argparse's and click's own line on `--help`: a program that is started without arguments may print its help too."""
GAVE_UP: Final = re.compile(NO_NETWORK)
LAST_LINES: Final = 5
"""Where a program that ends with status 0 tells that it gave up."""
USAGE: Final = re.compile(r"usage\s*:", re.IGNORECASE)
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
    "side-script": "imports",
    "notebook": "program-starts",
    "import": "imports",
    "dependencies": "built-only",
    "compiled": "built-only",
    "other": "program-starts",
}
"""What exit status 0 shows where the command's own words say no less."""


NO_SUITES: Final[frozenset[SmokeKind]] = frozenset({"compiled", "program"})
"""Kinds of our own commands that run no suite, whatever their words say: `go test -run '^$'` compiles it."""
TOLD_BY_TRACES: Final[frozenset[SmokeKind]] = frozenset(
    {"model", "documented", "script", "program"}
)
"""Kinds of commands that print or write something where they work; an example may only compute."""


PYTEST_PASSED: Final = re.compile(r"\b(\d+) passed\b")
RUNNER: Final = re.compile(r"\b(?:pytest|py\.test|unittest)\b")
"""What tells each test as it ends."""
COLLECTED: Final = re.compile(r"^collected \d+ items?", re.MULTILINE)
DONE: Final = re.compile(
    r"^(?:\S+\.py )?[sxXFE]*\.[.sxXFE]*(?:\s+\[ *\d+%\])?$|\bPASSED\b|\.\.\. ok$", re.MULTILINE
)
"""A test that passed, as pytest and unittest tell it while they run."""
ENDED: Final = re.compile(
    r"^(?:=+ )?(?:no tests ran|\d+ [a-z]+(?:, \d+ [a-z]+)*) in [\d.]+ ?s\b", re.MULTILINE
)
"""pytest's last line."""
UNITTEST_RAN: Final = re.compile(r"^Ran (\d+) tests? in ", re.MULTILINE)
SUMMARY: Final = re.compile(
    r"\[ FAIL \d+ \| WARN \d+ \| SKIP (?P<skip>\d+) \| PASS (?P<pass>\d+) \]"
    r"|^(?=.*\b(?P<skipped>\d+) skipped\b)(?=.* in [\d.]+ ?s)(?:.*?\b(?P<passed>\d+) passed\b)?",
    re.MULTILINE,
)
"""The last line of testthat, and of pytest where it skipped a test."""
MOST_SKIPPED: Final = 2
"""How many times as many tests as passed are skipped where a suite shows no more than that its code loads."""
UNITTEST_SKIPPED: Final = re.compile(r"^OK \(.*\bskipped=(\d+)", re.MULTILINE)
NONE_RAN: Final = re.compile(
    r"\bno tests ran\b|^collected 0 items|^Ran 0 tests|^(?:=+ )?\d+ (?:xfailed|deselected)\b[^\n]* in [\d.]+ ?s\b"
    r"|^No tests were found|^running 0 tests$|\[no test files\]|\[no tests to run\]|\[ FAIL 0 .*\| PASS 0 \]"
    r"|^No tests found\b|^[ \t]*0 passing\b|^make: (?:Nothing to be done for )?'(?:tests?|check)'|^Tests run: 0\b",
    re.MULTILINE,
)
"""Words of pytest, unittest, CTest, cargo, go, testthat, Jest, Mocha, make and Maven."""
SOME_RAN: Final = re.compile(
    r"\b[1-9]\d* (?:passed|passing|xpassed)\b|^Ran [1-9]\d* tests?\b|^ok\s+\S+\s+(?:[\d.]+s|\(cached\))(?!.*no tests)"
    r"|\btests passed, 0 tests failed out of [1-9]|\| PASS [1-9]\d* \]|^Tests run: [1-9]",
    re.MULTILINE,
)
UNITTEST_FAILED: Final = re.compile(r"\b(?:failures|errors)=(\d+)")


def grade_of(attempt: Attempt) -> Grade:
    """Return the best grade that the attempt's smoke command and rungs have shown.

    `none` where its smoke run failed.
    """
    if not isinstance(attempt.smoke, Passed):
        return "none"
    planned = attempt.planned
    shown = [grade_of_run(planned.smoke_kind, planned.plan.smoke_command, attempt.smoke)]
    shown += [
        "tests" for rung in attempt.verification.rungs if rung.rung == "tests" and rung.passed
    ]
    return max(shown, key=GRADES.index)


def promised(kind: SmokeKind, command: str) -> Grade:
    """Return the grade that a smoke command reaches when it exits with status 0."""
    if kind not in NO_SUITES and runs_tests(command):
        return "tests"
    grade = OF_KIND[kind]
    if asks_for_help(command):
        grade = min(grade, "help-only", key=GRADES.index)
    if only_imports(command):
        grade = min(grade, "imports", key=GRADES.index)
    return grade


def asks_for_help(command: str) -> bool:
    """Whether a command asks a program what it can do, or which release it is."""
    return HELP.search(command) is not None


def grade_of_run(kind: SmokeKind, command: str, passed: Passed) -> Grade:
    """Return what a command that passed has shown."""
    grade = promised(kind, command)
    if grade == "tests" and (_mostly_skipped(passed.log) or _ran_none(passed.log)):
        grade = "imports"
    if not runs_tests(command) and _is_help(passed.log.stdout):
        grade = min(grade, "help-only", key=GRADES.index)
    if not runs_tests(command) and _gave_up(passed.log):
        grade = min(grade, "imports", key=GRADES.index)
    if passed.left_nothing and kind in TOLD_BY_TRACES:
        grade = min(grade, "imports", key=GRADES.index)
    if passed.alive_at_timeout:
        # It has not failed so far, and has not come to its end either.
        waits = RUNNER.search(command) is not None
        reached = _shown_by_waiting_tests(passed.log) if waits else "program-starts"
        return min(grade, reached, key=GRADES.index)
    return grade


def _gave_up(log: Log) -> bool:
    """Whether a program's last words say that it did not reach a host, whatever its exit status."""
    told = (text.strip().splitlines()[-LAST_LINES:] for text in (log.stdout, log.stderr))
    return any(GAVE_UP.search(line) for lines in told for line in lines)


def _ran_none(log: Log) -> bool:
    """Whether a runner says that it had no test to run, or that none passed, and no runner says otherwise."""
    text = f"{log.stdout}\n{log.stderr}"
    ran = list(UNITTEST_RAN.finditer(text))
    skipped = sum(int(one[1]) for one in UNITTEST_SKIPPED.finditer(text))
    if ran and sum(int(one[1]) for one in ran) <= skipped:
        return True
    return NONE_RAN.search(text) is not None and SOME_RAN.search(text) is None


def _mostly_skipped(log: Log) -> bool:
    """Whether a suite ended well because it skipped its tests: for want of a key, a network, a library."""
    found = list(SUMMARY.finditer(f"{log.stdout}\n{log.stderr}"))
    if not found:
        return False
    last = found[-1]
    skipped, passed = last["skip"] or last["skipped"], last["pass"] or last["passed"] or "0"
    return int(skipped) > MOST_SKIPPED * int(passed)


def _shown_by_waiting_tests(log: Log) -> Grade:
    """Return what tests that still ran have shown: with none done, no more than that they were found."""
    text = f"{log.stdout}\n{log.stderr}"
    if ended := list(ENDED.finditer(text)):
        return _shown_at_the_end(ended[-1][0])
    if DONE.search(text):
        return "program-starts"
    return "imports" if COLLECTED.search(text) else "built-only"


def _shown_at_the_end(counts: str) -> Grade:
    """Return what pytest's last line shows: threads may keep a process alive whose tests are over."""
    if re.search(r"\b(?:failed|errors?)\b", counts):
        return "built-only"
    if PYTEST_PASSED.search(counts):
        return "tests"
    return "imports" if "skipped" in counts else "built-only"


def _is_help(printed: str) -> bool:
    """Whether a program printed its help: below the usage options, indented text and headings alone."""
    first, *rest = printed.strip().splitlines() or [""]
    is_usage = USAGE.match(first) and all(
        not line.strip() or line[0].isspace() or line[0] == "-" or line.rstrip().endswith(":")
        for line in rest
    )
    return bool(is_usage) or HELP_TEXT.search(printed) is not None


def ran_some_tests(command: str, outcome: Passed | SmokeFailed) -> bool:
    """Whether tests passed before others failed: they have run the repository's own code."""
    return (
        isinstance(outcome, SmokeFailed) and runs_tests(command) and passed_tests(outcome.log) > 0
    )


def passed_tests(log: Log) -> int:
    """Return how many tests passed by the last summary of pytest or unittest; 0 without one."""
    text = f"{log.stdout}\n{log.stderr}"
    if counts := PYTEST_PASSED.findall(text):
        return int(counts[-1])
    if not (counts := UNITTEST_RAN.findall(text)):
        return 0
    return int(counts[-1]) - sum(map(int, UNITTEST_FAILED.findall(text)))
