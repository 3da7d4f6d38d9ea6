"""Locked versions against the real index: known releases, known answers.

Needs the network, runs no code.
"""

from datetime import date

import pytest

from paper2run.model.environment import EnvPlan, PlannedEnvironment
from paper2run.model.repo import Checkout
from paper2run.model.resolution import Lock
from paper2run.model.value import Source
from paper2run.rendering.dockerfile import dockerfile, instructions
from paper2run.settings import Settings
from tasks.resolve import resolve as stage

pytestmark = pytest.mark.index

CHECKOUT = Checkout(url="", name="o/n", commit="a" * 40, mirror="")


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    return Settings(home=tmp_path_factory.mktemp("home"))


def lock(name, specifier, marker="", line=1):
    source = Source(kind="file", path="poetry.lock", line=line)
    return Lock(name=name, specifier=specifier, marker=marker, source=source)


def resolved(settings, *requirements, locks, pythons=("3.9",), day=date(2021, 6, 1)):
    plan = EnvPlan(
        base_image=f"python:{pythons[0]}-slim",
        install_steps=(f"pip install {' '.join(requirements)}",),
        smoke_command="true",
    )
    found = stage.fn(
        PlannedEnvironment(
            plan=plan, planner="rules", pythons=pythons, commit_day=day, locks=tuple(locks)
        ),
        (),
        settings,
    )
    assert found.resolution is not None
    return found, {pin.name: pin.version for pin in found.resolution.pins}


def words(planned):
    return [f"{reason.decision} [{reason.source}]" for reason in planned.reasons]


def test_a_locked_version_wins_over_what_the_date_would_choose(settings):
    locks = [lock("numpy", "==1.19.5"), lock("pandas", "==1.1.5"), lock("flask", "==1.1.2")]
    planned, versions = resolved(settings, "pandas", locks=locks)
    assert (versions["numpy"], versions["pandas"]) == ("1.19.5", "1.1.5")
    assert "flask" not in versions
    total = len(versions)
    assert f"2 of {total} versions as in poetry.lock [poetry.lock]" in words(planned)
    assert "- 2 of them as in `poetry.lock`" in instructions(CHECKOUT, planned, "tag")
    assert "# dependency: 2 of" in dockerfile(CHECKOUT, planned)


def test_of_several_locked_versions_the_one_whose_marker_holds_is_taken(settings):
    locks = [
        lock("numpy", "==1.19.5", "python_version >= '3.10'"),
        lock("numpy", "==1.20.1", "python_version < '3.10'"),
    ]
    _, versions = resolved(settings, "numpy", locks=locks)
    assert versions["numpy"] == "1.20.1"


def test_the_interpreter_that_serves_the_locked_versions_leads(settings):
    locks = [lock("numpy", "==1.16.4"), lock("pandas", "==0.24.2")]
    planned, versions = resolved(settings, "pandas", "numpy", locks=locks, pythons=("3.9", "3.7"))
    assert planned.plan.base_image == "python:3.7-slim"
    assert (versions["numpy"], versions["pandas"]) == ("1.16.4", "0.24.2")


def test_a_locked_version_that_is_gone_is_resolved_freely_and_said_so(settings):
    locks = [lock("numpy", "==1.19.99", line=7), lock("six", "==1.15.0")]
    planned, versions = resolved(settings, "numpy", "six", locks=locks)
    assert versions["numpy"] == "1.20.3"
    assert (
        "numpy==1.19.99 not taken, but 1.20.3: the index does not have it [poetry.lock:7]"
        in words(planned)
    )
    assert "not as locked: numpy==1.19.99 (poetry.lock:7)" in instructions(CHECKOUT, planned, "t")


def test_a_manifest_that_refuses_the_locked_version_is_obeyed(settings):
    planned, versions = resolved(settings, "'numpy<1.19'", locks=[lock("numpy", "==1.19.5")])
    assert versions["numpy"] == "1.18.5"
    assert any("numpy==1.19.5 not taken, but 1.18.5" in text for text in words(planned))


def test_a_locked_version_that_needs_what_nobody_has_is_resolved_freely(settings):
    # tensorflow 2.5's locked neighbour asks for a numpy that the newer one forbids: both sides cannot hold.
    locks = [lock("numpy", "==1.20.3"), lock("tensorflow", "==2.5.0")]
    planned, versions = resolved(settings, "tensorflow", locks=locks)
    kept = [versions["numpy"] == "1.20.3", versions["tensorflow"] == "2.5.0"]
    assert kept.count(True) == 1
    assert sum("not taken" in text for text in words(planned)) == 1


def test_a_series_of_a_conda_environment_is_limited_by_the_date(settings):
    _, versions = resolved(
        settings, "numpy", locks=[lock("numpy", "==1.19.*")], day=date(2020, 12, 1)
    )
    assert versions["numpy"] == "1.19.4"


def test_a_locked_plan_gives_the_same_bytes_twice(settings):
    locks = [lock("numpy", "==1.19.5"), lock("pandas", "==1.1.99")]
    first, _ = resolved(settings, "pandas", locks=locks)
    assert resolved(settings, "pandas", locks=locks)[0].model_dump_json() == first.model_dump_json()
