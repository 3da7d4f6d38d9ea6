"""Who judges the commands that failed beside an attempt's own."""

import pytest
from pydantic import SecretStr

from flows import next_plan
from paper2run.model.environment import SmokeChoice
from paper2run.model.facts import RepoFacts
from paper2run.model.outcome import SmokeFailed, Trial
from paper2run.model.value import DEFAULT
from paper2run.settings import Settings
from tests.unit.test_progress import attempt


def test_the_rules_alone_judge_what_else_failed_even_with_a_model(monkeypatch: pytest.MonkeyPatch):
    tests = SmokeChoice(kind="tests", command="pytest", proves="its tests pass", source=DEFAULT)
    trial = Trial(choice=tests, outcome=SmokeFailed(exit_code=1, seconds=1))
    best = attempt(1, passes=True).changed(trials=(trial,))
    asked: list[str] = []

    def diagnosed(run, checkout, tried, facts, settings, later):
        asked.append(settings.planner_model)
        return tried

    monkeypatch.setattr(next_plan, "diagnosed", diagnosed)
    monkeypatch.setattr(next_plan, "read_facts_of", lambda run: RepoFacts())
    monkeypatch.setattr(next_plan, "worth_repairing", lambda trials, **others: trials)
    settings = Settings(model="some/model", api_key=SecretStr("key"))
    assert settings.planner_model == "some/model"

    next_plan._of_trials(None, None, (best,), best, settings, ())

    assert asked == [""]
