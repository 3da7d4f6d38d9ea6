"""Which steps the resolver may replace, and what it puts there."""

import pytest

from paper2run.model.environment import EnvPlan
from paper2run.model.resolution import Pin
from paper2run.rendering.pip_steps import (
    image_python,
    needs_source,
    pinned_steps,
    plan_requirements,
    requirements_of,
    source_steps,
    with_pins,
)


def plan(*steps, base_image="python:3.9-slim", **others):
    return EnvPlan(base_image=base_image, install_steps=steps, smoke_command="true", **others)


@pytest.mark.parametrize(
    ("step", "wanted"),
    [
        (
            "pip install --no-compile numpy 'scipy>=1.0' hatchling",
            ("numpy", "scipy>=1.0", "hatchling"),
        ),
        ("python3 -m pip install -U --progress-bar off 'a[b]==1'", ("a[b]==1",)),
        ("pip3 install --timeout=60 six", ("six",)),
        ("uv pip install --system six", ("six",)),
        ("pip install numpy>=1.10", ("numpy>=1.10",)),
        ("pip install 'six; python_version < \"3\"'", ('six; python_version < "3"',)),
        ("pip install --no-deps six==1.0 numpy==1.2", ("six==1.0", "numpy==1.2")),
    ],
)
def test_a_step_that_only_names_distributions_gives_its_requirements(step, wanted):
    assert requirements_of(step) == wanted
    assert not needs_source(step)


@pytest.mark.parametrize(
    "step",
    [
        "pip install .",
        "pip install ./lib",
        "pip install '.[test]'",
        "pip install -e .",
        "pip install -r requirements.txt",
        "pip install -c limits.txt six",
        "pip install six && python setup.py build",
        "pip install six || true",
        "pip install six; ls",
        "pip install six > log.txt",
        "pip install $(cat list)",
        "pip install `cat list`",
        "pip install 'six @ https://example.org/six.whl'",
        "pip install git+https://example.org/six",
        "pip install six.whl/../x.whl",
        "pip install --target lib six",
        "pip install --no-deps six",
        "pip install",
        "pip download six",
        "pip install 'six",
        "apt-get install -y gcc",
        "npm install left-pad",
    ],
)
def test_any_other_step_is_left_alone(step):
    assert requirements_of(step) is None
    assert needs_source(step)


def test_pins_are_sorted_and_sources_come_apart():
    pins = (
        Pin(name="b", version="2"),
        Pin(name="c", version="3", sdist=True),
        Pin(name="a", version="1"),
    )
    assert pinned_steps(pins) == ("pip install --no-compile --no-deps a==1 b==2",)
    assert source_steps(pins) == ("pip install --no-compile --no-deps --no-build-isolation c==3",)
    assert source_steps(pins[:1]) == ()


def test_a_version_that_a_shell_would_read_is_quoted():
    assert pinned_steps([Pin(name="a", version="1!2")])[0].endswith(" 'a==1!2'")


def test_the_pinned_set_takes_the_place_of_the_first_pure_step_and_the_others_go():
    before = plan(
        "pip install a", "make", "pip install b", "pip install .", system_packages=("git",)
    )
    pins = (Pin(name="b", version="2", sdist=True), Pin(name="a", version="1"))
    after = with_pins(before, pins, "3.8", ("gcc", "git"))
    assert after.install_steps == (
        "pip install --no-compile --no-deps a==1",
        "pip install --no-compile --no-deps --no-build-isolation b==2",
        "make",
        "pip install .",
    )
    assert after.system_packages == ("git", "gcc")
    assert after.base_image == "python:3.8-slim"


def test_pinning_a_pinned_plan_again_changes_nothing():
    pins = (Pin(name="a", version="1"), Pin(name="b", version="2", sdist=True))
    once = with_pins(plan("pip install a b"), pins, "3.9")
    assert plan_requirements(once) == ("a==1", "b==2")
    assert with_pins(once, pins, "3.9") == once


@pytest.mark.parametrize(
    ("image", "python"),
    [
        ("python:3.9-slim", "3.9"),
        ("mirror.example.org/library/python:3.9.7-slim-bookworm", "3.9"),
        ("python:3.12", "3.12"),
        ("debian:bookworm-slim", ""),
        ("example/cpython:3.9", ""),
    ],
)
def test_only_an_official_image_says_its_python(image, python):
    assert image_python(image) == python


def test_a_foreign_image_keeps_its_name():
    foreign = with_pins(plan("pip install a", base_image="debian:bookworm-slim"), (), "3.8")
    assert foreign.base_image == "debian:bookworm-slim"
    full = plan("pip install a", base_image="m.example.org/python:3.9.7-slim-bookworm")
    assert with_pins(full, (), "3.8").base_image == "m.example.org/python:3.8-slim-bookworm"
