"""What is run in an image beside the smoke command, and what follows from it."""

import pytest

from paper2run.model.environment import EnvPlan, PlannedEnvironment, SmokeChoice, SmokeKind
from paper2run.model.outcome import Log, Passed, SmokeFailed, Trial
from paper2run.model.value import DEFAULT
from paper2run.smoke import gathering
from paper2run.smoke.grading import passed_tests
from paper2run.verdicts.trials import as_attempt, untried, with_first_command
from tests.unit.test_progress import attempt

IMPORT = ("import", "python -c 'import a'")
TESTS = ("tests", "python -m pytest -q .")
SIDE = ("side-script", "python tools/look.py")
HELP = ("console-script", "a --help")


def choice(kind: SmokeKind, command: str) -> SmokeChoice:
    return SmokeChoice(kind=kind, command=command, proves="something", source=DEFAULT)


def planned(*others: tuple[SmokeKind, str], by: str = "rules") -> PlannedEnvironment:
    plan = EnvPlan(base_image="python:3.9-slim", smoke_command="python demo.py data.csv")
    return PlannedEnvironment(
        plan=plan,
        planner="rules",
        smoke_kind="documented",
        smoke_by=by,
        weaker_smokes=tuple(choice(*other) for other in others),
    )


def trial(
    command: tuple[SmokeKind, str], *, passes: bool, alive: bool = False, says: str = ""
) -> Trial:
    outcome = (
        Passed(alive_at_timeout=alive, seconds=1)
        if passes
        else SmokeFailed(exit_code=1, seconds=1, log=Log(stdout=says))
    )
    return Trial(choice=choice(*command), outcome=outcome)


def test_an_import_is_tried_first_then_the_most_promising_command():
    tried = gathering.to_try(planned(HELP, TESTS, IMPORT, IMPORT), "none")

    assert [one.kind for one in tried] == ["import", "tests", "import", "console-script"]


def test_only_what_may_show_more_is_tried():
    assert [one.kind for one in gathering.to_try(planned(HELP, IMPORT, TESTS), "imports")] == [
        "tests"
    ]
    assert gathering.to_try(planned(TESTS), "documented-run") == ()


def test_the_users_own_command_stands_alone():
    assert gathering.to_try(planned(IMPORT, TESTS, by="user"), "none") == ()


def test_a_script_that_no_document_names_gets_little_time_and_shows_nothing_by_being_alive():
    assert gathering.limit_s(choice(*SIDE), 300) == 60
    assert gathering.limit_s(choice(*TESTS), 300) == 300
    assert gathering.shown_by(trial(SIDE, passes=True, alive=True)) == "none"
    server = Passed(alive_at_timeout=True, listens_on=8000, seconds=30)
    assert gathering.shown_by(Trial(choice=choice(*SIDE), outcome=server)) == "imports"
    assert gathering.shown_by(trial(TESTS, passes=True, alive=True)) == "built-only"


def test_the_command_that_shows_most_becomes_the_smoke_command():
    trials = [trial(HELP, passes=True), trial(IMPORT, passes=True), trial(TESTS, passes=False)]

    found = gathering.strongest(trials, "none")

    assert found is not None and found.choice.kind == "import"
    assert gathering.strongest(trials, "imports") is None, "it shows no more than is shown already"
    assert gathering.strongest([trial(IMPORT, passes=False)], "none") is None


def test_a_command_that_had_not_failed_gets_the_whole_time_where_nothing_has_shown_anything():
    waits, fails = trial(SIDE, passes=True, alive=True), trial(IMPORT, passes=False)

    assert gathering.strongest([fails, waits], "none") is waits
    assert gathering.strongest([fails, waits], "built-only") is None
    assert gathering.strongest([fails, waits, trial(HELP, passes=True)], "none") != waits


def test_only_failures_of_commands_that_show_more_are_worth_a_repair():
    trials = [trial(TESTS, passes=False), trial(IMPORT, passes=True), trial(HELP, passes=False)]

    assert [one.choice.kind for one in gathering.worth_repairing(trials, beside_success=False)] == [
        "tests"
    ]
    assert gathering.worth_repairing([trial(SIDE, passes=False)], beside_success=False), (
        "nothing else has passed"
    )
    assert not gathering.worth_repairing(
        [trial(SIDE, passes=False), trial(HELP, passes=True)], beside_success=False
    )


@pytest.mark.parametrize(
    ("says", "count"),
    [
        ("1 failed, 37 passed, 2 skipped in 3.11s", 37),
        ("3 failed in 0.2s", 0),
        ("Ran 12 tests in 0.5s\n\nFAILED (failures=1, errors=2)", 9),
        ("Ran 2 tests in 0.1s\n\nFAILED (errors=2)", 0),
        ("ImportError", 0),
    ],
)
def test_passed_tests_are_counted_by_the_runners_own_summary(says: str, count: int):
    assert passed_tests(Log(stderr=says)) == count


def test_a_repair_of_a_trial_keeps_the_first_command():
    first, tried = planned(IMPORT, TESTS), choice(*IMPORT)
    changed = first.plan.changed(smoke_command=tried.command, system_packages=("git",))
    repaired = first.changed(plan=changed, smoke_kind="import", weaker_smokes=())

    found = with_first_command(repaired, first, tried.command)

    assert found is not None
    assert found.plan == first.plan.changed(system_packages=("git",))
    assert (found.smoke_kind, found.weaker_smokes) == ("documented", first.weaker_smokes)
    wrapped = repaired.changed(plan=changed.changed(smoke_command="xvfb-run true"))
    assert with_first_command(wrapped, first, tried.command) is None


@pytest.mark.parametrize(("passes", "says"), [(True, "passed in this"), (False, "failed in this")])
def test_the_plan_says_how_its_command_ended_in_the_image_before(passes: bool, says: str):
    tried = as_attempt(attempt(1), trial(TESTS, passes=passes))

    assert tried.planned.reasons[-1].decision.startswith(f"{TESTS[1]}: {says} image")


def test_a_command_that_failed_as_the_smoke_command_is_not_taken_again():
    once = attempt(1).changed(trials=(trial(IMPORT, passes=True), trial(HELP, passes=True)))
    plan = once.planned.plan.changed(smoke_command=IMPORT[1])
    again = attempt(2).changed(planned=once.planned.changed(plan=plan))

    assert [one.choice.kind for one in untried(once, [once, again])] == ["console-script"]
