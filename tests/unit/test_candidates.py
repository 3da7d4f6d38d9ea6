"""The ways to an environment beside the first, and when a way is left for the next."""

from datetime import date

import pytest

from paper2run.failures.failed_attempt import stopped
from paper2run.model.diagnosis import Cause, Reach
from paper2run.model.environment import EnvPlan, PlannedEnvironment, Reason, SmokeChoice
from paper2run.model.facts import (
    Fact,
    GpuNeed,
    LockedVersion,
    OtherIndex,
    PipInclude,
    Project,
    RepoFacts,
    Requirement,
)
from paper2run.model.outcome import BuildFailed, Built, Log, Passed, SmokeFailed, Trial
from paper2run.model.report import Attempt, Status
from paper2run.model.resolution import Lock
from paper2run.model.value import DEFAULT, Source
from paper2run.planning.candidates import next_candidate
from paper2run.verdicts.going_on import next_plan, ways_left, why_left
from paper2run.verdicts.progress import best_of
from paper2run.verdicts.verdicts import after_attempts

BUILT = Built(image="i", image_id="sha256:0", size_bytes=1, seconds=1)
WHY = "no repair is known"


def at(path: str) -> Source:
    return Source(kind="file", path=path, line=1)


def needs(name: str, path: str = "requirements.txt", **fields: str) -> Requirement:
    return Requirement.model_validate(
        {"text": name, "name": name, "group": "runtime", "source": at(path), **fields}
    )


def planned(
    *wanted: str, image: str = "python:3.7-slim", optional: tuple[str, ...] = ()
) -> PlannedEnvironment:
    steps = (f"pip install --no-compile {' '.join(wanted)}",) if wanted else ()
    plan = EnvPlan(
        base_image=image,
        system_packages=("libfoo-dev",),
        install_steps=(*steps, "pip install --no-compile --no-deps --no-build-isolation ."),
        env={"MPLBACKEND": "Agg"},
        smoke_command="python main.py",
    )
    reason = Reason(topic="system package", decision="libfoo-dev: CI", source=DEFAULT)
    return PlannedEnvironment(
        plan=plan,
        planner="rules",
        pythons=("3.8", "3.7"),
        commit_day=date(2019, 5, 1),
        locks=(Lock(name="numpy", specifier="==1.16.4", source=DEFAULT),),
        optional=optional,
        reasons=(reason,),
    )


def naive(first: PlannedEnvironment, *facts: Fact, offered: tuple[str, ...] = ()):
    return next_candidate(first, ["dated"], RepoFacts(facts=facts), offered, WHY)


PROJECT = Project(root="", backend="setup.py", source=at("setup.py"))


@pytest.mark.parametrize(
    ("wanted", "facts", "step"),
    [
        (["numpy"], [needs("numpy")], "pip install --no-compile -r requirements.txt"),
        (["numpy", "pytest"], [PROJECT], "pip install --no-compile . pytest"),
        (
            ["numpy"],
            [PROJECT, needs("numpy")],
            "pip install --no-compile -r requirements.txt .",
        ),
        (
            ["numpy"],
            [needs("numpy", "docs/requirements.txt"), needs("numpy", "needs.txt")],
            "pip install --no-compile -r needs.txt",
        ),
        (
            [],
            [PipInclude(text="git+https://a.example/b", group="runtime", source=at("requirements.txt"))],
            "pip install --no-compile -r requirements.txt",
        ),
        (
            [],
            [LockedVersion(name="numpy", version="1.16.4", group="runtime", source=at("requirements.txt"))],
            "pip install --no-compile -r requirements.txt",
        ),
        # A dead name ends the installation of the whole file.
        (
            ["numpy"],
            [PROJECT, needs("sklearn"), needs("numpy", text="numpy<2"), needs("scikit-learn")],
            "pip install --no-compile scikit-learn 'numpy<2' .",
        ),
        (
            ["numpy"],
            [
                LockedVersion(name="pil", version="1.1.7", group="runtime", source=at("requirements.txt")),
                LockedVersion(name="pillow", version="6.1.0", group="runtime", source=at("requirements.txt")),
                PipInclude(text="git+https://a.example/b", group="runtime", source=at("requirements.txt")),
            ],
            "pip install --no-compile pillow==6.1.0 git+https://a.example/b",
        ),
        # Nothing declares what it needs: what its code imports, without the guesses.
        (["numpy", "umap"], [], "pip install --no-compile numpy"),
    ],
)  # fmt: skip
def test_the_naive_way_is_what_a_person_types(wanted, facts, step):
    found = naive(planned(*wanted, optional=("umap",)), *facts)

    assert found.plan.install_steps == (step,)
    assert found.candidate == "naive"


def test_the_naive_way_takes_todays_releases_and_keeps_what_is_known_beside_them():
    found = naive(planned("numpy"), needs("numpy"))

    assert (found.commit_day, found.locks, found.pythons) == (None, (), ())
    assert found.plan.base_image == "python:3.8-slim", "the first interpreter of the evidence"
    assert {"libfoo-dev", "gcc", "git"} <= set(found.plan.system_packages)
    assert found.plan.env == {"MPLBACKEND": "Agg"}
    assert found.plan.smoke_command == "python main.py"
    assert WHY in found.reasons[0].decision
    assert "libfoo-dev: CI" in [reason.decision for reason in found.reasons]


def test_the_naive_way_leaves_the_image_that_the_draft_named_where_pinning_took_another():
    draft = planned("numpy", image="python:3.14-slim")
    pinned = draft.changed(plan=planned("numpy").plan, draft=draft.plan, pythons=("3.14", "3.8"))

    found = naive(pinned, needs("numpy"), offered=("3.7", "3.8"))

    assert found.plan.base_image == "python:3.8-slim"


def test_the_naive_way_takes_an_interpreter_that_there_is():
    assert naive(planned("numpy"), needs("numpy"), offered=("3.7",)).plan.base_image == (
        "python:3.7-slim"
    )


@pytest.mark.parametrize("path", ["requirements.txt", "requirements/base.txt"])
def test_no_file_is_handed_to_the_installer_where_one_names_another_index(path):
    # The one at the root may include the other.
    other = OtherIndex(address="https://other.example/simple", source=at(path))

    found = naive(planned("numpy"), needs("numpy"), other)

    assert found.plan.install_steps == ("pip install --no-compile numpy",)


@pytest.mark.parametrize(
    ("first", "tried"),
    [
        (planned("numpy", image="debian:bookworm-slim"), ["dated"]),
        (planned(), ["dated"]),
        (planned("numpy"), ["dated", "naive"]),
    ],
)
def test_there_is_no_other_way(first, tried):
    assert next_candidate(first, tried, RepoFacts(), (), WHY) is None


def attempt(number: int, candidate: str = "dated", *, ends: str = "build", says: str = "no"):
    environment = planned("numpy", f"a{number}").changed(candidate=candidate)
    log = Log(stderr=f"{says}\n")
    if ends == "build":
        failed = BuildFailed(step="RUN x", exit_code=1, seconds=1, log=log)
        return Attempt(number=number, planned=environment, built=failed)
    smoke = (
        Passed(alive_at_timeout=False, seconds=1)
        if ends == "passed"
        else SmokeFailed(exit_code=1, seconds=1, log=log)
    )
    return Attempt(number=number, planned=environment, built=BUILT, smoke=smoke)


EVERY = frozenset({"dated", "ci", "naive"})


def stopped_attempt(excludes: Reach, cause: Cause = "missing_data") -> Attempt:
    found = stopped(
        "rule", cause, reason="why", evidence="no", smallest_change="x", excludes=excludes
    )
    return attempt(1, ends="smoke").changed(diagnosis=found)


def left(attempts: list[Attempt]) -> frozenset[str]:
    return ways_left(attempts, after_attempts(attempts, 3), RepoFacts())


@pytest.mark.parametrize(
    ("excludes", "status", "kinds"),
    [
        ("every-plan", "stopped-by-rule", frozenset()),
        ("every-install", "stopped-by-rule", frozenset({"ci"})),
        ("this-plan", "smoke-failed", EVERY),
    ],
)
def test_a_stop_leaves_the_ways_that_its_evidence_does_not_exclude(
    excludes: Reach, status: Status, kinds: frozenset[str]
):
    tried = [stopped_attempt(excludes)]

    verdict = after_attempts(tried, 3)

    assert left(tried) == kinds
    assert (verdict.status, verdict.cause, verdict.smallest_change) == (status, "missing_data", "x")
    assert "attempt 1" in why_left(tried)


def test_an_unknown_failure_leaves_every_way_and_a_success_none():
    assert left([attempt(1)]) == EVERY
    assert left([attempt(1, ends="passed")]) == frozenset()


def test_a_model_s_stop_excludes_its_plan_only():
    one = stopped_attempt("this-plan")
    tried = [one.changed(diagnosis=one.diagnosis.changed(by="model:some"))]

    assert after_attempts(tried, 3).status == "stopped-by-llm"
    assert left(tried) == EVERY


def test_a_stop_that_does_not_explain_what_else_failed_leaves_every_way():
    one = stopped_attempt("every-plan")
    tests = SmokeChoice(
        kind="tests", command="python -m pytest", proves="its tests pass", source=DEFAULT
    )
    broken = SmokeFailed(exit_code=1, seconds=1, log=Log(stdout="AttributeError: x\n1 error in 1s"))

    assert left([one.changed(trials=(Trial(choice=tests, outcome=broken),))]) == EVERY
    script = tests.changed(kind="side-script", command="python old.py")
    assert left([one.changed(trials=(Trial(choice=script, outcome=broken),))]) == frozenset()


def test_a_need_stops_no_way_while_the_build_failed_from_something_else():
    facts = RepoFacts(facts=(GpuNeed(hard=True, sign="cuda", source=at("train.py")),))
    tried = [attempt(1)]
    verdict = after_attempts(tried, 3, facts)

    assert (verdict.status, verdict.cause) == ("stopped-by-rule", "needs_gpu")
    assert ways_left(tried, verdict, facts) == EVERY


def test_of_candidates_that_fail_alike_the_first_is_told():
    attempts = [attempt(1, says="one"), attempt(2, "naive", says="two")]

    assert best_of(attempts).number == 1
    verdict = after_attempts(attempts, 3)
    assert verdict.best_attempt == 1
    assert "plain install of today's releases" in verdict.tried[0]


def test_a_candidate_that_comes_further_is_told():
    attempts = [attempt(1), attempt(2, "naive", ends="smoke")]

    assert after_attempts(attempts, 3).best_attempt == 2


def test_each_candidate_has_builds_of_its_own(monkeypatch):
    repair = attempt(3, "naive").planned.plan.changed(system_packages=("libbar-dev",))
    last = attempt(3, "naive").changed(
        diagnosis={
            "decision": {
                "decision": "repair", "reason": "libbar", "confidence": "high", "new_plan": repair,
            },
            "by": "missing_header", "cause": "build_error", "source": DEFAULT,
        }
    )  # fmt: skip
    history = [attempt(1), attempt(2), last]

    assert next_plan(history, 2) is not None
    assert next_plan(history, 1) is None
    assert next_plan(history, 2).candidate == "naive"
