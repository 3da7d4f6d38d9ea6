"""What `clean` may remove, judged on a real engine: by label and age, never what is in use."""

import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import time
import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest

from paper2run.model.outcome import Built
from paper2run.settings import Settings
from tasks.drivers.engine import leftovers
from tasks.drivers.engine.engine import RUN_LABEL, remove_container
from tasks.drivers.host.owner import OWNER_LABEL, is_dead, this_process

pytestmark = pytest.mark.docker
NOW, DAY = timedelta(0), timedelta(days=1)


def dead_process() -> str:
    """Return the owner that a process was that has been killed."""
    code = (
        "import time\nfrom paper2run.settings import Settings\nfrom tasks.drivers.host.owner import this_process\n"
        "print(this_process(Settings().home), flush=True)\ntime.sleep(600)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    owner = process.stdout.readline().strip()
    assert owner
    assert not is_dead(owner, Settings().home)
    process.kill()
    process.wait()
    return owner


@pytest.fixture
def container(engine, base, run_id):
    made = []

    def start(owner: str, run: str = run_id) -> str:
        labels = {RUN_LABEL: run, OWNER_LABEL: owner}
        found = engine.client.containers.create(base, ["true"], labels=labels)
        made.append(found.id)
        return str(found.name)

    yield start
    for reference in made:
        remove_container(engine, reference)


def test_a_container_goes_with_its_process_and_one_of_a_live_process_stays(engine, container):
    mine, dead = container(this_process(Settings().home)), container(dead_process())

    elsewhere = container("elsewhere:1")

    names = {found.name for found in leftovers.containers(engine, Settings().home, DAY, alive=None)}
    assert dead in names
    assert names.isdisjoint({mine, elsewhere})

    assert leftovers.sweep_abandoned(engine, Settings().home) >= 1
    left = {found["Names"][0].lstrip("/") for found in engine.labelled(OWNER_LABEL)}
    assert dead not in left
    assert {mine, elsewhere} <= left


def test_a_container_of_another_home_goes_only_when_its_run_is_known_to_be_over(engine, container):
    elsewhere = container("elsewhere:1", run="over")

    def names(age: timedelta, alive: set[str] | None) -> set[str]:
        return {found.name for found in leftovers.containers(engine, Settings().home, age, alive)}

    time.sleep(1)
    assert elsewhere in names(NOW, alive=set())
    assert elsewhere not in names(NOW, alive={"over"})
    assert elsewhere not in names(DAY, alive=set())
    assert elsewhere not in names(NOW, alive=None)


def test_an_image_goes_when_the_folder_of_its_run_is_gone_and_no_other_run_names_it(
    engine, build_image, run_id
):
    built = build_image(f"ENV WHICH={uuid.uuid4().hex}")
    assert isinstance(built, Built)

    def names(age: timedelta, gone: set[str], used: set[str]) -> set[str]:
        return {found.name for found in leftovers.images(engine, age, gone, used)}

    time.sleep(1)
    assert built.image in names(NOW, {run_id}, set())
    assert built.image not in names(NOW, {run_id}, {built.image})
    assert built.image not in names(NOW, {"another"}, set())
    assert built.image not in names(DAY, {run_id}, set())


@pytest.fixture
def image_of_2020(engine, run_id) -> Iterator[str]:
    """An image of the run whose only layer was made in 2020, as a build takes it from the cache."""

    def archive(files: dict[str, bytes]) -> bytes:
        found = io.BytesIO()
        with tarfile.open(fileobj=found, mode="w") as writer:
            for path, content in files.items():
                member = tarfile.TarInfo(path)
                member.size = len(content)
                writer.addfile(member, io.BytesIO(content))
        return found.getvalue()

    name = f"paper2run-tests/of-2020:{uuid.uuid4().hex}"
    layer = archive({"file": name.encode()})
    config = {
        "architecture": engine.client.version()["Arch"],
        "os": "linux",
        "created": "2020-01-01T00:00:00Z",
        "config": {"Labels": {RUN_LABEL: run_id}},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]},
    }
    manifest = [{"Config": "config.json", "RepoTags": [name], "Layers": ["layer.tar"]}]
    described = {"config.json": config, "manifest.json": manifest}
    files = {path: json.dumps(content).encode() for path, content in described.items()}
    engine.client.images.load(archive(files | {"layer.tar": layer}))
    engine.client.images.get(name).tag(name)
    yield name
    engine.client.images.remove(name, force=True)


def test_an_image_is_as_old_as_its_name_and_not_as_its_layers(engine, image_of_2020, run_id):
    assert engine.client.images.get(image_of_2020).attrs["Created"].startswith("2020-01-01")

    def names(age: timedelta) -> set[str]:
        return {found.name for found in leftovers.images(engine, age, {run_id}, set())}

    time.sleep(1)
    assert image_of_2020 in names(NOW)
    assert image_of_2020 not in names(DAY)


def test_what_a_killed_check_or_export_has_left_goes_and_keeps_its_other_name(engine, base):
    run = str(uuid.uuid4())
    checks = {
        f"paper2run/demo:0123456789ab-abcdef01-{kind}-{run[:8]}" for kind in ("verify", "keep")
    }
    bundles = {f"paper2run/bundle-{kind}:{run[:12]}" for kind in ("base", "runtime")}
    kept = {"paper2run/demo:0123456789ab-abcdef01", f"tests/bundle-base:{run[:12]}"}
    image = engine.client.images.get(base)
    try:
        for name in checks | bundles | kept:
            assert image.tag(name)

        def names(age: timedelta, used: set[str], alive: set[str] | None) -> set[str]:
            return {found.name for found in leftovers.of_checks(engine, age, used, alive)}

        time.sleep(1)
        found = names(NOW, set(), None)
        assert checks | bundles <= found
        assert kept.isdisjoint(found)
        assert names(NOW, checks, set()) >= bundles
        assert names(NOW, checks, set()).isdisjoint(checks)
        assert names(NOW, set(), {run}).isdisjoint(checks | bundles)
        assert names(DAY, set(), set()).isdisjoint(checks | bundles)
    finally:
        for name in checks | bundles | kept:
            engine.remove_image(name)
    assert engine.image(base) is not None


def test_files_that_were_never_finished_go_by_age(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    old, new, other = (
        tmp_path / name for name in ("paper2run-scratch-a", "paper2run-scratch-b", "tmpxyz")
    )
    for folder in (old, new, other):
        folder.mkdir()
    unfinished = tmp_path / "home" / "debian" / "bookworm-amd64" / ".new-1"
    unfinished.parent.mkdir(parents=True)
    unfinished.write_text("half")
    runs = tmp_path / "runs"
    bundle = runs / ".new-bundle-x"
    bundle.mkdir(parents=True)
    (runs / "demo-20261130T120000Z").mkdir()
    long_ago = time.time() - 2 * DAY.total_seconds()
    for path in (old, other, unfinished, bundle, *runs.iterdir()):
        os.utime(path, (long_ago, long_ago))

    found = {found.name: found.kind for found in leftovers.files(tmp_path / "home", DAY, runs)}

    assert found == {str(old): "folder", str(unfinished): "file", str(bundle): "folder"}
