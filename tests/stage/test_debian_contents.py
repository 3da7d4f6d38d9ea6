"""Files looked up in the real index of a real image's release, from the mirror that the image names."""

import gzip
import io
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect.cache_policies import NO_CACHE
from prefect.logging import disable_run_logger

from paper2run.errors import HostError
from paper2run.failures.debian_files import Release
from paper2run.failures.wanted_files import WantedFile
from paper2run.model.environment import EnvPlan, NamedPackage, PlannedEnvironment
from paper2run.model.facts import RepoFacts
from paper2run.model.outcome import BuildFailed, Log
from paper2run.model.repo import Checkout
from paper2run.model.report import Attempt
from paper2run.model.value import Source
from paper2run.settings import Settings
from tasks.debian_look import packages
from tasks.debian_packages import debian_packages
from tasks.diagnose import diagnose
from tasks.drivers.engine.debian_contents import kept_index, packages_of
from tasks.drivers.engine.debian_release import lines_of
from tasks.drivers.engine.engine import Engine
from tasks.drivers.engine.engine_connection import connect
from tasks.look_up import LookedUp, look_up

IMAGE = "python:3.11-slim"
EXPECTED = {
    WantedFile("header", "uuid/uuid.h"): "uuid-dev",
    WantedFile("header", "Eigen/Dense"): "libeigen3-dev",
    WantedFile("library", "libGL.so.1"): "libgl1",
    WantedFile("link", "yaml"): "libyaml-dev",
    WantedFile("pkgconfig", "cairo"): "libcairo2-dev",
    WantedFile("program", "flex"): "flex",
    WantedFile("opened", "ecCodes"): "libeccodes0",
}
MUST_BE_FAST_S = 15
"""For a second look on a busy machine; the first one, which reads seven million lines, takes longer."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def engine() -> Engine:
    return connect()


@pytest.fixture
def image_of_a_silent_mirror(engine) -> Iterator[str]:
    recipe = f"FROM {IMAGE}\nRUN echo 'deb http://127.0.0.1:9/debian bookworm main' > /etc/apt/sources.list\n"
    name = "paper2run-test/silent-mirror:1"
    engine.client.images.build(fileobj=io.BytesIO(recipe.encode()), tag=name, rm=True)
    yield name
    engine.client.images.remove(name, force=True)


@pytest.mark.docker
def test_the_images_own_release_knows_which_package_brings_a_file(home, engine):
    nowhere = WantedFile("header", "nobody/has/this.h")
    # Of other files, one of a package that Debian lacks is most often meant in other words.
    wanted = [*EXPECTED, nowhere, WantedFile("program", "a-program-that-nobody-has")]
    found = packages_of(wanted, engine, IMAGE, "contents", Settings(home=home))
    assert found == {**EXPECTED, nowhere: ""}


@pytest.mark.docker
def test_a_model_looks_into_the_lists_of_the_images_own_release(home):
    settings = Settings(home=home)
    assert "file usr/include/yaml.h: libdevel/libyaml-dev" in packages(
        "yaml.h", IMAGE, "look", settings
    )
    assert packages("libyaml-dev", IMAGE, "look", settings)[0] == "package libyaml-dev"
    [absent] = packages("nobody-has-this", IMAGE, "look", settings)
    assert absent.startswith("not shown: the main archive of ")
    assert packages("yaml", "nobody/has-this:1", "look", settings) == [
        "not shown: the base image is not on this machine"
    ]


@pytest.mark.docker
def test_a_second_run_asks_no_mirror(home, engine):
    settings = Settings(home=home)
    packages_of(EXPECTED, engine, IMAGE, "contents", settings)
    [index] = home.glob("debian/*/files_with_cmake.txt")
    written = index.stat().st_mtime_ns

    started = time.monotonic()
    assert packages_of(EXPECTED, engine, IMAGE, "contents", settings) == EXPECTED
    assert time.monotonic() - started < MUST_BE_FAST_S
    assert index.stat().st_mtime_ns == written


@pytest.mark.docker
def test_packages_that_only_the_repository_names_are_taken_where_the_release_has_them(home):
    source = Source(kind="ci", path=".travis.yml", line=3)
    named = tuple(
        NamedPackage(name=name, why="its CI installs it", source=source)
        for name in ("graphviz", "libgone0")
    )
    plan = EnvPlan(base_image=IMAGE, smoke_command="true")
    planned = PlannedEnvironment(plan=plan, draft=plan, planner="rules", named_packages=named)

    found = debian_packages.fn(planned, "named", Settings(home=home))

    assert found.plan.system_packages == ("graphviz",)
    assert found.draft == found.plan, "a repair keeps it"
    assert found.named_packages == ()
    assert [(reason.decision, reason.leaves_out) for reason in found.reasons] == [
        ("graphviz: its CI installs it", None),
        ("libgone0 left out: the image's Debian does not have it", "unwanted"),
    ]


@pytest.mark.docker
def test_without_a_mirror_no_named_package_is_installed(tmp_path, image_of_a_silent_mirror):
    named = NamedPackage(name="graphviz", why="its CI installs it", source=Source(kind="ci"))
    plan = EnvPlan(base_image=image_of_a_silent_mirror, smoke_command="true")
    planned = PlannedEnvironment(plan=plan, planner="rules", named_packages=(named,))

    found = debian_packages.fn(planned, "named", Settings(home=tmp_path))

    assert found.plan.system_packages == ()
    assert "cannot be asked" in found.reasons[-1].decision


@pytest.mark.parametrize("block_bytes", [1, 7, 1024])
def test_lines_of_a_list_are_whole_wherever_a_block_ends(monkeypatch, block_bytes):
    monkeypatch.setattr("tasks.drivers.engine.debian_release.BLOCK_BYTES", block_bytes)
    text = b"usr/bin/flex    devel/flex\n\nusr/include/uuid/uuid.h libdevel/uuid-dev"

    found = [line for lines in lines_of(gzip.compress(text), "list") for line in lines]

    assert found == text.split(b"\n")


def test_a_line_without_end_takes_no_memory(monkeypatch):
    monkeypatch.setattr("tasks.drivers.engine.debian_release.BLOCK_BYTES", 1000)
    monkeypatch.setattr("tasks.drivers.engine.debian_release.MAX_LINE_BYTES", 64)

    found = [
        line for lines in lines_of(gzip.compress(b"x" * 10**6), "list") for line in lines if line
    ]

    assert [len(line) for line in found] == [64]


def test_a_damaged_list_is_passing_trouble():
    with pytest.raises(HostError, match="list cannot be read") as caught:
        list(lines_of(gzip.compress(bytes(range(256)) * 99)[:-20], "list"))

    assert (caught.value.transient, caught.value.trouble) == (True, "network")


def test_a_mirror_without_the_index_is_the_hosts_trouble(tmp_path, empty_server):
    release = Release("bookworm", "amd64", f"http://{empty_server}/debian")
    with pytest.raises(HostError, match="no Contents index of bookworm"):
        kept_index(release, Settings(home=tmp_path))
    assert not list(tmp_path.glob("debian/*/*")), "half an index was left behind"


def test_an_old_index_serves_where_the_mirror_no_longer_answers(tmp_path):
    kept = tmp_path / "debian" / "bookworm-amd64" / "files_with_cmake.txt"
    kept.parent.mkdir(parents=True)
    kept.write_text("/usr/bin/flex devel/flex\n")
    os.utime(kept, (0, 0))

    release = Release("bookworm", "amd64", "http://127.0.0.1:9/debian")
    assert kept_index(release, Settings(home=tmp_path)) == kept
    assert kept.read_text() == "/usr/bin/flex devel/flex\n"


@pytest.mark.docker
def test_a_diagnosis_without_a_mirror_goes_by_the_table_and_the_next_look_asks_again(
    tmp_path, image_of_a_silent_mirror
):
    plan = EnvPlan(base_image=image_of_a_silent_mirror, smoke_command="true")
    log = Log(stderr="a.cc:1:10: fatal error: Eigen/Dense: No such file or directory\n")
    done = Attempt(
        number=1,
        planned=PlannedEnvironment(plan=plan, planner="rules"),
        built=BuildFailed(step="RUN make", exit_code=2, seconds=1, log=log),
    )
    checkout = Checkout(url=str(tmp_path), name="demo", commit="0" * 40, mirror=str(tmp_path))
    settings = Settings(home=tmp_path / "home")

    with disable_run_logger():
        assert look_up.fn(done, str(tmp_path), settings) == LookedUp()
        found = diagnose.fn(checkout, done, RepoFacts(), (), str(tmp_path), (), settings)

    assert found is not None
    assert found.decision.new_plan is not None
    assert found.decision.new_plan.system_packages == ("libeigen3-dev",)
    assert found.diff == ("+ apt libeigen3-dev", "+ env CPATH=/usr/include/eigen3")
    assert "does not answer" in (tmp_path / "run.log").read_text()
    assert look_up.cache_policy is NO_CACHE
    assert not look_up.persist_result
