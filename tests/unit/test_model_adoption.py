"""When the rules doubt themselves, what a model's plan takes over, and the way back."""

from datetime import date

import pytest

from paper2run.model.diagnosis import Diagnosis
from paper2run.model.environment import (
    Asked,
    EnvPlan,
    GuessedDistribution,
    PlannedEnvironment,
    Reason,
    SmokeChoice,
)
from paper2run.model.facts import (
    Import,
    LanguageShare,
    NoCode,
    RepoFacts,
    Requirement,
    Unreadable,
)
from paper2run.model.outcome import Log, SmokeFailed
from paper2run.model.report import Attempt
from paper2run.model.usage import Budget, Usage
from paper2run.model.value import DEFAULT, Source
from paper2run.planners import rules
from paper2run.planners.adoption import adopt
from paper2run.planners.model_decision import ModelPlan
from paper2run.planners.weakness import doubts
from paper2run.planning.evidence import Evidence
from paper2run.verdicts.going_on import next_plan
from paper2run.verdicts.judgement import judge

SETUP = Source(kind="file", path="setup.py", line=3)
README = Source(kind="readme", path="README.md", line=9)
IMPORT = Import(module="numpy", where="script", files=1, source=SETUP)
DECLARED = Requirement(text="numpy", name="numpy", group="runtime", source=SETUP)
RULES_PLAN = PlannedEnvironment(
    plan=EnvPlan(
        base_image="python:3.9-slim",
        install_steps=("pip install numpy",),
        smoke_command="python run.py",
    ),
    planner="rules",
    reasons=(
        Reason(topic="python", decision="3.9", source=SETUP),
        Reason(topic="dependency", decision="numpy: declared", source=SETUP),
        Reason(topic="smoke", decision="python run.py: it runs", source=README),
    ),
    pythons=("3.9", "3.8"),
    smoke_proves="it runs",
    smoke_kind="script",
    weaker_smokes=(
        SmokeChoice(kind="import", command="python -c 'import x'", proves="x", source=README),
    ),
)
ASKED = Asked(name="a/b", commit="0" * 40, commit_day=date(2020, 1, 1))
FACTS = RepoFacts(facts=(DECLARED,))


def changed(**fields):
    return RULES_PLAN.plan.changed(**fields)


def adopted(made, own=RULES_PLAN, facts=FACTS, asked=ASKED, why=("a doubt",)):
    return adopt(ModelPlan(plan=made), own, why, facts, asked, "some/model")


def test_a_plan_on_declared_evidence_is_not_doubted():
    assert doubts(RULES_PLAN, RepoFacts(facts=(DECLARED, IMPORT))) == ()


def test_what_nobody_declares_is_doubted():
    planned = RULES_PLAN.changed(guesses=(GuessedDistribution(name="num-py", module="numpy"),))
    found = doubts(planned, RepoFacts(facts=(IMPORT,)))
    assert found == (
        "no manifest declares what the code imports: numpy",
        "names of distributions are guessed from modules: num-py",
    )


@pytest.mark.parametrize(
    ("path", "doubted"),
    [("requirements.txt", 1), ("pkg/setup.py", 1), ("docs/a/setup.py", 0), ("notes.ipynb", 0)],
)
def test_a_manifest_that_cannot_be_read_is_doubted(path, doubted):
    broken = Unreadable(path=path, cause="binary", why="binary", source=SETUP)
    assert len(doubts(RULES_PLAN, RepoFacts(facts=(DECLARED, broken)))) == doubted


def test_a_smoke_command_that_no_evidence_names_is_doubted():
    reasons = (Reason(topic="smoke", decision="import numpy", source=DEFAULT),)
    planned = RULES_PLAN.changed(reasons=reasons)
    assert "smoke command" in doubts(planned, RepoFacts(facts=(DECLARED,)))[0]


def test_a_stop_is_doubted_only_where_the_rules_know_of_nothing_to_start():
    script = LanguageShare(language="python", files=1, size_bytes=9, source=SETUP)
    nothing = rules.plan(Evidence(RepoFacts(facts=(script,)), frozenset({"a.py"}), ASKED))
    assert "Nothing shows how to run this code" in doubts(nothing, RepoFacts())[0]
    none = NoCode(why="text only", source=SETUP)
    proven = rules.plan(Evidence(RepoFacts(facts=(none,)), frozenset({"a.txt"}), ASKED))
    assert isinstance(proven, Diagnosis)
    assert doubts(proven, RepoFacts()) == ()


def test_reasons_stay_for_what_the_model_left_alone_and_say_what_it_changed():
    found = adopted(changed(base_image="python:3.8-slim", notes="setup.py names 3.8"))
    by = Source(kind="model", note="some/model")
    said = [(reason.topic, reason.decision) for reason in found.reasons if reason.source == by]
    assert said == [
        ("planner", "some/model plans (a doubt): setup.py names 3.8"),
        ("base image", "python:3.8-slim, in place of python:3.9-slim"),
    ]
    kept = [reason.topic for reason in found.reasons if reason.source != by]
    assert kept == ["dependency", "smoke"]
    assert found.planner == "model:some/model"
    assert found.pythons == ("3.8", "3.9")


def test_distributions_that_only_the_model_names_are_optional():
    found = adopted(changed(install_steps=("pip install numpy left-pad==9",)))
    assert found.optional == ("left-pad",)


def test_the_rules_smoke_command_stands_in_for_the_models():
    found = adopted(changed(smoke_command="pytest -q"))
    assert [choice.command for choice in found.weaker_smokes] == [
        "python run.py",
        "python -c 'import x'",
    ]
    assert found.smoke_proves == "what the model takes for a proof"
    assert (found.smoke_kind, found.smoke_by) == ("model", "model")
    assert found.weaker_smokes[0].kind == "script"
    kept = adopted(changed(install_steps=("pip install scipy",)))
    assert (kept.smoke_proves, kept.smoke_kind, kept.smoke_by) == ("it runs", "script", "rules")


def test_the_users_smoke_command_stays():
    asked = ASKED.changed(smoke="make check")
    found = adopted(changed(smoke_command="pytest -q"), asked=asked)
    assert found.plan.smoke_command == "make check"
    without_own = adopted(changed(smoke_command="pytest -q"), own=None, asked=asked)
    assert without_own.plan.smoke_command == "make check"
    assert without_own.reasons[-1].source.kind == "user"
    assert (found.smoke_by, without_own.smoke_by) == ("user", "user")


def failed(planned, diagnosis=None):
    built = {"kind": "built", "image": "i", "image_id": "sha256:0", "seconds": 1.0, "size_bytes": 1}
    smoke = SmokeFailed(exit_code=1, seconds=1.0, log=Log(stderr="it is broken"))
    return Attempt.model_validate(
        {"number": 1, "planned": planned, "built": built, "smoke": smoke, "diagnosis": diagnosis}
    )


def test_after_a_models_plan_has_failed_the_rules_own_is_next_once():
    planned = adopted(changed(base_image="python:3.8-slim"))
    way_back = judge(failed(planned), (), RepoFacts())
    assert way_back.decision.new_plan == RULES_PLAN.plan
    following = next_plan([failed(planned, way_back)], 3)
    assert following.planner == "rules"
    assert following.pythons == ("3.9", "3.8")
    assert following.reasons[-1].decision == "rules: the model's plan failed; next: the rules' own"
    assert judge(failed(following), [failed(planned, way_back)], RepoFacts()) is None


def test_a_model_that_took_the_draft_as_it_is_leaves_all_of_it_and_nothing_to_go_back_to():
    agreed = adopted(changed(notes="fine"))
    assert agreed.reasons[0].decision == "some/model plans (a doubt): fine"
    assert agreed.reasons[1:] == RULES_PLAN.reasons
    assert (agreed.plan, agreed.weaker_smokes, agreed.pythons) == (
        RULES_PLAN.plan,
        RULES_PLAN.weaker_smokes,
        RULES_PLAN.pythons,
    )
    assert agreed.planner == "model:some/model"
    assert agreed.fallback is None


def test_a_budget_shrinks_by_what_was_spent():
    spent = Usage(calls=1, prompt_tokens=70, completion_tokens=20, cost_usd=0.5)
    budget = Budget(max_tokens=100, max_cost_usd=0.6)
    assert budget.left(spent).max_tokens == 10
    assert budget.left(spent).max_cost_usd == pytest.approx(0.1)
    assert budget.left(spent + spent) == Budget(max_tokens=0, max_cost_usd=0.0)
    unpriced = spent.changed(cost_usd=None)
    assert budget.left(unpriced).max_cost_usd == 0
    assert Budget().left(spent) == Budget()
    waited = spent.changed(latency_s=40.0)
    assert Budget(max_model_seconds=60).left(waited).max_model_seconds == 20
    assert Budget(max_model_seconds=60).shared(3).max_model_seconds == 20
    assert Budget(max_model_seconds=9).within(Budget(max_model_seconds=5, max_tokens=1)) == Budget(
        max_model_seconds=5, max_tokens=1
    )


@pytest.mark.parametrize(
    ("budget", "next_call", "words"),
    [
        (Budget(), Usage(calls=1, prompt_tokens=10**9, cost_usd=None), ""),
        (Budget(max_tokens=100), Usage(calls=1, prompt_tokens=60, completion_tokens=40), ""),
        (Budget(max_tokens=100), Usage(calls=1, prompt_tokens=61, completion_tokens=40), "tokens"),
        (Budget(max_tokens=0), Usage(calls=1, prompt_tokens=1), "tokens"),
        (Budget(max_cost_usd=1.0), Usage(calls=1, cost_usd=0.9), ""),
        (Budget(max_cost_usd=1.0), Usage(calls=1, cost_usd=1.1), "budget of $1"),
        (Budget(max_cost_usd=1.0), Usage(calls=1, cost_usd=None), "unknown"),
        (Budget(max_model_seconds=0), Usage(calls=1), "0 seconds of the model"),
        (Budget(max_model_seconds=1), Usage(calls=1), ""),
    ],
)
def test_a_budget_refuses_the_call_that_would_break_it(budget, next_call, words):
    refusal = budget.refusal(Usage(), next_call)
    assert words in refusal
    assert bool(refusal) == bool(words)
