"""Images as OCI layouts: saved by the engine, loaded again with the same id, under our name."""

import json
import subprocess
import tarfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.cli import app
from paper2run.errors import HostError
from paper2run.model.outcome import Built
from tasks.drivers.engine import image_archive
from tasks.drivers.engine.engine import Engine
from tests.run_folders import BUILT, run_folder

pytestmark = pytest.mark.docker
STEPS = "LABEL org.opencontainers.image.title=mesh\nRUN echo 1 > /one\nRUN echo 2 > /two\n"


@pytest.fixture
def built(build_image) -> Built:
    found = build_image(STEPS)
    assert isinstance(found, Built)
    return found


def test_an_image_keeps_its_id_and_takes_no_other_name(engine: Engine, built, tmp_path) -> None:
    saved = image_archive.save(engine, built.image_id, built.image, tmp_path)
    image_archive.finish(tmp_path, (saved,))
    again = f"{built.image.rpartition(':')[0]}:again"
    engine.remove_image(built.image)

    loaded = image_archive.load(engine, tmp_path, saved, again)

    assert loaded == built.image_id
    assert engine.image(built.image) is None
    assert ("org.opencontainers.image.title", "mesh") in saved.labels
    blobs = {path.name for path in (tmp_path / "blobs/sha256").iterdir()}
    named = json.loads((tmp_path / "index.json").read_text())["manifests"][0]["digest"]
    assert blobs == {
        saved.config.sha256, named.removeprefix("sha256:"), *(layer.sha256 for layer in saved.layers)
    }  # fmt: skip
    engine.remove_image(again)


def test_a_second_image_adds_only_what_the_first_lacks(
    engine: Engine, built, base, tmp_path
) -> None:
    first = image_archive.save(engine, base, base, tmp_path)
    had = {path.name for path in (tmp_path / "blobs/sha256").iterdir()}
    second = image_archive.save(engine, built.image_id, built.image, tmp_path)

    now = {path.name for path in (tmp_path / "blobs/sha256").iterdir()}
    assert set(first.layers) < set(second.layers)
    layers = {layer.sha256 for layer in second.layers} - {layer.sha256 for layer in first.layers}
    assert now - had == layers | {second.config.sha256}


def test_a_layout_without_one_of_its_files_is_not_loaded(engine: Engine, built, tmp_path) -> None:
    saved = image_archive.save(engine, built.image_id, built.image, tmp_path)
    (tmp_path / saved.layers[-1].path).unlink()

    with pytest.raises(HostError, match="lacks blobs/sha256/"):
        image_archive.load(engine, tmp_path, saved, f"{built.image}-again")

    assert engine.image(f"{built.image}-again") is None


def test_an_image_that_is_gone_is_not_saved(engine: Engine, tmp_path) -> None:
    with pytest.raises(HostError, match="has no image paper2run/none:1"):
        image_archive.save(engine, "paper2run/none:1", "x:1", tmp_path)


@pytest.mark.parametrize("name", ["mesh.tar", "mesh"])
def test_the_export_says_how_it_is_loaded_and_that_loads_it(engine, built, tmp_path, name) -> None:
    folder = run_folder(tmp_path, "success")
    attempt = folder / "attempts/01/attempt.json"
    attempt.write_text(
        attempt.read_text()
        .replace(BUILT.image_id, built.image_id)
        .replace(BUILT.image, built.image)
    )
    target = tmp_path / "out" / name

    ended = CliRunner().invoke(app, ["export", str(folder), "--oci", str(target)])

    assert ended.exit_code == 0, (ended.output, ended.exception)
    first, load, skopeo = ended.stdout.splitlines()
    assert first == f"oci: {target}"
    assert "skopeo copy oci" in skopeo
    engine.remove_image(built.image)
    subprocess.run(["bash", "-c", load.strip()], check=True, capture_output=True)
    loaded = engine.image(built.image)
    assert loaded is not None
    assert loaded.id == built.image_id
    assert [path.name for path in target.parent.iterdir()] == [name]
    if target.is_file():
        with tarfile.open(target) as archive:
            assert {"oci-layout", "index.json", "manifest.json"} <= {*archive.getnames()}
    again = CliRunner().invoke(app, ["export", str(folder), "--oci", str(target)])
    assert "exists already" in str(again.exception)


def test_a_run_without_its_image_says_so(tmp_path: Path) -> None:
    folder = run_folder(tmp_path, "success")

    ended = CliRunner().invoke(app, ["export", str(folder), "--oci", str(tmp_path / "x.tar")])

    assert "the engine has no image of the run" in str(ended.exception)
    assert not (tmp_path / "x.tar").exists()
