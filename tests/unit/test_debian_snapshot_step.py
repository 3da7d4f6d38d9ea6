"""The step that installs Debian's packages of one time: for people, and in our own builds."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from paper2run.model.environment import EnvPlan, PlannedEnvironment
from paper2run.model.repo import Checkout
from paper2run.proofs.own_dockerfile import strangeness
from paper2run.rendering.debian_snapshot import PUBLIC, read_time, time_of, wanted_time
from paper2run.rendering.dockerfile import render
from paper2run.rendering.injection import Injection
from paper2run.settings import Settings

TIME = "20261130T000000Z"
MIRROR = "http://user:s3cret-of-it@mirror.site.example/archive/debian"
CHECKOUT = Checkout(url="https://forge.example.org/a/b", name="b", commit="1" * 40, mirror="")


def planned(*packages: str) -> PlannedEnvironment:
    plan = EnvPlan(base_image="python:3.11-slim", system_packages=packages, smoke_command="true")
    return PlannedEnvironment(plan=plan, reasons=(), planner="rules")


def test_the_dockerfile_states_the_time_and_names_the_public_snapshots() -> None:
    context = render(CHECKOUT, planned("hello"), "", TIME)

    assert wanted_time(context.dockerfile) == TIME
    assert f"for mirror in {PUBLIC}; do" in context.dockerfile
    assert "Acquire::Check-Valid-Until=false" in context.dockerfile
    assert TIME in context.instructions
    assert strangeness(context.dockerfile) == ""


@pytest.mark.parametrize(("packages", "time"), [((), TIME), (("hello",), "")])
def test_without_packages_or_a_time_nothing_is_added(packages: tuple[str, ...], time: str) -> None:
    context = render(CHECKOUT, planned(*packages), "", time)

    assert "snapshot" not in context.dockerfile + context.instructions
    assert wanted_time(context.dockerfile) == ""


def test_our_builds_read_the_sites_mirrors_from_a_mounted_file() -> None:
    settings = Settings(debian_snapshot=f"{MIRROR}/, {PUBLIC}")
    dockerfile = render(CHECKOUT, planned("hello"), "", TIME).dockerfile
    site = Injection.of(settings)

    ours = site.apply(dockerfile)

    assert site.files["debian-snapshots"].decode() == f"{MIRROR}\n{PUBLIC}\n"
    assert "for mirror in $(cat /mnt/debian-snapshots); do" in ours
    assert "mirror.site.example" not in ours + str(site.build_args) + repr(site)
    assert PUBLIC not in ours
    step = next(line for line in ours.splitlines() if "mirror in" in line)
    assert site.strip(step) in dockerfile
    assert "s3cret-of-it" in settings.secrets()


@pytest.mark.parametrize(
    "value", ["ftp://a/debian", "http://a/$(id)", "http://a/b#c", "http://a/ b", "http://a&b"]
)
def test_an_address_that_a_shell_or_sed_reads_in_another_way_is_refused(value: str) -> None:
    with pytest.raises(ValidationError):
        Settings(debian_snapshot=value)


def test_the_time_is_the_first_moment_of_the_runs_day() -> None:
    assert time_of(datetime(2026, 11, 30, 23, 59, tzinfo=UTC)) == TIME


@pytest.mark.parametrize(
    ("content", "said"),
    [(f"{TIME}\n", TIME), ("live\n", "live"), ("", ""), ("yesterday", ""), (f"{TIME} x", "")],
)
def test_an_image_says_a_time_or_live_and_nothing_else(content: str, said: str) -> None:
    assert read_time(content.encode()) == said
