"""What a passed smoke command has shown, as a grade."""

import pytest

from paper2run.model.environment import SmokeKind
from paper2run.model.grade import GRADES
from paper2run.model.outcome import Log, Passed
from paper2run.model.report import Attempt
from paper2run.smoke.grading import OF_KIND, grade_of, grade_of_run, promised
from paper2run.verdicts.verdicts import after_attempts
from tests.unit.test_progress import attempt


@pytest.mark.parametrize(
    ("kind", "command", "grade"),
    [
        ("ci-tests", "python -m pytest -q -x tests", "tests"),
        ("user", "make check", "tests"),
        ("user", "python main.py --epochs 1", "program-starts"),
        ("user", "tool --help", "help-only"),
        ("documented", "python train.py --help", "help-only"),
        ("documented", "python train.py --helpful 3", "documented-run"),
        ("documented", "python demo.py", "documented-run"),
        ("documented", "tool --version", "help-only"),
        ("documented", "tool --version 2 data.csv", "documented-run"),
        ("example", "cd /tmp && python -c 'import emcee'", "imports"),
        ("example", "cd /tmp && python -c 'import emcee; print(emcee.run())'", "documented-run"),
        ("console-script", "tool --help", "help-only"),
        ("script", "python main.py", "program-starts"),
        ("import", "python -c 'import a, b'", "imports"),
        ("dependencies", "python -c 'import numpy'", "built-only"),
        ("compiled", "find . -name 'lib*.a' | grep .", "built-only"),
        ("compiled", "go test -run '^$' ./...", "built-only"),
        ("program", "test -x ./fastest || exit 1; ./fastest </dev/null", "program-starts"),
        ("user", "./bin/contest data.txt", "program-starts"),
        ("user", "./run_tests --quick", "tests"),
    ],
)
def test_a_command_shows_no_more_than_it_does(kind: SmokeKind, command: str, grade: str):
    assert promised(kind, command) == grade


def test_every_grade_of_a_kind_is_one():
    assert set(OF_KIND.values()) <= set(GRADES)


def ended(kind: SmokeKind, command: str, *, alive: bool = False, tested: bool = False) -> Attempt:
    """Return an attempt whose smoke command passed; `tested`: all its tests, too."""
    passed = attempt(passes=True, rungs=("tests",) if tested else ())
    plan = passed.planned.plan.changed(smoke_command=command)
    return passed.changed(
        planned=passed.planned.changed(plan=plan, smoke_kind=kind),
        smoke=Passed(alive_at_timeout=alive, seconds=1),
    )


@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        ("", "built-only"),
        ("collected 26 items\n\ntests/test_client.py ", "imports"),
        ("collected 26 items\n\ntests/test_client.py F", "imports"),
        ("collected 26 items\n\ntests/test_client.py ..s", "program-starts"),
        ("collected 26 items\n\ntests/test_a.py ..   [ 7%]\ntests/test_b.py ", "program-starts"),
        (".....", "program-starts"),
        ("tests/test_a.py::test_a PASSED", "program-starts"),
        ("test_a (tests.TestA) ... ok\ntest_b (tests.TestA) ... ", "program-starts"),
        ("..s\n2 passed, 1 skipped in 24.29s\n", "tests"),
        ("=== 2 passed, 1 warning in 0.21s ===\n", "tests"),
        ("sss\n3 skipped in 24.29s\n", "imports"),
        ("..F\n=== 1 failed, 2 passed in 0.21s ===\n", "built-only"),
        ("=== 339 warnings in 0.02s ===\nERROR: file or directory not found: x", "built-only"),
    ],
)
def test_tests_that_wait_show_what_was_done_before(printed, shown):
    waiting = ended("ci-tests", "pytest -x", alive=True)
    smoke = waiting.smoke.changed(log=Log(stdout=printed))
    assert grade_of(waiting.changed(smoke=smoke)) == shown


def test_what_has_not_ended_shows_less_than_its_end_would():
    assert grade_of(ended("ci-tests", "python test.py", alive=True)) == "program-starts"
    assert grade_of(ended("documented", "python train.py", alive=True)) == "program-starts"
    assert grade_of(ended("import", "python -c 'import a'", alive=True)) == "imports"


@pytest.mark.parametrize(
    "printed",
    [
        "usage: tool.py [-h]\n\noptional arguments:\n  -h, --help  show this help message and exit\n",
        "Usage: tool [OPTIONS]\n\nOptions:\n  --help  Show this message and exit.\n",
        "\nUsage: ./tool.py -c contigs.fa\n\n\t-c: a FASTA file\n",
    ],
)
def test_a_program_that_prints_its_help_has_shown_no_more_than_that(printed):
    asked, tested = ended("script", "python tool.py"), ended("ci-tests", "pytest -x")
    helps = Passed(alive_at_timeout=False, seconds=1, log=Log(stdout=printed))

    assert grade_of(asked) == "program-starts"
    assert grade_of(asked.changed(smoke=helps)) == "help-only"
    assert grade_of(tested.changed(smoke=helps)) == "tests"


def test_a_program_that_goes_on_below_its_usage_has_done_more_than_that():
    shown = ended("documented", "python demo.py")
    log = Log(stdout="Usage: demo.py [video]; press ESC to quit\nloss 0.1\n")

    found = shown.changed(smoke=Passed(alive_at_timeout=False, seconds=1, log=log))

    assert grade_of(found) == "documented-run"


def test_a_program_whose_last_words_are_of_a_host_out_of_reach_has_only_been_loaded():
    said = "asking chirps.example.org\n<urlopen error [Errno -3] Temporary failure in name resolution>\n"
    one = ended("example", "python -c 'import chirps; chirps.search(1)'")

    def grade(printed: str) -> str:
        return grade_of(
            one.changed(smoke=Passed(alive_at_timeout=False, seconds=1, log=Log(stdout=printed)))
        )

    assert grade(said) == "imports"
    assert grade(said + "1 of 9\n" * 9) == "documented-run"


def test_tests_that_passed_as_a_rung_count():
    assert grade_of(ended("import", "python -c 'import a'", tested=True)) == "tests"


def test_a_failure_has_shown_nothing():
    assert grade_of(attempt(rungs=("collected",))) == "none"


def test_a_verdict_has_the_grade_of_its_attempt_and_a_failure_has_none():
    assert after_attempts([ended("console-script", "tool --help")], 3).grade == "help-only"
    assert after_attempts([attempt(rungs=("tests",))], 3).grade == "none"


def test_a_verdict_names_what_its_command_covers_and_a_failure_covers_nothing():
    part = ended("program", "./train")
    planned = part.planned.changed(covers="bundled zlib (deps/zlib)")
    assert after_attempts([part.changed(planned=planned)], 3).covers == "bundled zlib (deps/zlib)"
    assert after_attempts([part], 3).covers == "whole"
    assert after_attempts([attempt(rungs=("tests",))], 3).covers == ""


@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        ("[ FAIL 0 | WARN 0 | SKIP 3 | PASS 1 ]", "imports"),
        ("[ FAIL 0 | WARN 2 | SKIP 3 | PASS 12 ]", "tests"),
        ("=== 5 skipped in 0.02s ===", "imports"),
        ("=== 2 passed, 9 skipped, 1 warning in 0.02s ===", "imports"),
        ("=== 20 passed, 9 skipped in 3.10s ===", "tests"),
        ("= 4 passed, 1 skipped in 2.00 seconds =", "tests"),
        ("7 skipped lines of input\n3 passed in 0.10s", "tests"),
    ],
)
def test_a_suite_that_skips_most_of_its_tests_only_loads_its_code(printed, shown):
    planned = attempt().planned
    command = planned.plan.changed(smoke_command="python -m pytest -q")
    ran = Passed(alive_at_timeout=False, seconds=1, log=Log(stdout=f"collected\n{printed}\n"))
    one = attempt().changed(planned=planned.changed(plan=command, smoke_kind="tests"), smoke=ran)

    assert grade_of(one) == shown


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        ("documented", "imports"),
        ("program", "imports"),
        ("script", "imports"),
        ("example", "documented-run"),
        ("tests", "tests"),
        ("import", "imports"),
    ],
)
def test_a_program_that_prints_and_writes_nothing_has_loaded_at_most(kind: SmokeKind, shown: str):
    one = ended(kind, "pytest" if kind == "tests" else "python main.py")
    silent = Passed(alive_at_timeout=False, seconds=1, left_nothing=True)

    assert grade_of(one.changed(smoke=silent)) == shown


@pytest.mark.parametrize(
    ("command", "printed", "grade"),
    [
        ("ctest --test-dir build", "No tests were found!!!", "imports"),
        ("ctest --test-dir build", "100% tests passed, 0 tests failed out of 3", "tests"),
        ("python -m unittest", "Ran 0 tests in 0.000s\n\nOK", "imports"),
        ("python -m unittest", "Ran 3 tests in 0.100s\n\nOK (skipped=3)", "imports"),
        ("python -m unittest", "Ran 3 tests in 0.100s\n\nOK (skipped=1)", "tests"),
        ("pytest -q", "3 xfailed in 0.12s", "imports"),
        ("pytest -q", "2 passed, 3 xfailed in 0.12s", "tests"),
        ("cargo test", "running 0 tests\n\ntest result: ok. 0 passed; 0 failed", "imports"),
        (
            "cargo test",
            "running 0 tests\n\nrunning 2 tests\ntest result: ok. 2 passed; 0 failed",
            "tests",
        ),
        ("go test ./...", "?   \tx/y\t[no test files]", "imports"),
        ("go test ./...", "?   \tx/y\t[no test files]\nok  \tx/z\t0.012s", "tests"),
        ("make test", "make: Nothing to be done for 'test'.", "imports"),
        ("make check", "all is well", "tests"),
    ],
)
def test_a_suite_without_a_test_that_passed_shows_that_its_code_loads(command, printed, grade):
    passed = Passed(alive_at_timeout=False, seconds=1, log=Log(stdout=printed))

    assert grade_of_run("ci-tests", command, passed) == grade
