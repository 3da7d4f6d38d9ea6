"""Each case folder is a log in the shape of a real one, the plan before, and the one answer that is right."""

import json
from pathlib import Path

import pytest

from paper2run.failures.failed_attempt import FailedAttempt
from paper2run.failures.wanted_files import WantedFile
from paper2run.model.environment import EnvPlan, PlannedEnvironment
from paper2run.model.facts import RepoFacts
from paper2run.model.outcome import BuildFailed, Log, SmokeFailed, Verification
from paper2run.repairs import REPAIRS, diagnose

LOGS = Path(__file__).parents[1] / "logs"
CASES = sorted(path.parent for path in LOGS.glob("*/*/case.json"))


def failed_attempt_of(folder: Path) -> tuple[FailedAttempt, dict]:
    case = json.loads((folder / "case.json").read_text())
    log = Log(stderr=(folder / "log.txt").read_text())
    failure: BuildFailed | SmokeFailed
    if case["stage"] == "build":
        failure = BuildFailed(
            step=case.get("step", "RUN pip install ."),
            exit_code=1,
            seconds=1,
            log=log,
            timed_out=case.get("timed_out", False),
        )
    else:
        oom = case.get("out_of_memory", False)
        failure = SmokeFailed(
            exit_code=137 if oom else 1,
            seconds=1,
            log=log,
            out_of_memory=oom,
            limit=case.get("limit", ""),
        )
    planned = PlannedEnvironment.model_validate(
        {
            "plan": case["plan"],
            "planner": "rules",
            "weaker_smokes": case.get("weaker_smokes", []),
            "optional": case.get("optional", []),
            "pythons": case.get("pythons", []),
            "commit_day": case.get("commit_day"),
            "resolution": case.get("resolution"),
        }
    )
    facts = RepoFacts.model_validate({"facts": case.get("facts", [])})
    packages = {
        WantedFile(*words.split(" ")): name for words, name in case.get("packages", {}).items()
    }
    return FailedAttempt(failure, planned, facts, Verification(), packages), case


@pytest.mark.parametrize("folder", CASES, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_the_rule_of_a_case_answers_it_as_expected(folder):
    failed, case = failed_attempt_of(folder)
    found = diagnose(failed)

    assert found is not None, "all rules abstained"
    expected = case["expected"]
    assert (found.by, found.decision.decision) == (expected["by"], expected["decision"])
    assert found.by == folder.parent.name
    if "cause" in expected:
        assert found.cause == expected["cause"]
        assert found.smallest_change
    if found.decision.new_plan is not None:
        before, after = (
            failed.plan.model_dump(mode="json"),
            found.decision.new_plan.model_dump(mode="json"),
        )
        assert {name: value for name, value in after.items() if value != before[name]} == expected[
            "changes"
        ]


@pytest.mark.parametrize("folder", CASES, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_no_rule_repeats_its_repair_on_the_plan_it_made(folder):
    failed, _ = failed_attempt_of(folder)
    found = diagnose(failed)
    if found is None or found.decision.new_plan is None:
        return
    again = failed._replace(planned=failed.planned.changed(plan=found.decision.new_plan))
    answer = diagnose(again)
    assert (
        answer is None
        or answer.by != found.by
        or answer.decision.new_plan != found.decision.new_plan
    )


def test_every_rule_has_a_case():
    assert {rule.NAME for rule in REPAIRS} == {folder.parent.name for folder in CASES}


def test_a_log_of_no_known_kind_is_left_to_others():
    failure = SmokeFailed(exit_code=7, seconds=1, log=Log(stdout="so far\n"))
    planned = PlannedEnvironment(
        plan=EnvPlan(base_image="python:3.9-slim", smoke_command="python main.py"), planner="rules"
    )
    assert diagnose(FailedAttempt(failure, planned, RepoFacts(), Verification())) is None
