"""Bundles: a run with a wheel and a Debian package, built again from one file, with the network off."""

import io
import json
import os
import shutil
import subprocess
import tarfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from docker import DockerClient

from flows.bundling import bundle
from flows.reproduce import reproduce
from flows.verification import verify
from paper2run.errors import UserError
from paper2run.exports.bundle import Bundle
from paper2run.model.rebuild import Rebuild
from tasks.bundle import Bundled
from tasks.drivers.engine.engine_connection import connect
from tasks.offline import manifest_of, run_in
from tests.flow.batches import wait_until
from tests.flow.test_rebuild import Index, index
from tests.flow.test_verdicts import verdict_of

pytestmark = pytest.mark.docker
__all__ = ["index"]
MAIN = "import subprocess\nimport tide\nprint(tide.NAME)\nsubprocess.run(['bc', '--version'], check=True)\n"
SETUP = """\
import socket
from setuptools import setup
socket.create_connection(ADDRESS).close()
setup(name="demo", version="1", py_modules=["demo"])
"""
"""Reaches the network without asking a proxy."""


@pytest.fixture(autouse=True)
def lists(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PAPER2RUN_INVENTORY", "true")
    monkeypatch.setenv("PAPER2RUN_HOME", str(tmp_path / "home"))


def handed_over(repo: str, tmp_path: Path) -> Path:
    state = reproduce(
        repo=repo, out=str(tmp_path / "runs"), smoke="python main.py", return_state=True
    )
    metadata, folder = verdict_of(state, tmp_path / "runs")
    assert metadata.status == "success", metadata.reason
    return folder


def bundled(folder: Path, tmp_path: Path) -> Bundled:
    done = bundle(str(folder), str(tmp_path / "demo.tar"), return_state=True).result()
    assert Path(done.path) == tmp_path / "demo.tar"
    assert manifest_of(Path(done.path)) == done.manifest
    return done


def rebuilt(folder: Path, done: Bundled, engine: str = "") -> Rebuild:
    state = verify(str(folder), bundle=done.path, engine=engine, return_state=True)
    found, _ = state.result()
    return found


def tags() -> set[str]:
    """Return the names of all images of the engine, but for those of other tests."""
    images = connect().client.api.images()
    names = {tag for image in images for tag in image["RepoTags"] or ()}
    return {name for name in names if "/bundle-" in name or "-keep-" in name or "-check-" in name}


def with_wheel_and_package(index: Index, repository: Callable[..., str], tmp_path: Path) -> Path:
    index.publish("NAME = 'tide'\n")
    needs = f"tide==1.0\n# {uuid.uuid4()}\n"
    return handed_over(
        repository({"main.py": MAIN, "requirements.txt": needs, ".python-version": "3.11\n"}),
        tmp_path,
    )


def without_site(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the index away, and all that this site says of it."""
    index.files.clear()
    for name in ("PAPER2RUN_INDEX_URL", "PAPER2RUN_CA_BUNDLE"):
        monkeypatch.delenv(name)


def test_a_run_is_built_again_from_its_bundle_alone(index, repository, tmp_path, monkeypatch):
    before = tags()
    folder = with_wheel_and_package(index, repository, tmp_path)
    done = bundled(folder, tmp_path)
    without_site(index, monkeypatch)

    found = rebuilt(folder, done)

    assert done.manifest.rebuilds, done.manifest.reason
    assert found.outcome == "verified", found
    assert found.files_same > 0.99 * found.files
    assert found.notes == ("built from demo.tar alone, with the network off",)
    assert done.manifest.index_url == index.url
    assert tags() <= before, "what was loaded and built for it is removed"
    assert not list((tmp_path / "home").glob(".new-*"))
    the_run_comes_out_of_the_bundle(folder, done, tmp_path)


def the_run_comes_out_of_the_bundle(folder: Path, done: Bundled, tmp_path: Path) -> None:
    came, home = (
        run_in(Path(done.path), tmp_path / "elsewhere", tmp_path / "home"),
        tmp_path / "home",
    )
    assert came == tmp_path / "elsewhere" / folder.name
    assert (came / "record.json").read_bytes() == (folder / "record.json").read_bytes()
    assert not (came / "verify").exists()
    assert run_in(Path(done.path), tmp_path / "elsewhere", home) == came
    (came / "record.json").write_text("{}")
    with pytest.raises(UserError, match="is of another run"):
        run_in(Path(done.path), tmp_path / "elsewhere", home)
    state = verify(str(came), bundle=done.path, return_state=True)
    assert state.name == "Bad request"


def changed(done: Bundled, leaves_out: Callable[[str, bytes], bool], tmp_path: Path) -> Bundled:
    """Return the bundle without some of its files."""
    path = tmp_path / "changed.tar"
    with tarfile.open(done.path) as old, tarfile.open(path, "w") as new:
        for member in old:
            file = old.extractfile(member) if member.isfile() else None
            content = file.read() if file else b""
            if not (member.isfile() and leaves_out(member.name, content)):
                new.addfile(member, io.BytesIO(content))
    return done.changed(path=str(path))


@pytest.mark.full
def test_a_bundle_without_a_wheel_is_broken_and_asks_no_network(index, repository, tmp_path):
    folder = with_wheel_and_package(index, repository, tmp_path)
    done = bundled(folder, tmp_path)

    # The index still answers: only that the network is off keeps the build from it.
    lacking = changed(
        done, lambda name, content: b'tide-1.0-py3-none-any.whl"' in content, tmp_path
    )
    found = rebuilt(folder, lacking)

    assert (found.outcome, [drift.cause for drift in found.drifts]) == ("broken", ["index"]), found


@pytest.mark.full
def test_a_bundle_without_its_base_image_is_refused(index, repository, tmp_path):
    folder = with_wheel_and_package(index, repository, tmp_path)
    done = bundled(folder, tmp_path)
    assert done.manifest.base is not None
    lost = done.manifest.base.layers[0].path

    lacking = changed(done, lambda name, content: name == f"oci/{lost}", tmp_path)
    state = verify(str(folder), bundle=lacking.path, return_state=True)

    with pytest.raises(Exception, match="lacks blobs/sha256/"):
        state.result()


@pytest.mark.full
def test_a_build_that_goes_around_the_proxy_gets_its_finished_image(index, repository, tmp_path):
    there = urlsplit(index.url)
    files = {
        "setup.py": SETUP.replace("ADDRESS", repr((there.hostname, there.port))),
        "demo.py": "print(1)\n",
        "main.py": "import demo\n",
        ".python-version": "3.11\n",
        "notes.txt": str(uuid.uuid4()),
    }
    folder = handed_over(repository(files), tmp_path)

    done = bundled(folder, tmp_path)

    assert not done.manifest.rebuilds
    reason = "it does not build with the network off: RUN pip install"
    assert done.manifest.reason.startswith(reason)
    assert (done.manifest.base, done.manifest.downloads) == (None, 0)
    metadata = json.loads((folder / "metadata.json").read_text())
    assert done.manifest.image is not None
    assert f"sha256:{done.manifest.image.config.sha256}" == metadata["image_id"]
    with tarfile.open(done.path) as archive:
        names = archive.getnames()
    assert not [name for name in names if name.startswith("downloads/")]
    state = verify(str(folder), bundle=done.path, return_state=True)
    assert state.name == "Bad request"
    with pytest.raises(UserError, match="does not rebuild"):
        state.result()


@pytest.fixture
def second_engine(tmp_path: Path) -> Iterator[str]:
    """Yield the address of an engine with a disk of its own and without any network."""
    if os.getuid() or not (shutil.which("dockerd") and shutil.which("unshare")):
        pytest.skip("needs root and dockerd")
    socket = tmp_path / "d.sock"
    # An engine with a bridge, or without one, takes the first engine's: so it gets a network namespace.
    start = (
        'ip link set lo up; exec dockerd --data-root "$0/data" --exec-root "$0/exec" --pidfile "$0/pid"'
        ' --bridge=none --iptables=false -H "unix://$0/d.sock"'
    )
    with (tmp_path / "dockerd.log").open("w") as log:
        process = subprocess.Popen(
            ["unshare", "--net", "sh", "-c", start, str(tmp_path)], stdout=log, stderr=log
        )
    try:
        wait_until(lambda: socket.is_socket() or process.poll() is not None, "an engine")
        assert process.poll() is None, (tmp_path / "dockerd.log").read_text()
        yield f"unix://{socket}"
    finally:
        process.terminate()
        process.wait()


@pytest.mark.full
def test_another_engine_without_network_and_images_builds_it(
    index, repository, tmp_path, monkeypatch, second_engine
):
    folder = with_wheel_and_package(index, repository, tmp_path)
    done = bundled(folder, tmp_path)
    without_site(index, monkeypatch)
    second = DockerClient(second_engine)
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere.sock")

    found = rebuilt(folder, done, second_engine)

    assert found.outcome == "verified", found
    assert found.notes[1] == f"built and run on the engine {second_engine}"
    assert second.api.df()["BuildCache"], "the steps ran there"
    assert second.images.list() == []
    assert second.containers.list(all=True) == []
    second.close()


@pytest.mark.full
def test_a_base_image_of_a_registry_comes_out_of_the_bundle(
    registry_address, index, repository, tmp_path, monkeypatch
):
    name, client = f"{registry_address}/library/python:3.11-slim", connect().client
    # A stand-in, which a closed site makes itself, is never pinned by a digest.
    official = f"FROM python:3.11-slim\nLABEL paper2run.standin=false made={uuid.uuid4()}\n"
    client.images.build(fileobj=io.BytesIO(official.encode()), tag=name, rm=True)
    client.images.push(name)
    monkeypatch.setenv("PAPER2RUN_REGISTRY_PREFIX", f"{registry_address}/library")
    try:
        folder = with_wheel_and_package(index, repository, tmp_path)
        done = bundled(folder, tmp_path)
    finally:
        client.images.remove(name, force=True)
    monkeypatch.delenv("PAPER2RUN_REGISTRY_PREFIX")
    without_site(index, monkeypatch)

    found = rebuilt(folder, done)

    assert "FROM python:3.11-slim@sha256:" in (folder / "Dockerfile").read_text()
    assert found.outcome == "verified", found


@pytest.mark.full
def test_what_a_run_no_longer_is_gets_no_bundle(index, repository, tmp_path):
    folder = with_wheel_and_package(index, repository, tmp_path)
    (folder / "Dockerfile").write_text("FROM python:3.11-slim\n")

    state = bundle(str(folder), str(tmp_path / "demo.tar"), return_state=True)

    assert state.name == "Bad request"
    with pytest.raises(UserError, match="changed since the run: Dockerfile: changed"):
        state.result()
    assert not (tmp_path / "demo.tar").exists()


def test_a_manifest_of_another_version_is_no_bundle(tmp_path):
    path = tmp_path / "x.tar"
    text = b'{"version": 2}'
    with tarfile.open(path, "w") as archive:
        member = tarfile.TarInfo("bundle.json")
        member.size = len(text)
        archive.addfile(member, io.BytesIO(text))
    with pytest.raises(UserError, match="another version or damaged"):
        manifest_of(path)
    assert Bundle.model_fields["version"].default == 1
