"""The class of a failure that other versions get past: what lies behind it."""

import pytest

from paper2run.model.environment import SmokeChoice, SmokeKind
from paper2run.model.facts import DataNeed, Fact, OutsideNeed, Project, RepoFacts, TestSuite
from paper2run.model.outcome import Log, SmokeFailed, Trial
from paper2run.model.report import Attempt, Verdict
from paper2run.model.value import DEFAULT, Source
from paper2run.verdicts.judgement import blamed
from paper2run.verdicts.verdicts import after_attempts
from tests.unit.test_progress import attempt

HERE = Source(kind="file", path="ask.py", line=3)
README = Source(kind="readme", path="README.md", line=9)
KEY = OutsideNeed(form="service", what="a key of OpenAI", hard=False, source=HERE)
SERVER = OutsideNeed(form="service", what="a server of MySQL", hard=False, source=HERE)
FILE = DataNeed(what="poems.csv", source=HERE)
LINK = DataNeed(what="https://data.invalid/poems.zip", source=README)
SUITE = TestSuite(runner="pytest", path="tests", files=1, source=HERE)
PACKAGE = Project(root="", backend="setup.py", name="n", source=HERE)
OLD = (
    "  File \"train.py\", line 3\n    print x\nSyntaxError: Missing parentheses in call to 'print'"
)
GONE = "FileNotFoundError: [Errno 2] No such file or directory: 'poems.csv'"
TRACE = 'Traceback (most recent call last):\n  File "/repo/other.py", line 3, in <module>\n'


def judged(done: Attempt, *facts: Fact) -> Verdict:
    known = RepoFacts(facts=facts)
    return after_attempts([done.changed(blame=blamed(done, known))], 4, known)


@pytest.mark.parametrize(
    ("facts", "cause"),
    [
        ((KEY,), "external_service"),
        ((FILE,), "missing_data"),
        ((KEY, FILE), "missing_data"),
        ((), "build_error"),
        ((SERVER,), "external_service"),
        ((LINK,), "build_error"),
        ((KEY, SUITE), "build_error"),
        ((KEY, PACKAGE), "build_error"),
    ],
)
def test_behind_a_package_that_does_not_build_lies_what_no_plan_brings(
    facts: tuple[Fact, ...], cause: str
):
    done = attempt(build_fails_at="pip install pillow", says="error: no header")

    verdict = judged(done, *facts)

    assert (verdict.status, verdict.cause) == ("smoke-failed", cause)
    assert ("behind that" in verdict.reason) == (cause != "build_error")


def beside(kind: SmokeKind, first: str, says: str) -> Attempt:
    choice = SmokeChoice(kind=kind, command="python other.py", proves="it runs", source=DEFAULT)
    failed = SmokeFailed(exit_code=1, seconds=1, log=Log(stderr=f"{TRACE}{says}\n"))
    done = attempt(says=first)
    return done.changed(trials=(Trial(choice=choice, outcome=failed),))


def test_behind_a_script_of_another_python_lies_the_file_that_another_command_wants():
    verdict = judged(beside("documented", OLD, GONE))

    assert verdict.cause == "missing_data"
    assert "poems.csv" in verdict.reason


@pytest.mark.parametrize(
    ("kind", "first", "says"),
    [
        ("side-script", OLD, GONE),
        ("documented", OLD, "TypeError: unsupported operand"),
    ],
)
def test_other_failures_keep_their_class(kind: SmokeKind, first: str, says: str):
    verdict = judged(beside(kind, f"{TRACE}{first}", says))

    assert "behind that" not in verdict.reason
    assert verdict.cause == "code_error"
