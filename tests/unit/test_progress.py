"""The loop's judgement: which attempt came further, no answer twice, what a verdict lists as tried."""

import pytest

from paper2run.model.diagnosis import Diagnosis
from paper2run.model.environment import EnvPlan, PlannedEnvironment, SmokeChoice
from paper2run.model.facts import RepoFacts
from paper2run.model.outcome import (
    BuildFailed,
    Built,
    Log,
    Passed,
    RungResult,
    SmokeFailed,
    Verification,
)
from paper2run.model.report import Attempt
from paper2run.model.value import DEFAULT
from paper2run.verdicts.going_on import next_plan
from paper2run.verdicts.judgement import judge
from paper2run.verdicts.progress import best_of, progress, told
from paper2run.verdicts.trials import without_its_tests
from paper2run.verdicts.verdicts import after_attempts

BUILT = Built(image="i", image_id="sha256:0", size_bytes=1, seconds=1)
STEPS = ("pip install a==1", "pip install b==1", "make")


def attempt(
    number: int = 1,
    *,
    build_fails_at: str = "",
    says: str = "KeyError: 1",
    passes: bool = False,
    rungs: tuple[str, ...] = (),
    collecting: str = "",
    steps: tuple[str, ...] = STEPS,
    weaker: tuple[str, ...] = (),
) -> Attempt:
    plan = EnvPlan(
        base_image="python:3.9-slim", install_steps=steps, smoke_command="python main.py"
    )
    choices = tuple(
        SmokeChoice(kind="script", command=line, proves="less", source=DEFAULT) for line in weaker
    )
    planned = PlannedEnvironment(plan=plan, planner="rules", weaker_smokes=choices)
    log = Log(stderr=f"{says}\n")
    if build_fails_at:
        failed = BuildFailed(step=f"[3/5] RUN {build_fails_at}", exit_code=1, seconds=1, log=log)
        return Attempt(number=number, planned=planned, built=failed)
    smoke = (
        Passed(alive_at_timeout=False, seconds=1)
        if passes
        else SmokeFailed(exit_code=1, seconds=1, log=log)
    )
    results = tuple(
        RungResult(rung=rung, passed=True, command="true") for rung in ("built", *rungs)
    )
    return Attempt(
        number=number,
        planned=planned,
        built=BUILT,
        smoke=smoke,
        verification=Verification(rungs=results, uncollected=_uncollected(collecting)),
    )


def _uncollected(says: str) -> SmokeFailed | None:
    return SmokeFailed(exit_code=2, seconds=1, log=Log(stdout=f"{says}\n")) if says else None


def repaired_by(attempt: Attempt, found: Diagnosis | None) -> Attempt:
    assert found is not None
    return attempt.changed(diagnosis=found)


def test_a_run_is_further_than_a_build_and_a_later_step_than_an_earlier_one():
    first = attempt(build_fails_at="pip install a==1")
    later = attempt(build_fails_at="make")
    longer = attempt(build_fails_at="make", steps=("pip install c==1", *STEPS))

    assert progress(first, later) == "further"
    assert progress(later, longer) == "no-change"
    assert progress(later, attempt()) == "further"
    assert progress(attempt(), attempt(rungs=("imports",))) == "further"
    assert progress(attempt(), attempt(passes=True)) == "runs"
    assert progress(attempt(), later) == "fell-back"
    assert progress(attempt(), attempt(says="ValueError: 2")) == "another-failure"


@pytest.mark.parametrize(
    ("after", "words"),
    [
        ({"passes": True}, "attempt 2 runs"),
        ({"rungs": ("imports",)}, "attempt 2 gets further than attempt 1"),
        ({"build_fails_at": "make"}, "attempt 2 falls behind attempt 1"),
        ({}, "attempt 2 fails like attempt 1"),
        ({"says": "ValueError: 2"}, "attempt 2 fails for another reason than attempt 1"),
    ],
)
def test_progress_is_told_in_a_sentence(after, words):
    assert told(attempt(), attempt(**after).changed(number=2)) == words


def test_the_best_attempt_is_the_furthest_and_of_equals_the_last_that_changed_anything():
    fell_back = attempt(2, build_fails_at="make")
    assert best_of([attempt(1), fell_back]).number == 1
    moved_on = attempt(2, says="ValueError: 2")
    assert best_of([attempt(1), moved_on]).number == 2
    assert best_of([attempt(1), moved_on, attempt(3, says="ValueError: 2")]).number == 2
    assert best_of([attempt(1), moved_on, attempt(3)]).number == 2


def test_a_rule_gives_way_to_the_next_one_where_its_answer_was_given_before():
    first = attempt(says="ModuleNotFoundError: No module named 'tabulate'")
    found = judge(first, (), RepoFacts())
    assert found is not None
    assert found.by == "missing_module"

    assert judge(first, (repaired_by(first, found),), RepoFacts()) is None


def test_an_attempt_that_fell_back_beyond_repair_sends_the_loop_to_the_next_answer_before_it():
    says = "error: libGL.so.1: cannot open shared object file\nModuleNotFoundError: No module named 'tabulate'"
    first = attempt(1, says=says)
    first = repaired_by(first, judge(first, (), RepoFacts()))
    second = attempt(2, build_fails_at="make", says="segmentation of worlds")

    found = judge(second, (first,), RepoFacts())

    assert found is not None
    assert first.diagnosis is not None and first.diagnosis.by != "missing_module"
    assert (found.by, found.of_attempt) == ("missing_module", 1)
    planned = next_plan([first, repaired_by(second, found)], 3)
    assert planned is not None
    step, *others = planned.plan.install_steps
    assert "tabulate" in step and tuple(others) == first.planned.plan.install_steps
    assert judge(attempt(2, says="segmentation of worlds"), (first,), RepoFacts()) is None, (
        "what did not fall back is judged alone"
    )


def test_an_attempt_that_passed_is_not_judged_again_where_a_command_beside_it_failed():
    passed = attempt(1, passes=True, rungs=("imports", "collected"))

    assert judge(attempt(1, says="segmentation of worlds"), (passed,), RepoFacts()) is None


def test_where_nobody_knows_the_last_failure_a_stronger_command_s_says_what_is_missing():
    says = "IOError: [Errno 2] No such file or directory: 'vectors.bin'"
    first = attempt(1, says=says, weaker=("python main.py --help",))
    first = repaired_by(first, judge(first, (), RepoFacts()))

    found = judge(attempt(2, says="segmentation of worlds"), (first,), RepoFacts())

    assert found is not None
    assert (found.by, found.decision.decision, found.of_attempt) == ("missing_data", "stop", 1)
    assert "vectors.bin" in found.evidence


def test_a_negative_end_says_what_was_tried_and_which_attempt_came_furthest():
    first = attempt(1, says="ModuleNotFoundError: No module named 'tabulate'")
    first = repaired_by(first, judge(first, (), RepoFacts()))
    verdict = after_attempts([first, attempt(2, build_fails_at="make")], 3)

    assert verdict.status == "smoke-failed"
    assert verdict.best_attempt == 1
    [line] = verdict.tried
    assert line.startswith("attempt 1: smoke command exited with 1")
    assert "missing_module: missing modules: tabulate" in line
    assert line.endswith("then: fell back")


def test_a_repair_says_in_lines_how_the_plan_changes():
    found = judge(attempt(says="ModuleNotFoundError: No module named 'tabulate'"), (), RepoFacts())
    assert found is not None
    assert found.diff == ("+ pip tabulate",)


@pytest.mark.parametrize(
    ("fewer", "more"),
    [
        ("", "5 tests collected, 1 error in 0.70s"),
        ("9 tests collected, 1 error in 0.70s", "!!! Interrupted: 8 errors during collection !!!"),
        ("700 tests collected, 2 errors in 9.10s", "no tests collected, 1 error in 0.11s"),
        ("no tests collected, 1 error in 0.11s", "no tests collected, 2 errors in 0.11s"),
        ("2 error in 0.50 seconds", "ImportError while loading conftest '/repo/conftest.py'."),
    ],
)
@pytest.mark.parametrize("passes", [True, False])
def test_of_equal_runs_the_one_that_collects_more_of_the_tests_is_further(fewer, more, passes):
    first, second = (
        attempt(1, passes=passes, collecting=more),
        attempt(2, passes=passes, collecting=fewer),
    )

    assert best_of([first, second]).number == 2
    assert best_of([second.changed(number=1), first.changed(number=2)]).number == 1


def test_the_collection_of_the_tests_is_judged_beside_a_run_that_passed():
    lacks = "E   ModuleNotFoundError: No module named 'tabulate'"
    done = attempt(passes=True, collecting=f"{lacks}\n1 error in 0.1s")
    rung = RungResult(rung="collected", passed=False, command="python -m pytest --collect-only")
    done = done.changed(verification=done.verification.changed(rungs=(rung,)))

    tried = without_its_tests(done)

    assert tried is not None and not tried.succeeded
    found = judge(tried, (), RepoFacts())
    assert found is not None and found.by == "missing_module"
    asked = done.changed(planned=done.planned.changed(smoke_by="user"))
    assert without_its_tests(asked) is None


def test_the_collection_of_the_tests_proves_no_stop():
    lacks = "FileNotFoundError: [Errno 2] No such file or directory: 'data/waves.csv'"
    done = attempt(passes=True, collecting=f"{lacks}\n1 error in 0.1s")
    rung = RungResult(rung="collected", passed=False, command="python -m pytest --collect-only")
    tried = without_its_tests(done.changed(verification=done.verification.changed(rungs=(rung,))))

    assert tried is not None
    assert judge(tried, (), RepoFacts()) is None
