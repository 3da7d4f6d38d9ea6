"""The time machine on the real index: known days, known answers. Needs the network, runs nothing."""

from datetime import date
from time import monotonic

import pytest

from paper2run.index.release_costs import weights
from paper2run.model.environment import EnvPlan, GuessedDistribution, PlannedEnvironment
from paper2run.model.resolution import Lock, Resolution, Unresolvable
from paper2run.model.value import Source
from paper2run.settings import Settings
from tasks.drivers.resolver import optional_names
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
    assert "days after the commit: no earlier release has a wheel for Python 3.7" in python.decision
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
    assert all("days later" in exception for exception in found.resolution.exceptions)
    assert len(found.resolution.exceptions) == len(found.resolution.pins)
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
    assert "setuptools 40.8.0 (2019-02-05, 341 days later)" in found.resolution.exceptions


def test_a_source_of_after_the_commit_is_built_with_the_tools_of_its_own_time(settings):
    # Its setup.py imports Cython, and wants 0.29, which came a year after the commit and before the source.
    asked = planned("mdtraj==1.9.3", pythons=("3.6",), day=date(2017, 11, 15))
    assert versions(resolve(asked, settings))["cython"] == "0.29.7"


def test_a_guessed_name_gives_way_to_one_called_after_the_module_that_holds_it(settings):
    guesses = tuple(
        GuessedDistribution(name=name, module=module)
        for name, module in (
            ("elftools", "elftools"),
            ("acoustid", "acoustid"),
            ("no-such", "no_such"),
        )
    )
    asked = planned(
        "elftools", "acoustid", "no-such", pythons=("3.9",), day=date(2022, 1, 1), guesses=guesses
    )

    found = resolve(asked, settings)

    assert {"pyelftools", "pyacoustid"} <= set(versions(found))
    assert not {"elftools", "acoustid", "no-such"} & set(versions(found))
    decisions = [reason.decision for reason in found.reasons]
    assert "pyelftools instead of elftools: it holds elftools" in decisions
    assert any(words.startswith("no-such left out: ") for words in decisions)


def test_a_source_is_built_with_the_programs_that_its_backend_asks_for(settings):
    # scikit-build-core asks for CMake and Ninja by a hook, and no manifest of the source names them.
    asked = planned("llama-cpp-python==0.2.79", pythons=("3.11",), day=date(2024, 7, 1))
    found = resolve(asked, settings)
    assert {"scikit-build-core", "cmake", "ninja"} <= set(versions(found))


def test_a_small_source_is_built_rather_than_the_year_left(settings):
    found = resolve(planned("pyyaml", "numpy", pythons=("3.6",), day=date(2018, 3, 1)), settings)
    assert versions(found)["pyyaml"] == "3.12"
    assert isinstance(found, PlannedEnvironment)
    assert "gcc" in found.plan.system_packages


def test_what_an_optional_name_needs_is_compiled_rather_than_years_too_old(settings):
    # pathlib2 2.1 of 2016 needs no scandir, which has no wheel; pytest cannot start with it.
    asked = planned("pytest", pythons=("2.7",), day=date(2019, 6, 27), optional=("pytest",))
    found = versions(resolve(asked, settings))
    assert (found["pytest"], found["pathlib2"], found["scandir"]) == ("4.6.3", "2.3.4", "1.10.0")


def test_what_only_windows_has_is_left_out_by_its_old_name_too(settings):
    # The sources of pypiwin32 219 do not build here, and its last release is a stub of pywin32.
    asked = planned("six", "pypiwin32", pythons=("3.10",), day=date(2022, 3, 20))
    found = resolve(asked, settings)
    assert set(versions(found)) == {"six"}
    assert "has wheels for other systems alone" in found.resolution.dropped[0]


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


def test_a_pin_without_a_wheel_for_any_candidate_gives_way_and_is_told_with_what_there_is(settings):
    asked = planned("tensorflow==1.15.0", pythons=("3.12",), day=date(2019, 11, 1))
    found = find(asked, offered_pythons=(), settings=settings, cache_dir=settings.home)
    assert isinstance(found, Resolution)
    (broken,) = found.broken_locks
    assert broken.wanted == "tensorflow==1.15.0"
    assert "no wheel of tensorflow==1.15.0 for Python 3.12" in broken.why
    assert "cp37" in broken.why


def test_a_pin_chooses_the_interpreter_that_has_it(settings):
    pythons = ("3.12", "3.11", "3.10", "3.9", "3.8", "3.7", "3.6")
    asked = planned("tensorflow==1.15.0", pythons=pythons, day=date(2023, 11, 1))
    found = resolve(asked, settings)
    assert versions(found)["tensorflow"] == "1.15.0"
    assert found.resolution.python == "3.7"
    assert found.resolution.broken_locks == ()


def test_a_pin_of_the_other_python_costs_itself_only(settings):
    # futures 3.2.0 is for Python 2 alone.
    asked = planned("futures==3.2.0", "six==1.16.0", pythons=("3.9", "3.8"), day=date(2023, 3, 1))
    found = resolve(asked, settings)
    assert versions(found)["six"] == "1.16.0"
    assert found.resolution.broken_locks[0].wanted == "futures==3.2.0"
    assert found.resolution.cost >= weights().broken_pin


def test_the_interpreter_of_the_authors_weighs_more_than_days(settings):
    asked = planned("numpy", pythons=("3.7", "3.6"), day=date(2018, 6, 1))
    assert resolve(asked, settings).resolution.python == "3.6"
    found = resolve(asked.changed(named_pythons=("3.7",)), settings)
    assert found.resolution.python == "3.7"
    assert versions(found)["numpy"] == "1.14.5"
    both = asked.changed(named_pythons=("3.7", "3.6"))
    assert resolve(both, settings).resolution.python == "3.6"


def test_what_needs_a_wheel_of_years_later_is_compiled_in_its_own_year(settings):
    # nbconvert of 2018 over tornado 6.1 of 2020, the first with wheels: the widgets fail.
    asked = planned("notebook==5.5.0", pythons=("3.6",), day=date(2022, 4, 20))
    assert versions(resolve(asked, settings))["tornado"] == "5.1"


def test_one_package_without_a_wheel_on_the_day_moves_alone(settings):
    asked = planned("numpy", "six", "requests", pythons=("3.7",), day=date(2018, 6, 1))
    found = resolve(asked, settings)
    assert versions(found)["numpy"] == "1.14.5"
    assert versions(found)["requests"] == "2.18.4"
    assert found.resolution.exceptions == ("numpy 1.14.5 (2018-06-12, 11 days later)",)


def test_what_a_pinned_package_needs_is_of_its_own_time(settings):
    asked = planned("pandas==0.24.2", "numpy", pythons=("3.7",), day=date(2024, 3, 1))
    assert versions(resolve(asked, settings))["numpy"] == "1.16.4"


def test_two_pins_stay_where_only_what_packages_declare_speaks_against_them(settings):
    asked = planned(
        "requests==2.20.0", "urllib3==1.26.0", "six", pythons=("3.9",), day=date(2021, 3, 1)
    )
    found = resolve(asked, settings)
    assert versions(found)["requests"] == "2.20.0"
    assert versions(found)["urllib3"] == "1.26.0"
    (broken,) = found.resolution.broken_locks
    assert broken.wanted.startswith("urllib3<1.25,")
    assert broken.wanted.endswith(" of requests 2.20.0")
    assert broken.chosen == "1.26.0"
    assert "the plan needs urllib3==1.26.0" in broken.why


def test_a_pin_gives_way_to_what_a_package_declares_that_pip_holds_to_it(settings):
    asked = planned("flask==2.2.3", "click==7.0", pythons=("3.10", "3.6"), day=date(2023, 3, 1))
    found = resolve(asked, settings)
    assert versions(found)["flask"] == "2.2.3"
    assert versions(found)["click"].startswith("8.")


def test_a_lock_is_kept_where_the_search_went_on_without_it(settings):
    # The newest pylint of the day wants a newer astroid, and the locked astroid an old wrapt without a wheel.
    file = Source(kind="file", path="Pipfile.lock")
    locks = tuple(
        Lock(name=name, specifier=version, source=file)
        for name, version in (("astroid", "==2.3.3"), ("wrapt", "==1.11.2"))
    )
    asked = planned("pylint", pythons=("3.6",), day=date(2021, 12, 17), locks=locks)
    found = resolve(asked, settings)
    assert (versions(found)["astroid"], versions(found)["wrapt"]) == ("2.3.3", "1.11.2")
    assert found.resolution.broken_locks == ()


def test_a_release_that_was_withdrawn_holds_where_a_lock_names_it(settings):
    # All of langgraph-checkpoint 1 was withdrawn later. The tools that build docopt make the search begin again.
    file = Source(kind="file", path="poetry.lock")
    locks = tuple(
        Lock(name=name, specifier=version, source=file)
        for name, version in (
            ("langgraph", "==0.2.31"), ("langgraph-checkpoint", "==1.0.14"), ("docopt", "==0.6.2"),
        )
    )  # fmt: skip
    asked = planned(
        "'langgraph<0.3,>=0.2.28'", "pytest", "coveralls",
        pythons=("3.12",), day=date(2024, 11, 19), locks=locks, optional=("coveralls", "pytest"),
    )  # fmt: skip
    found = versions(resolve(asked, settings))
    assert (found["langgraph"], found["langgraph-checkpoint"]) == ("0.2.31", "1.0.14")
    assert "pytest" in found


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


def test_an_optional_name_that_contradicts_what_is_required_costs_itself_alone(settings):
    asked = planned(
        "'urllib3<2'", "attrs", "'types-requests>=2.32'", "idna",
        pythons=("3.9",), optional=("attrs", "types-requests", "idna"),
    )  # fmt: skip
    found = resolve(asked, settings)
    assert {"urllib3", "attrs", "idna"} <= versions(found).keys()
    assert [dropped.partition(":")[0] for dropped in found.resolution.dropped] == [
        "types-requests>=2.32"
    ]


def test_optional_names_are_left_out_when_the_search_has_taken_its_steps(settings, monkeypatch):
    monkeypatch.setattr(optional_names, "MAX_STEPS", 0)
    # All of them together contradict each other: types-requests needs urllib3 2.
    asked = planned(
        "'urllib3<2'", "attrs", "'types-requests>=2.32'",
        pythons=("3.9",), optional=("attrs", "types-requests"),
    )  # fmt: skip
    found = find(asked, offered_pythons=(), settings=settings, cache_dir=settings.home)
    assert isinstance(found, Resolution), found
    assert [pin.name for pin in found.pins] == ["urllib3"]
    assert all("steps" in dropped for dropped in found.dropped)
