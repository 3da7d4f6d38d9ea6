"""Defines the rungs between a built image and a reproduced claim: their commands and output parsers."""

import math
import re
import shlex
from typing import Final, NamedTuple
from xml.etree import ElementTree

from paper2run.formats.plurals import counted
from paper2run.model.environment import EnvPlan
from paper2run.model.facts import Extension, OwnModule, RepoFacts, TestSuite
from paper2run.model.outcome import Rung, Verification
from paper2run.planning.needed_imports import needed_imports
from paper2run.python.own_projects import is_installed
from paper2run.rendering.pip_steps import image_python
from paper2run.smoke import import_check

PYTEST_SUITES: Final = frozenset({"pytest", "unittest", "nose"})
"""Suites that pytest collects and runs."""
REPORT_MARK: Final = "=== paper2run test report ==="
COLLECTION_ERRORS: Final = re.compile(r"\b(\d+) errors?(?= in | during )")
"""pytest's summary: `2 tests collected, 8 errors in 1.1s`, `= 3 errors in 0.5 seconds =`."""
NOTHING_COLLECTED: Final = re.compile(r"\bno tests collected, \d+ errors? in ")
LISTED_TEST: Final = re.compile(r"^\S+\.py::", re.MULTILINE)
ALL_HIDDEN: Final = 10_000
"""What the count grows by where nothing was collected: more than any suite has modules."""
JUNIT_FILE: Final = "/tmp/paper2run-tests.xml"


class Check(NamedTuple):
    """The command for one rung, run in a fresh container."""

    rung: Rung
    command: str
    inside: bool
    """In the checkout; otherwise in a folder outside it."""


def checks(facts: RepoFacts, plan: EnvPlan, target: Rung) -> list[Check]:
    """Return the rungs' checks that apply to this plan, lowest first; tests only when they are the target.

    They speak of Python: an image for another language has no rungs between `built` and `smoke`.
    """
    found: list[Check] = []
    if not _is_for_python(plan):
        return found
    own = {fact.module for fact in facts.of(OwnModule)}
    wanted = [fact for fact in needed_imports(facts) if fact.module not in own]
    compiled = [
        fact.module
        for fact in facts.of(Extension)
        if fact.module and is_installed(facts, fact.source.path.rpartition("/")[0])
    ]
    if look := import_check.command_for(wanted, compiled):
        found.append(Check("imports", look, inside=False))
    if any(suite.runner in PYTEST_SUITES for suite in facts.of(TestSuite)):
        collect = "python -m pytest -q --collect-only -p no:cacheprovider"
        found.append(Check("collected", collect, inside=True))
        if target in ("tests", "claims"):
            run = f"python -m pytest -q -p no:cacheprovider --junitxml={JUNIT_FILE}"
            show = f"code=$?; echo; echo {shlex.quote(REPORT_MARK)}; cat {JUNIT_FILE}; exit $code"
            found.append(Check("tests", f"{run}; {show}", inside=True))
    return found


def _is_for_python(plan: EnvPlan) -> bool:
    return bool(image_python(plan.base_image)) or any(
        "pip install" in step for step in plan.install_steps
    )


def detail_of(rung: Rung, stdout: str, exit_code: int) -> str:
    """Return the part of a rung's output that people need; may be empty."""
    match rung:
        case "imports":
            return _imports(stdout)
        case "collected":
            return _collected(stdout)
        case "tests":
            return _counts(stdout)
        case _:
            return "" if exit_code == 0 else f"exit code {exit_code}"


def _collected(stdout: str) -> str:
    """Return how many tests were found; pytest before 6.2 lists them and then says `no tests ran`."""
    said = _last_matching(stdout, re.compile(r"\d+ tests?|no tests|error", re.IGNORECASE))
    listed = len(LISTED_TEST.findall(stdout))
    return (
        f"{counted(listed, 'test')} found" if listed and said.startswith("no tests ran") else said
    )


def uncollected_modules(verification: Verification) -> float:
    """Return how many test modules could not be collected; infinity where pytest itself broke down."""
    failed = verification.uncollected
    if failed is None:
        return 0
    said = f"{failed.log.stdout}\n{failed.log.stderr}"
    counts = COLLECTION_ERRORS.findall(said)
    if not counts:
        return math.inf
    # One error in the suite's own start hides all modules behind it.
    return int(counts[-1]) + (ALL_HIDDEN if NOTHING_COLLECTED.search(said) else 0)


def _imports(stdout: str) -> str:
    """Return the modules that are not there, and the imports that fail."""
    found = import_check.read_answer(stdout)
    if found is None:
        return ""
    missing = [f"not found: {', '.join(found.missing)}"] if found.missing else []
    failed = [f"fail: {'; '.join(found.failed)}"] if found.failed else []
    return ". ".join((*missing, *failed)) or "all found"


def _last_matching(stdout: str, pattern: re.Pattern[str]) -> str:
    lines = [line.strip() for line in stdout.splitlines() if pattern.search(line)]
    return lines[-1][:300] if lines else ""


def _counts(stdout: str) -> str:
    """Return the counts of pytest's own JUnit report.

    https://docs.pytest.org/en/stable/how-to/output.html
    """
    _, mark, report = stdout.partition(REPORT_MARK)
    if not mark:
        return "no report was written"
    try:
        suites = list(ElementTree.fromstring(report.strip()).iter("testsuite"))
    except ElementTree.ParseError:
        return "the report cannot be read"
    total, failed, errors, skipped = (
        sum(int(suite.get(name, "0")) for suite in suites)
        for name in ("tests", "failures", "errors", "skipped")
    )
    passed = total - failed - errors - skipped
    return f"{passed} passed, {failed} failed, {counted(errors, 'error')}, {skipped} skipped"
