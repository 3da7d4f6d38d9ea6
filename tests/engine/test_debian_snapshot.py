"""Debian's packages of one time, from mirrors in order, with retries and the live archive behind."""

import json
import uuid
from collections.abc import Iterator

import pytest

from paper2run.model.environment import EnvPlan
from paper2run.model.outcome import BuildFailed, Built
from paper2run.rendering.debian_snapshot import PUBLIC, SNAPSHOT_FILE
from paper2run.rendering.dockerfile import system_packages
from paper2run.rendering.injection import Injection
from tasks.drivers.engine.engine import RUN_LABEL, Engine
from tests.debian_archive import Archive, debian_archive
from tests.engine.conftest import Build, gateway

pytestmark = pytest.mark.docker
MAY, JUNE = "20260501T000000Z", "20260601T000000Z"
PLAN = EnvPlan(base_image="python:3.11-slim", system_packages=("tidetool",), smoke_command="true")


@pytest.fixture
def archive(engine: Engine, base: str, run_id: str) -> Iterator[Archive]:
    with debian_archive(gateway(engine, base, run_id)) as archive:
        archive.live = {"tidetool": "3.0"}
        archive.states = {MAY: {"tidetool": "1.0"}, JUNE: {"tidetool": "2.0"}}
        yield archive


def steps_on(archive: Archive, time: str) -> str:
    sources = archive.sources().strip()
    return (
        f"ENV TEST={uuid.uuid4().hex}\n"
        f"RUN rm -f /etc/apt/sources.list.d/* && echo '{sources}' > /etc/apt/sources.list\n"
        f"RUN {system_packages(PLAN, time)}"
    )


def read(engine: Engine, run_id: str, built: object, path: str) -> str:
    assert isinstance(built, Built), built
    words = engine.client.containers.run(
        built.image, ["sh", "-c", f"cat {path}"], labels={RUN_LABEL: run_id}, remove=True
    )
    return str(words.decode().strip())


@pytest.mark.parametrize(("time", "version"), [("20260531T000000Z", "1.0"), (JUNE, "2.0")])
def test_packages_are_those_of_the_time_and_the_image_names_no_mirror(
    engine: Engine, run_id: str, archive: Archive, build_image: Build, time: str, version: str
) -> None:
    site = Injection(debian_snapshots=(archive.mirror(),))

    built = build_image(steps_on(archive, time), injection=site)

    assert read(engine, run_id, built, "/usr/share/tidetool/version") == version
    assert read(engine, run_id, built, SNAPSHOT_FILE) == time
    assert isinstance(built, Built)
    assert read(engine, run_id, built, "/etc/apt/sources.list") == archive.sources().strip()
    left = "find /etc/apt /var/lib/apt /tmp -type f | xargs grep -l archive/debian || true"
    assert read(engine, run_id, built, f"/dev/null; {left}") == ""
    history = json.dumps(engine.client.images.get(built.image).history())
    assert archive.mirror() not in history
    assert PUBLIC not in history, "the site's file stands in its place"
    assert not any(path.startswith("/debian/") for path in archive.asked)


def test_mirrors_are_tried_in_order_and_a_failing_answer_again(
    engine: Engine, run_id: str, archive: Archive, build_image: Build
) -> None:
    archive.closed = {"first"}
    archive.failures = 2
    site = Injection(debian_snapshots=(archive.mirror("first"), archive.mirror("second")))

    built = build_image(steps_on(archive, JUNE), injection=site)

    assert read(engine, run_id, built, "/usr/share/tidetool/version") == "2.0"
    places = list(dict.fromkeys(path.split("/")[1] for path in archive.asked))
    assert places == ["first", "second"]


@pytest.mark.parametrize("why", ["closed", "no such package", "nobody listens"])
def test_the_live_archive_is_asked_where_no_snapshot_has_the_packages(
    engine: Engine, run_id: str, archive: Archive, build_image: Build, why: str
) -> None:
    lines: list[str] = []
    mirror = "http://127.0.0.1:9/archive/debian" if why == "nobody listens" else archive.mirror()
    if why == "closed":
        archive.closed = {"archive"}
    archive.states[JUNE] = {"other": "1.0"}

    built = build_image(
        steps_on(archive, JUNE),
        injection=Injection(debian_snapshots=(mirror,)),
        on_line=lines.append,
    )

    assert read(engine, run_id, built, "/usr/share/tidetool/version") == "3.0"
    assert read(engine, run_id, built, SNAPSHOT_FILE) == "live"
    assert any("the live archive is asked" in line for line in lines)


def test_the_security_archive_is_that_of_the_time_too(
    engine: Engine, run_id: str, archive: Archive, build_image: Build
) -> None:
    archive.security = {"tidetool": "2.0+deb12u1"}
    steps = (
        f"ENV TEST={uuid.uuid4().hex}\nRUN rm -f /etc/apt/sources.list /etc/apt/sources.list.d/* &&"
        f" printf '{archive.sources_of_today()!r}' > /etc/apt/sources.list.d/debian.sources\n"
    ).replace("''", "'")

    built = build_image(
        f"{steps}RUN {system_packages(PLAN, JUNE)}",
        injection=Injection(debian_snapshots=(archive.mirror(),)),
    )

    assert read(engine, run_id, built, "/usr/share/tidetool/version") == "2.0+deb12u1"
    assert read(engine, run_id, built, SNAPSHOT_FILE) == JUNE
    assert any(path.startswith(f"/archive/debian-security/{JUNE}/") for path in archive.asked)


def test_a_package_that_is_nowhere_is_the_plans_fault_though_no_mirror_answers(
    archive: Archive, build_image: Build
) -> None:
    archive.live = {"other": "1.0"}

    failed = build_image(
        f'SHELL ["/bin/sh", "-e", "-c"]\n{steps_on(archive, JUNE)}',
        injection=Injection(debian_snapshots=("http://127.0.0.1:9/archive/debian",)),
    )

    assert isinstance(failed, BuildFailed), failed
    assert f"for mirror in {PUBLIC};" in failed.step
    assert "E: Unable to locate package tidetool" in failed.log.stderr + failed.log.stdout
