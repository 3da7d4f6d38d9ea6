"""A git repository that is required by its address: held to a commit, checked, and in the bundle."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.reproduce import reproduce
from flows.verification import verify
from paper2run.model.inventory import Inventory, Revision
from paper2run.model.rebuild import Rebuild
from tasks.drivers.engine.engine_connection import connect
from tests.engine.conftest import gateway
from tests.flow.git_site import commit, publish
from tests.flow.planted import Site, project, serving
from tests.flow.test_bundle import bundled
from tests.flow.test_verdicts import verdict_of

pytestmark = [pytest.mark.docker, pytest.mark.full]
"""Six images, each with git from Debian."""
DAY = "2023-06-01"
ADDRESS = "https://site.example/code/tide.git"
MAIN = "import tide\nprint(tide.NAME)\n"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    host = gateway(connect(), "python:3.11-slim", f"tests-{uuid.uuid4().hex}")
    site = Site(repositories=tmp_path / "served")
    (tmp_path / "served").mkdir()
    with serving(site, host, tmp_path) as certificate:
        monkeypatch.setenv("PAPER2RUN_INDEX_URL", f"{site.url}/simple/")
        monkeypatch.setenv("PAPER2RUN_CA_BUNDLE", str(certificate))
        monkeypatch.setenv("HTTPS_PROXY", site.proxy)
        # Prefect's own client of its server reads the same variable.
        monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
        monkeypatch.setenv("PAPER2RUN_INVENTORY", "true")
        monkeypatch.setenv("PAPER2RUN_HOME", str(tmp_path / "home"))
        yield site


def rebuilt(folder: Path, **more: str) -> Rebuild:
    found: Rebuild = verify(str(folder), return_state=True, **more).result()[0]
    return found


def test_a_required_repository_stays_at_the_commit_of_the_day(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = site.repositories
    assert served is not None
    commit(tmp_path / "tide", project("tide", "1.0", "NAME = 'old'\n"), "2022-01-01")
    meant = commit(tmp_path / "tide", project("tide", "1.0", "NAME = 'tide'\n"), "2023-05-01")
    commit(tmp_path / "tide", project("tide", "2.0", "NAME = 'too late'\n"), "2024-01-01")
    publish(tmp_path / "tide", served, "tide.git")
    files = {"main.py": MAIN, "requirements.txt": f"git+{ADDRESS}@main\n# {uuid.uuid4()}\n"}
    commit(tmp_path / "demo", {**files, ".python-version": "3.11\n"}, DAY)

    out = str(tmp_path / "runs")
    repo = str(tmp_path / "demo")
    state = reproduce(repo=repo, out=out, smoke="python main.py", return_state=True)
    metadata, folder = verdict_of(state, tmp_path / "runs")
    assert metadata.status == "success", metadata.reason
    inventory = Inventory.model_validate_json((folder / "inventory.json").read_text())
    assert inventory.revisions == (Revision(address=ADDRESS, commit=meant),)
    dockerfile = (folder / "Dockerfile").read_text()
    assert f"git checkout -q {meant} --" in dockerfile
    assert "rev-list" not in dockerfile

    # A commit that was dated before the day is no other one.
    commit(tmp_path / "tide", project("tide", "1.0", "NAME = 'slipped in'\n"), "2023-05-02")
    publish(tmp_path / "tide", served, "tide.git")
    found = rebuilt(folder)
    assert found.outcome == "verified", found
    done = bundled(folder, tmp_path)
    assert done.manifest.rebuilds, done.manifest.reason

    commit(tmp_path / "anew", project("tide", "1.0", "NAME = 'tide'\n"), "2023-05-01")
    publish(tmp_path / "anew", served, "tide.git")
    found = rebuilt(folder)
    assert found.outcome == "broken", found
    assert [(drift.cause, drift.item) for drift in found.drifts] == [("link", f"{ADDRESS}@{meant}")]

    site.repositories = None
    for name in ("PAPER2RUN_INDEX_URL", "PAPER2RUN_CA_BUNDLE", "HTTPS_PROXY"):
        monkeypatch.delenv(name)
    found = rebuilt(folder, bundle=done.path)
    assert found.outcome == "verified", found
