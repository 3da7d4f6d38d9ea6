"""The time machine on the real index: known days, known answers. Needs the network, runs nothing."""

from datetime import date
from time import monotonic

import pytest

from paper2run.model.environment import EnvPlan, PlannedEnvironment
from paper2run.model.resolution import Resolution, Unresolvable
from paper2run.settings import Settings
from tasks.drivers.resolver import resolver
from tasks.drivers.resolver.resolver import resolve as find
from tasks.resolve import resolve as stage

pytestmark = pytest.mark.index

SCIENCE = ("numpy", "pandas", "scikit-learn", "matplotlib")
WARM_LIMIT_S = 10


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    return Settings(home=tmp_path_factory.mktemp("home"))


def planned(*requirements, pythons, day=None, image="", **others):
    plan = EnvPlan(
        base_image=image or f"python:{pythons[0]}-slim",
        install_steps=(f"pip install {' '.join(requirements)}", "pip install ."),
        smoke_command="true",
    )
    return PlannedEnvironment(plan=plan, planner="rules", pythons=pythons, commit_day=day, **others)


def resolve(environment, settings):
    """Run the stage's own logic, without Prefect around it."""
    return stage.fn(environment, (), settings)


def versions(environment):
    assert isinstance(environment, PlannedEnvironment), environment
    assert environment.resolution is not None
    return {pin.name: pin.version for pin in environment.resolution.pins}


def test_metadata_from_before_the_standards_does_not_lead_to_an_older_pandas(settings):
    day = date(2018, 6, 1)
    found = versions(resolve(planned(*SCIENCE, pythons=("3.6",), day=day), settings))
    assert found["pandas"] == "0.23.0"
    assert found["numpy"] == "1.14.3"
    assert found["scipy"] == "1.1.0"


def test_the_interpreter_gives_way_to_the_day_and_the_plan_says_so(settings):
    asked = planned(*SCIENCE, pythons=("3.7", "3.6"), day=date(2018, 6, 1))
    found = resolve(asked, settings)
    assert isinstance(found, PlannedEnvironment)
    assert found.plan.base_image == "python:3.6-slim"
    assert "numpy==1.14.3" in found.plan.install_steps[0]
    assert found.plan.install_steps[-1] == "pip install ."
    python = next(reason for reason in found.reasons if reason.topic == "python")
    assert "no wheel of numpy for Python 3.7" in python.decision
    assert any(
        reason.topic == "date" and "2018-06-01" in reason.decision for reason in found.reasons
    )


def test_python_2_gets_the_versions_of_its_time(settings):
    found = versions(resolve(planned(*SCIENCE, pythons=("2.7",), day=date(2017, 6, 1)), settings))
    assert found["numpy"] == "1.12.1"
    assert found["pandas"] == "0.20.1"
    assert "functools32" in found or "subprocess32" in found


def test_a_commit_from_before_there_were_wheels_gets_the_first_ones(settings):
    found = resolve(planned("numpy", "scipy", pythons=("2.7",), day=date(2010, 3, 1)), settings)
    assert isinstance(found, PlannedEnvironment)
    assert found.resolution is not None
    assert found.resolution.date_step == "first wheels"
    assert not any(pin.sdist for pin in found.resolution.pins)


def test_a_package_that_never_had_a_wheel_is_built_with_the_tools_of_its_time(settings):
    found = resolve(planned("nltk", "numpy", pythons=("3.6",), day=date(2018, 3, 1)), settings)
    assert isinstance(found, PlannedEnvironment)
    wheels, sources = found.plan.install_steps[:2]
    assert "nltk==3.2.5" in sources
    assert "--no-build-isolation" in sources
    assert "setuptools==40.8.0" in wheels
    assert "nltk" not in wheels
    assert found.resolution is not None
    assert "setuptools 40.8.0 (2019-02-05)" in found.resolution.exceptions


def test_a_small_source_is_built_rather_than_the_year_left(settings):
    found = resolve(planned("pyyaml", "numpy", pythons=("3.6",), day=date(2018, 3, 1)), settings)
    assert versions(found)["pyyaml"] == "3.12"
    assert isinstance(found, PlannedEnvironment)
    assert "gcc" in found.plan.system_packages


def test_old_code_is_not_taken_to_an_interpreter_of_today_for_a_wheel(settings):
    # pycld2 has had wheels for Linux since 2025 only, for Python 3.9 and later.
    asked = planned("pycld2", pythons=("2.7", "3.12"), day=date(2016, 12, 10))
    found = resolve(asked, settings)
    assert isinstance(found, PlannedEnvironment)
    assert found.plan.base_image == "python:2.7-slim"
    assert versions(found)["pycld2"] == "0.31"


def test_a_source_that_names_no_dependencies_gets_those_of_its_next_version(settings):
    found = versions(resolve(planned("seaborn", pythons=("2.7",), day=date(2017, 6, 1)), settings))
    assert found["seaborn"] == "0.7.1"
    assert {"numpy", "pandas", "matplotlib"} <= set(found)


def test_a_release_that_has_left_the_index_gives_way_to_the_nearest(settings):
    asked = planned("torch==0.4.1", "numpy==1.15.4", pythons=("3.6",), day=date(2019, 6, 1))
    found = resolve(asked, settings)
    assert versions(found)["torch"] == "1.0.0"
    assert isinstance(found, PlannedEnvironment)
    assert any("torch==0.4.1" in reason.decision for reason in found.reasons)


def test_a_release_of_ten_years_before_is_not_taken_for_its_small_source(settings):
    # mpi4py 3.0 is too large to be built without need; 0.6 of 2008 is small, and nobody had it in 2018.
    asked = planned("mpi4py", pythons=("3.6",), day=date(2018, 12, 21))
    assert int(versions(resolve(asked, settings))["mpi4py"].partition(".")[0]) >= 3


def test_what_the_pins_load_comes_from_debian_and_the_plan_says_why(settings):
    asked = planned("SoundFile", "graphviz", pythons=("3.7",), day=date(2020, 6, 1))
    found = resolve(asked, settings)
    assert found.plan.system_packages == ("graphviz", "libsndfile1")
    reasons = [reason for reason in found.reasons if reason.topic == "system package"]
    assert [reason.decision for reason in reasons] == [
        "Debian's graphviz: its programs are started by the Python package graphviz 0.14",
        "Debian's libsndfile1: loaded by the Python package soundfile 0.10.3.post1",
    ]
    assert resolve(found, settings).plan == found.plan


def test_a_version_without_a_wheel_for_any_candidate_is_told_with_what_there_is(settings):
    asked = planned("tensorflow==1.15.0", pythons=("3.12",), day=date(2019, 11, 1))
    found = find(asked, offered_pythons=(), settings=settings, cache_dir=settings.home)
    assert isinstance(found, Unresolvable)
    assert "no wheel of tensorflow==1.15.0 for Python 3.12" in found.reason
    assert "cp37" in found.reason


def test_only_pythons_with_an_image_are_taken(settings):
    asked = planned("six", pythons=("3.9", "3.8"), day=date(2021, 3, 1))
    found = find(asked, offered_pythons=("3.8",), settings=settings, cache_dir=settings.home)
    assert isinstance(found, Resolution)
    assert found.python == "3.8"
    none = find(asked, offered_pythons=("3.12",), settings=settings, cache_dir=settings.home)
    assert isinstance(none, Unresolvable)
    assert "3.12" in none.reason


def test_a_foreign_image_is_left_as_it_was_planned(settings):
    asked = planned("six", pythons=(), image="debian:bookworm-slim")
    assert resolve(asked, settings) == asked


def test_resolving_a_resolved_plan_again_changes_nothing_and_is_quick(settings):
    asked = planned(*SCIENCE, "nltk", pythons=("3.7", "3.6"), day=date(2018, 6, 1))
    once = resolve(asked, settings)
    assert isinstance(once, PlannedEnvironment)
    started = monotonic()
    twice = resolve(once, settings)
    assert monotonic() - started < WARM_LIMIT_S
    assert isinstance(twice, PlannedEnvironment)
    assert twice.plan == once.plan


def test_the_same_plan_gives_the_same_pins_whatever_is_cached(settings, tmp_path):
    asked = planned(*SCIENCE, pythons=("3.9",), day=date(2021, 6, 1))
    warm = resolve(asked, settings)
    cold = resolve(asked, Settings(home=tmp_path))
    assert warm == cold


def test_optional_names_are_left_out_when_the_search_has_taken_its_time(settings, monkeypatch):
    # The clock runs out within the first step: the required set fails with the optional ones, and holds alone.
    clock = iter((0, 0))
    monkeypatch.setattr(resolver, "monotonic", lambda: next(clock, resolver.SEARCH_LIMIT_S + 1))
    asked = planned("six", "attrs", "numpy==1.11.0", pythons=("3.9",), optional=("attrs", "numpy"))
    found = find(asked, offered_pythons=(), settings=settings, cache_dir=settings.home)
    assert isinstance(found, Resolution), found
    assert [pin.name for pin in found.pins] == ["six"]
    assert all("seconds" in dropped for dropped in found.dropped)
