"""System packages on images whose Debian release has left the mirrors."""

import uuid

import pytest

from paper2run.model.environment import EnvPlan, PlannedEnvironment
from paper2run.model.outcome import Built
from paper2run.model.repo import Checkout
from paper2run.rendering.dockerfile import dockerfile
from paper2run.rendering.injection import instructions
from tests.engine.conftest import Build

pytestmark = pytest.mark.docker

SERVE_NOTHING = "python3 -m http.server 8000 --directory /mnt 2>/dev/null & sleep 2"


def step_on(base_image: str) -> str:
    plan = EnvPlan(base_image=base_image, system_packages=("hello",), smoke_command="true")
    checkout = Checkout(url="", name="name", commit="1" * 40, mirror="")
    text = dockerfile(checkout, PlannedEnvironment(plan=plan, reasons=(), planner="rules"))
    return next(step.text for step in instructions(text) if "apt-get install" in step.text)


@pytest.mark.parametrize("base_image", ["python:3.11-slim", "debian:bookworm-slim"])
def test_a_release_on_the_mirrors_is_asked_as_it_stands(base_image: str) -> None:
    assert step_on(base_image).startswith("RUN apt-get update && ")


@pytest.mark.parametrize(
    "base_image", ["python:2.7-slim", "mirror.example/python:3.5", "debian:buster"]
)
def test_a_release_that_left_the_mirrors_has_a_second_place(base_image: str) -> None:
    assert "archive" in step_on(base_image)


def test_the_archive_is_asked_after_the_image_s_own_sources_failed(build_image: Build) -> None:
    lines: list[str] = []
    command = step_on("python:2.7-slim").removeprefix("RUN ").strip()
    built = build_image(
        # A step that the builder has kept prints nothing.
        f"ENV TEST={uuid.uuid4().hex}\n"
        "RUN rm -f /etc/apt/sources.list.d/* && printf '%s\\n'"
        " 'deb http://127.0.0.1:8000/debian buster main'"
        " 'deb http://127.0.0.1:8000/debian-security buster/updates main'"
        " 'deb http://127.0.0.1:8000/debian buster-updates main' > /etc/apt/sources.list\n"
        # What the archive answers is not this test's: the command may fail here.
        f"RUN {SERVE_NOTHING}; ({command}) || true; sed 's/^/now: /' /etc/apt/sources.list",
        on_line=lines.append,
    )
    assert isinstance(built, Built), built
    assert [line.partition("now: ")[2] for line in lines if "now: deb" in line] == [
        "deb http://archive.debian.org/debian buster main",
        "deb http://archive.debian.org/debian-security buster/updates main",
    ]
