"""A model's words lower a verdict, add needs and name causes; they never raise it."""

import pytest

from paper2run.model.diagnosis import Diagnosis, DiagnosisDecision
from paper2run.model.environment import EnvPlan, PlannedEnvironment
from paper2run.model.grade import GRADES
from paper2run.model.needs import Need, Site
from paper2run.model.opinion import Opinion
from paper2run.model.outcome import Built, Log, Passed, SmokeFailed
from paper2run.model.report import Attempt, Verdict
from paper2run.model.stated_need import StatedNeed
from paper2run.model.value import DEFAULT
from paper2run.planners.model_decision import ModelDecision, Proof, as_diagnosis
from paper2run.verdicts.opinions import as_need, wants_opinion, with_opinion, with_stated
from paper2run.verdicts.verdicts import after_attempts

SITE = Site()
RAN = Verdict(status="success", reason="it ran", grade="program-starts", best_attempt=1)
WEIGHTS = StatedNeed(kind="data", what="the weights", quote="put the weights here", by="model:m")
GPU = StatedNeed(kind="gpu", what="an NVIDIA GPU", quote="we used a V100", by="model:m")
PLAN = EnvPlan(base_image="python:3.9-slim", smoke_command="python run.py")
BUILT = Built(image="i", image_id="sha256:1", seconds=1.0, size_bytes=1, log=Log())


def opinion(**fields):
    return Opinion(
        **{"shows": "part", "reason": "r", "confidence": "high", "by": "model:m"} | fields
    )


@pytest.mark.parametrize("grade", GRADES)
@pytest.mark.parametrize("wanted", GRADES)
def test_no_opinion_raises_a_grade(grade, wanted):
    before = RAN.changed(grade=grade)
    after = with_opinion(before, opinion(grade=wanted), SITE)
    assert GRADES.index(after.grade) <= GRADES.index(grade)


@pytest.mark.parametrize("status", ["smoke-failed", "max-attempts-exhausted", "stopped-by-rule"])
def test_no_opinion_makes_a_success(status):
    failed = Verdict(status=status, cause="code_error", grade="none", best_attempt=1)
    after = with_opinion(failed, opinion(shows="yes", grade="tests"), SITE)
    assert (after.status, after.cause, after.grade) == (status, "code_error", "none")


def test_a_lower_grade_and_a_need_end_a_success():
    after = with_opinion(RAN, opinion(grade="imports", needs=(WEIGHTS,)), SITE)
    assert (after.status, after.cause, after.grade) == ("stopped-by-llm", "missing_data", "imports")
    assert "it ran" in after.reason
    assert after.smallest_change.startswith("Put the weights in place")
    assert "put the weights here" in str(after.needs[0].source)


def test_a_need_alone_leaves_work_that_was_done_a_success():
    after = with_opinion(RAN, opinion(needs=(WEIGHTS,)), SITE)
    assert (after.status, after.grade) == ("success", "program-starts")
    assert [need.what for need in after.needs] == ["the weights"]


def test_a_need_that_the_site_meets_ends_nothing():
    shown = RAN.changed(grade="imports")
    assert with_opinion(shown, opinion(needs=(GPU,)), Site(has_gpu=True)).status == "success"
    assert with_opinion(shown, opinion(needs=(GPU,)), SITE).cause == "needs_gpu"


@pytest.mark.parametrize("confidence", ["low", "medium"])
def test_work_that_was_done_is_not_undone_without_high_confidence(confidence):
    said = opinion(
        shows="no", grade="none", confidence=confidence, cause="needs_gpu", evidence=("we used",)
    )
    after = with_opinion(RAN, said, SITE)
    assert (after.status, after.grade) == ("success", "program-starts")
    assert after.opinion == said


def test_a_failure_without_proof_gets_the_cause_that_was_quoted():
    failed = Verdict(status="smoke-failed", cause="code_error", reason="exit 1", best_attempt=1)
    said = opinion(shows="no", cause="external_service", evidence=("start the server",))
    after = with_opinion(failed, said, SITE)
    assert (after.status, after.cause) == ("stopped-by-llm", "external_service")
    assert with_opinion(failed, opinion(shows="no"), SITE).cause == "code_error"


@pytest.mark.parametrize("cause", ["build_error", "code_error"])
def test_a_class_of_causes_makes_no_stop(cause):
    failed = Verdict(status="max-attempts-exhausted", cause="undiagnosed", best_attempt=1)
    after = with_opinion(failed, opinion(shows="no", cause=cause, evidence=("a line",)), SITE)
    assert (after.status, after.cause) == ("max-attempts-exhausted", cause)


def test_a_cause_that_the_site_does_not_have_is_none():
    failed = Verdict(status="smoke-failed", cause="code_error", best_attempt=1)
    said = opinion(shows="no", cause="needs_gpu", evidence=("we used a V100",))
    assert with_opinion(failed, said, Site(has_gpu=True)).cause == "code_error"
    assert with_opinion(failed, said, SITE).cause == "needs_gpu"


@pytest.mark.parametrize("grade", ["none", "built-only"])
def test_work_is_not_undone_without_a_need_or_a_cause(grade):
    after = with_opinion(RAN, opinion(shows="no", grade=grade), SITE)
    assert (after.status, after.grade, after.reason) == ("success", "program-starts", "it ran")
    lower = with_opinion(RAN.changed(grade="imports"), opinion(shows="no", grade=grade), SITE)
    assert (lower.status, lower.grade) == ("success", "built-only")
    assert "model:m: r" in lower.reason


def test_a_hard_need_of_the_rules_ends_a_success_that_the_model_lowers():
    data = Need(kind="data", what="x.csv", hard=True, source=DEFAULT)
    after = with_opinion(RAN, opinion(grade="imports"), SITE, (data,))
    assert (after.status, after.cause) == ("stopped-by-rule", "missing_data")


def test_a_need_is_told_once():
    soft = Need(kind="gpu", what="an NVIDIA GPU", hard=False, source=DEFAULT)
    hard = soft.changed(hard=True)
    stated = as_need(GPU, SITE)
    assert with_stated((soft,), (stated,)) == (stated,)
    assert with_stated((hard,), (stated,)) == (hard,)


def test_a_cause_without_a_quote_is_no_opinion():
    with pytest.raises(ValueError, match="a cause needs a quote"):
        opinion(cause="needs_gpu")


@pytest.mark.parametrize(
    ("verdict", "asked"),
    [
        (RAN, True),
        (RAN.changed(grade="tests"), False),
        (RAN.changed(grade="results"), False),
        (Verdict(status="smoke-failed", best_attempt=1), True),
        (Verdict(status="smoke-failed"), False),
        (Verdict(status="stopped-by-rule", best_attempt=1), False),
        (Verdict(status="stopped-by-llm", best_attempt=1), False),
        (Verdict(status="planned"), False),
    ],
)
def test_a_model_is_asked_where_little_was_shown_or_nothing_proven(verdict, asked):
    assert wants_opinion(verdict) == asked


def attempt(smoke, *, kind="import", planner="rules", plan=PLAN, **fields):
    planned = PlannedEnvironment(plan=plan, planner=planner, smoke_kind=kind, **fields)
    return Attempt(number=1, planned=planned, built=BUILT, smoke=smoke)


PASSED = Passed(alive_at_timeout=False, seconds=1.0, log=Log())
FAILED = SmokeFailed(exit_code=1, seconds=1.0, log=Log(stderr="ValueError: no"))


def test_needs_that_a_planning_model_states_enter_the_table():
    shown = attempt(PASSED, planner="model:m", needs=(WEIGHTS,))
    verdict = after_attempts((shown,), 3)
    assert (verdict.status, verdict.cause) == ("stopped-by-llm", "missing_data")
    assert verdict.excludes == "this-plan", "a model proves nothing"
    works = attempt(PASSED, kind="program", planner="model:m", needs=(WEIGHTS,))
    assert after_attempts((works,), 3).status == "success"


def test_a_gpu_that_only_the_model_requires_bars_a_success_that_shows_little():
    own = PlannedEnvironment(plan=PLAN, planner="rules")
    shown = attempt(PASSED, planner="model:m", plan=PLAN.changed(requires_gpu=True), fallback=own)
    assert after_attempts((shown,), 3).cause == "needs_gpu"
    agreed = shown.planned.changed(fallback=own.changed(plan=shown.planned.plan))
    assert after_attempts((shown.changed(planned=agreed),), 3).status == "success"


def decided(answer="stop", confidence="high", **proof):
    decision = DiagnosisDecision(decision="stop", reason="r", confidence=confidence)
    return ModelDecision(answer=answer, decision=decision, proof=Proof(**proof))


@pytest.mark.parametrize(
    ("given", "cause"),
    [
        (decided(cause="needs_gpu", evidence=("no CUDA device",)), "needs_gpu"),
        (decided(cause="needs_gpu"), "code_error"),
        (decided(confidence="low", cause="needs_gpu", evidence=("no CUDA device",)), "code_error"),
        (decided("accept"), "code_error"),
        (decided(confidence="low", needs=(WEIGHTS,)), "code_error"),
    ],
)
def test_a_stop_has_the_cause_that_it_shows(given, cause):
    found = as_diagnosis(given, attempt(FAILED), "m")
    assert isinstance(found, Diagnosis)
    assert (found.cause, found.excludes, found.by) == (cause, "this-plan", "model:m")
    assert found.source != DEFAULT
    assert found.needs == (), "what is said with low confidence is not taken"
