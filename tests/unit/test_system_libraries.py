"""Debian packages by pins: what is loaded, what is started, what a source build needs."""

import json
from importlib import resources

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from paper2run.knowledge.system_libraries import WORDS, needs_of
from paper2run.model.environment import EnvPlan
from paper2run.model.resolution import Pin

TABLE = json.loads(resources.files("paper2run").joinpath("data/system_libraries.json").read_text())


def packages(*pins: Pin, named: tuple[str, ...] = ()) -> tuple[str, ...]:
    return tuple(package for need in needs_of(pins, named) for package in need.packages)


def test_a_wheel_that_counts_on_a_library_brings_its_package_with_the_evidence():
    (need,) = needs_of([Pin(name="OpenCV_Python", version="4.1.2.30")])
    assert {"libgl1", "libglib2.0-0"} <= set(need.packages)
    assert need.why == "loaded by the Python package OpenCV_Python 4.1.2.30"
    assert "libGL.so.1" in str(need.source)
    assert TABLE["refreshed"] in str(need.source)


@pytest.mark.parametrize(("version", "needed"), [("0.10.3.post1", True), ("0.12.1", False)])
def test_a_wheel_that_carries_its_library_needs_no_package(version, needed):
    assert ("libsndfile1" in packages(Pin(name="soundfile", version=version))) is needed


def test_a_release_candidate_counts_as_its_version():
    assert packages(Pin(name="soundfile", version="0.10.0rc1")) == ("libsndfile1",)


def test_headers_are_for_what_is_built_from_source_alone():
    assert packages(Pin(name="psycopg2", version="2.8.6", sdist=True)) == ("libpq-dev",)
    assert packages(Pin(name="psycopg2", version="2.8.6")) == ()


def test_a_program_comes_only_for_what_the_plan_names():
    pin = Pin(name="graphviz", version="0.16")
    assert packages(pin, named=("graphviz",)) == ("graphviz",)
    assert packages(pin, named=("catboost",)) == ()


def test_most_pins_need_nothing():
    assert packages(Pin(name="numpy", version="1.26.4"), Pin(name="requests", version="2.31")) == ()


def test_every_entry_of_the_table_is_usable_and_checked():
    assert TABLE["refreshed"], "run benchmarks/refresh_system_libraries.py"
    for need in TABLE["needs"]:
        assert need["kind"] in WORDS
        assert need["evidence"]
        assert need["packages"]
        assert need["distribution"] == canonicalize_name(need["distribution"])
        Requirement(need["distribution"] + need["versions"])
        assert set(need["packages"]) <= set(TABLE["packages"])
    EnvPlan(
        base_image="python:3.11-slim",
        system_packages=tuple(TABLE["packages"]),
        smoke_command="true",
    )
