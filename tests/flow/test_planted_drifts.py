"""`verify` names the drifts that are planted on a local index, Debian archive and registry.

Those of tests/flow/test_rebuild.py are a wheel published anew, a release that is gone, a wheel whose code fails, and
another base image.
"""

import time
import uuid
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pytest

from flows.reproduce import reproduce
from flows.verification import verify
from paper2run.model.image import USER
from paper2run.model.inventory import Inventory
from paper2run.model.rebuild import Rebuild
from paper2run.model.report import Metadata
from paper2run.rendering.hash_lock import SOURCES_MARK
from paper2run.rendering.source_date import source_date
from tasks.drivers.engine.engine_connection import connect
from tests.debian_archive import Archive, debian_archive
from tests.engine.conftest import gateway
from tests.flow.conftest import Repository
from tests.flow.planted import Site, serving
from tests.flow.test_verdicts import verdict_of
from tests.other_engine import OtherEngine, other_engine
from tests.scripted_llm import ScriptedLLM

pytestmark = pytest.mark.docker
Run = Callable[..., Path]
MAIN = "import tide\nprint(tide.NAME)\n"
TOOL = {
    "main.py": "print(open('/usr/share/tidetool/version').read())\n",
    "README.md": "# Demo\n\n```sh\nsudo apt-get install tidetool\npython main.py\n```\n",
}
BUILDER = "BuildKit. Refer to the handbook to learn how to build images with it enabled"
LIFE_S = 60
"""Of code that has an end: a run is done by then, and a test waits for the rest."""


@pytest.fixture
def host() -> str:
    return gateway(connect(), "python:3.11-slim", f"tests-{uuid.uuid4().hex}")


@pytest.fixture
def site(host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    site = Site()
    with serving(site, host, tmp_path) as certificate:
        monkeypatch.setenv("PAPER2RUN_INDEX_URL", f"{site.url}/simple/")
        monkeypatch.setenv("PAPER2RUN_CA_BUNDLE", str(certificate))
        monkeypatch.setenv("HTTPS_PROXY", site.proxy)
        # Prefect's own client of its server reads the same variable.
        monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
        yield site


@pytest.fixture
def archive(host: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Archive]:
    """Yield a Debian archive that the base image installs from."""
    name, client = f"tests-{uuid.uuid4().hex}/python:3.11-slim", connect().client
    with debian_archive(host) as archive:
        # Plans fetch what an address gives with git.
        archive.live = {"tidetool": "1.0", "git": "2.0"}
        lines = (
            "FROM python:3.11-slim\n"
            f"RUN rm -f /etc/apt/sources.list.d/* && echo '{archive.sources().strip()}' > /etc/apt/sources.list\n"
        )
        client.images.build(fileobj=BytesIO(lines.encode()), tag=name, rm=True)
        monkeypatch.setenv("PAPER2RUN_REGISTRY_PREFIX", name.partition("/")[0])
        yield archive
        client.images.remove(name, force=True)


@pytest.fixture
def handed_over(
    site: Site, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Run:
    """Return a function that runs a repository of these files and returns the run folder."""
    monkeypatch.setenv("PAPER2RUN_INVENTORY", "true")
    # What index and mirror said is kept per home.
    monkeypatch.setenv("PAPER2RUN_HOME", str(tmp_path / "home"))

    def run(files: dict[str, str], **more: str) -> Path:
        repo = repository({".python-version": "3.11\n", "note.txt": str(uuid.uuid4()), **files})
        state = reproduce(
            repo=repo,
            out=str(tmp_path / "runs"),
            smoke="python main.py",
            return_state=True,
            **more,
        )
        metadata, folder = verdict_of(state, tmp_path / "runs")
        assert metadata.status == "success", metadata.reason
        return folder

    return run


def rebuilt(folder: Path, engine: str = "") -> Rebuild:
    found: Rebuild = verify(str(folder), engine=engine, return_state=True).result()[0]
    return found


def told(found: Rebuild) -> tuple[str, set[tuple[str, str]]]:
    return found.outcome, {(drift.cause, drift.item) for drift in found.drifts}


def test_changed_data_is_named_by_its_address_with_both_digests(
    handed_over: Run, site: Site, archive: Archive
) -> None:
    address = site.publish("tide", "1.0", "NAME = 'tide'\n")
    folder = handed_over({"main.py": MAIN, "requirements.txt": f"tide @ {address}\n"})
    before = site.digest(address)
    inventory = Inventory.model_validate_json((folder / "inventory.json").read_text())
    assert [(each.address, each.sha256) for each in inventory.downloads] == [(address, before)]

    site.publish("tide", "1.0", "NAME = 'tides'\n")
    found = rebuilt(folder)

    assert f" {address}#sha256={before} " in (folder / "Dockerfile").read_text()
    assert told(found) == ("broken", {("data", address)}), found
    (drift,) = found.drifts
    assert (drift.before, drift.after) == (before, site.digest(address))


@pytest.mark.full
def test_a_changed_file_that_a_step_fetches_is_named_by_its_address(
    handed_over: Run, site: Site
) -> None:
    address = f"{site.url}/files/tides.csv"
    site.files["tides.csv"] = b"1,2\n"
    with ScriptedLLM() as service:
        folder = handed_over(
            {"main.py": "print(open('tides.csv').read())\n"},
            planner="model",
            model="fetching-plan",
            base_url=service.url,
        )
    before = site.digest(address)

    site.files["tides.csv"] = b"1,3\n"
    found = rebuilt(folder)

    assert told(found) == ("drifted", {("data", address)}), found
    assert (found.drifts[0].before, found.drifts[0].after) == (before, site.digest(address))


@pytest.mark.full
def test_a_dead_link_is_named(handed_over: Run, site: Site, archive: Archive) -> None:
    address = site.publish("tide", "1.0", "NAME = 'tide'\n")
    folder = handed_over({"main.py": MAIN, "requirements.txt": f"tide @ {address}\n"})

    site.files.clear()

    found = rebuilt(folder)
    assert told(found) == ("broken", {("link", address)}), found


@pytest.mark.full
def test_a_newer_dependency_of_what_an_address_gives_is_named(
    handed_over: Run, site: Site, archive: Archive
) -> None:
    site.publish("reef", "1.0", "NAME = 'reef'\n")
    address = site.publish("tide", "1.0", "from reef import NAME\n", "reef")
    folder = handed_over({"main.py": MAIN, "requirements.txt": f"tide @ {address}\n"})

    site.publish("reef", "1.1", "NAME = 'reef'\n")

    found = rebuilt(folder)
    assert told(found) == ("drifted", {("index", "reef")}), found


@pytest.mark.full
def test_a_wheel_that_the_lock_refuses_is_named(handed_over: Run, site: Site) -> None:
    site.tells_digests = True
    site.publish("tide", "1.0", "NAME = 'tide'\n")
    folder = handed_over({"main.py": MAIN, "requirements.txt": "tide==1.0\n"})
    assert "--hash=sha256:" in (folder / "requirements.lock").read_text()

    site.publish("tide", "1.0", "NAME = 'tides'\n")

    found = rebuilt(folder)
    assert told(found) == ("broken", {("index", "tide")}), found


def test_a_source_that_the_lock_refuses_is_named(handed_over: Run, site: Site) -> None:
    site.tells_digests = True
    site.publish_source("tide", "1.0", "NAME = 'tide'\n")
    folder = handed_over({"main.py": MAIN, "requirements.txt": "tide==1.0\n"})
    lock, digest = (folder / "requirements.lock").read_text(), site.digest("/tide-1.0.tar.gz")
    assert lock == f"{SOURCES_MARK}\ntide==1.0 \\\n    --hash=sha256:{digest}\n"
    assert rebuilt(folder).outcome == "verified"

    site.publish_source("tide", "1.0", "NAME = 'tides'\n")

    found = rebuilt(folder)
    assert told(found) == ("broken", {("index", "tide")}), found


@pytest.mark.full
def test_a_newer_debian_package_is_named(handed_over: Run, archive: Archive) -> None:
    folder = handed_over(TOOL)

    archive.live["tidetool"] = "1.1"

    found = rebuilt(folder)
    assert told(found) == ("drifted", {("debian", "tidetool")}), found
    assert (found.drifts[0].before, found.drifts[0].after) == ("1.0", "1.1")


@pytest.mark.full
def test_a_debian_package_that_is_gone_is_named(handed_over: Run, archive: Archive) -> None:
    folder = handed_over(TOOL)

    archive.live = {"other": "1.0"}

    found = rebuilt(folder)
    assert told(found) == ("broken", {("debian", "tidetool")}), found


def test_packages_of_the_day_of_the_run_come_again_until_their_snapshot_is_gone(
    handed_over: Run, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive.states = {"20200101T000000Z": {"tidetool": "0.9"}}
    monkeypatch.setenv("PAPER2RUN_DEBIAN_SNAPSHOT", archive.mirror())
    folder = handed_over(TOOL)
    inventory = Inventory.model_validate_json((folder / "inventory.json").read_text())
    assert ("tidetool", "0.9") in {(each.name, each.version) for each in inventory.packages}
    assert inventory.debian_snapshot in (folder / "Dockerfile").read_text()
    assert archive.url not in (folder / "Dockerfile").read_text()

    archive.live["tidetool"] = "1.1"
    found = rebuilt(folder)
    assert found.outcome == "verified", found

    archive.closed = {"archive"}
    found = rebuilt(folder)
    assert told(found) == ("drifted", {("debian", "tidetool")}), found
    assert any(f"{inventory.debian_snapshot} -> live" in note for note in found.notes)


@pytest.mark.full
def test_a_run_says_that_no_snapshot_served_its_packages(
    handed_over: Run, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAPER2RUN_DEBIAN_SNAPSHOT", archive.mirror())

    folder = handed_over(TOOL)

    for name in ("metadata.json", "report.md", "INSTRUCTIONS.md"):
        assert "those of the live archive" in (folder / name).read_text(), name
    assert rebuilt(folder).outcome == "verified"


@pytest.mark.full
def test_a_base_image_that_its_registry_lacks_is_named(
    registry_address: str, handed_over: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, client = f"{registry_address}/library/python:3.11-slim", connect().client
    official = "FROM python:3.11-slim\nLABEL paper2run.standin=false\n"
    client.images.build(fileobj=BytesIO(official.encode()), tag=name, rm=True)
    client.images.push(name)
    monkeypatch.setenv("PAPER2RUN_REGISTRY_PREFIX", f"{registry_address}/library")
    try:
        folder = handed_over({"main.py": "print(1)\n"})
    finally:
        client.images.remove(name, force=True)
    digest = (folder / "Dockerfile").read_text().partition("@")[2].partition("\n")[0]

    # The same registry, at a place where nobody has pushed it.
    monkeypatch.setenv("PAPER2RUN_REGISTRY_PREFIX", f"{registry_address}/moved")

    found = rebuilt(folder)
    gone = f"{registry_address}/moved/python:3.11-slim@{digest}"
    assert told(found) == ("broken", {("base", gone)}), found


@pytest.mark.full
def test_code_that_fails_with_time_is_named(handed_over: Run) -> None:
    ends_at = time.time() + LIFE_S
    folder = handed_over(
        {"main.py": f"import time\nassert time.time() < {ends_at}, 'the licence has ended'\n"}
    )

    time.sleep(max(0, ends_at - time.time()) + 1)

    found = rebuilt(folder)
    assert told(found) == ("broken", {("code", "smoke command")}), found


def test_what_another_engine_does_otherwise_is_named(handed_over: Run) -> None:
    folder = handed_over({"main.py": "print(1)\n"})
    before = Metadata.model_validate_json((folder / "metadata.json").read_text()).versions.engine
    assert before == connect().described

    other = OtherEngine(mode=0o755)
    with other_engine(other) as address:
        found = rebuilt(folder, engine=address)
    assert source_date((folder / "Dockerfile").read_text()).items() <= other.builds[0].items()
    assert "SOURCE_DATE_EPOCH" in other.builds[0]
    assert ("engine", "/repo/main.py") in told(found)[1], found
    assert (found.outcome, {drift.cause for drift in found.drifts}) == ("drifted", {"engine"})
    assert {(drift.before, drift.after) for drift in found.drifts} == {
        (f"file 644 {USER}", f"file 755 {USER}")
    }
    assert (found.engine_before, found.engine.split()[1]) == (before, "99.0")

    with other_engine(OtherEngine(refusal=f"the --mount option requires {BUILDER}")) as address:
        found = rebuilt(folder, engine=address)
    assert told(found) == ("broken", {("engine", "--mount")}), found


@pytest.mark.full
def test_another_engine_that_makes_the_same_is_no_drift(handed_over: Run) -> None:
    folder = handed_over({"main.py": "print(1)\n"})

    with other_engine(OtherEngine()) as address:
        found = rebuilt(folder, engine=address)

    assert found.outcome == "verified", found
    assert any("the run was made with" in note for note in found.notes)
