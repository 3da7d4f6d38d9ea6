"""Each case folder holds a realistic log, the plan before, and the one right answer."""

from pathlib import Path

import pytest

from paper2run.failures.failed_attempt import FailedAttempt
from paper2run.failures.wanted_files import WantedFile
from paper2run.model.environment import EnvPlan, PlannedEnvironment
from paper2run.model.facts import RepoFacts
from paper2run.model.outcome import BuildFailed, Log, SmokeFailed, Verification
from paper2run.repairs import REPAIRS, diagnose
from tests.cases import LOGS, Answer, LogCase, log_case

CASES = sorted(folder for folder in LOGS.glob("*/*") if folder.is_dir())


def failed_attempt_of(case: LogCase, log_text: str) -> FailedAttempt:
    log = Log(stderr=log_text)
    failure: BuildFailed | SmokeFailed
    if case.stage == "build":
        failure = BuildFailed(
            step=case.step, exit_code=1, seconds=1, log=log, timed_out=case.timed_out
        )
    else:
        failure = SmokeFailed(
            exit_code=137 if case.out_of_memory else 1,
            seconds=1,
            log=log,
            out_of_memory=case.out_of_memory,
            out_of_disk=case.out_of_disk,
            limit=case.limit,
        )
    planned = PlannedEnvironment(
        plan=case.plan,
        planner="rules",
        weaker_smokes=case.weaker_smokes,
        optional=case.optional,
        pythons=case.pythons,
        commit_day=case.commit_day,
        resolution=case.resolution,
    )
    packages = {WantedFile(*words.split(" ")): name for words, name in case.packages.items()}
    return FailedAttempt(
        failure, planned, RepoFacts(facts=case.facts), Verification(), packages, case.releases
    )


def read(folder: Path) -> tuple[FailedAttempt, Answer]:
    case = log_case(folder)
    return failed_attempt_of(case, (folder / "log.txt").read_text()), case.expected


@pytest.mark.parametrize("folder", CASES, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_the_rule_of_a_case_answers_it_as_expected(folder):
    failed, expected = read(folder)
    found = diagnose(failed)

    assert found is not None, "all rules abstained"
    assert (found.by, found.decision.decision) == (expected.by, expected.decision)
    assert found.by == folder.parent.name
    if expected.cause is not None:
        assert found.cause == expected.cause
        assert found.smallest_change
    if expected.excludes is not None:
        assert found.excludes == expected.excludes
    if found.decision.new_plan is not None:
        before, after = (
            failed.plan.model_dump(mode="json"),
            found.decision.new_plan.model_dump(mode="json"),
        )
        assert {
            name: value for name, value in after.items() if value != before[name]
        } == expected.changes


@pytest.mark.parametrize("folder", CASES, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_no_rule_repeats_its_repair_on_the_plan_it_made(folder):
    failed, _ = read(folder)
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
    rules, cases = {rule.NAME for rule in REPAIRS}, {folder.parent.name for folder in CASES}
    assert rules == cases, "enter the rule in REPAIRS, or write its case"


def test_a_log_of_no_known_kind_is_left_to_others():
    failure = SmokeFailed(exit_code=7, seconds=1, log=Log(stdout="so far\n"))
    planned = PlannedEnvironment(
        plan=EnvPlan(base_image="python:3.9-slim", smoke_command="python main.py"), planner="rules"
    )
    assert diagnose(FailedAttempt(failure, planned, RepoFacts(), Verification())) is None


def test_a_server_without_a_name_is_told_by_the_line_that_connects():
    failed, _ = read(LOGS / "external_service" / "own_server_under_python_2")
    found = diagnose(failed)

    assert found is not None
    assert "the server that tidal/__init__.py:7 connects to" in found.decision.reason
