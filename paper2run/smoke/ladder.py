"""Defines the rungs between a built image and a reproduced claim: their commands and output parsers."""

import re
import shlex
from typing import Final, NamedTuple
from xml.etree import ElementTree

from pydantic import TypeAdapter, ValidationError

from paper2run.formats.plurals import counted
from paper2run.model.environment import EnvPlan
from paper2run.model.facts import OwnModule, RepoFacts, TestSuite
from paper2run.model.outcome import Rung
from paper2run.rendering.pip_steps import image_python
from paper2run.smoke.smoke_candidates import third_party_imports

PYTEST_SUITES: Final = frozenset({"pytest", "unittest", "nose"})
"""Suites that pytest collects and runs."""
FIND_MODULES: Final = """\
import json, sys
try:
    from importlib.util import find_spec as find
except ImportError:
    from pkgutil import find_loader as find
missing = []
for name in sys.argv[1:]:
    try:
        found = find(name)
    except (AttributeError, ImportError, ValueError):
        found = None
    if found is None:
        missing.append(name)
print(json.dumps(missing))
sys.exit(1 if missing else 0)
"""
"""Looks modules up without running them, on Python 2.7 and 3.x; the names are its arguments."""
MAX_LOOKED_UP: Final = 1000
MAX_MODULE_CHARS: Final = 100
"""Modules that one command looks up, and the length of a name: Linux takes 131,072 bytes for one argument."""
REPORT_MARK: Final = "=== paper2run test report ==="
MODULE_NAMES: Final = TypeAdapter(tuple[str, ...])
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
    modules = [
        fact.module
        for fact in third_party_imports(facts)
        if fact.module not in own and len(fact.module) <= MAX_MODULE_CHARS
    ]
    if modules:
        command = shlex.join(["python", "-c", FIND_MODULES, *modules[:MAX_LOOKED_UP]])
        found.append(Check("imports", command, inside=False))
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


def missing_of(rung: Rung, stdout: str) -> tuple[str, ...] | None:
    """Return the modules that a rung's output names as missing; None if it names no list of them."""
    if rung != "imports":
        return None
    line = stdout.strip().rsplit("\n", 1)[-1]
    try:
        return MODULE_NAMES.validate_json(line)
    except ValidationError:
        return None


def detail_of(rung: Rung, stdout: str, exit_code: int) -> str:
    """Return the part of a rung's output that people need; may be empty."""
    match rung:
        case "imports":
            missing = missing_of(rung, stdout)
            if missing is None:
                return ""
            return f"not found: {', '.join(missing)}" if missing else "all found"
        case "collected":
            return _last_matching(stdout, re.compile(r"\d+ tests?|no tests|error", re.IGNORECASE))
        case "tests":
            return _counts(stdout)
        case _:
            return "" if exit_code == 0 else f"exit code {exit_code}"


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
