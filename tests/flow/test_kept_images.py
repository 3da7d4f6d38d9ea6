"""Images of a batch are removed as requested; `clean` shows the build cache before removing it."""

import json
from pathlib import Path

import pytest

from flows.batch import batch
from flows.reproduce import reproduce
from paper2run.batches.rows import Batch
from tasks.drivers.engine import kept_space
from tasks.drivers.engine.engine_connection import connect
from tests.flow.commands import paper2run

pytestmark = pytest.mark.docker


@pytest.fixture(autouse=True)
def default_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let runs look at what the engine keeps, as they do for a user."""
    monkeypatch.delenv("PAPER2RUN_KEEP_GB")


def run(file: Path, out: Path, **more: object) -> Batch:
    done, _ = batch(file=str(file), out=str(out), return_state=True, **more).result()
    return done


@pytest.fixture
def papers(tmp_path, repository, request) -> Path:
    file = tmp_path / "papers.txt"
    repo = repository({"main.py": f"print({request.node.name!r})\n"}, "one")
    file.write_text(f"{repo}\n")
    return file


def test_images_of_a_batch_are_removed_as_asked_and_a_resumed_batch_runs_nothing_again(
    papers, tmp_path
):
    out = tmp_path / "out"

    (row,) = run(papers, out, remove_images=True).rows

    assert (row.status, row.image_removed) == ("success", True)
    assert connect().image(row.image) is None
    folder = Path(row.folder)
    kept = json.loads((folder / "metadata.json").read_text())
    assert (kept["status"], kept["image_removed"]) == ("success", True)
    assert "It was removed" in (folder / "report.md").read_text()

    (again,) = run(papers, out, remove_images=True, resume=True).rows
    assert again.flow_run_id == row.flow_run_id

    # The layers are still there: whoever wants the image has it at once.
    repo = papers.read_text().strip()
    metadata, _ = reproduce(repo=repo, out=str(tmp_path / "runs"), return_state=True).result()
    engine = connect()
    assert engine.image(metadata.image) is not None
    engine.remove_image(metadata.image)


def test_an_image_that_an_earlier_run_built_is_not_the_batchs_to_remove(papers, tmp_path):
    (earlier,) = run(papers, tmp_path / "earlier").rows

    (row,) = run(papers, tmp_path / "out", remove_images=True).rows

    assert (row.status, row.image, row.image_removed) == ("success", earlier.image, False)
    engine = connect()
    assert engine.image(earlier.image) is not None
    engine.remove_image(earlier.image)


def test_clean_shows_free_space_and_the_cache_before_it_goes(papers, tmp_path):
    metadata, _ = reproduce(
        repo=papers.read_text().strip(), out=str(tmp_path / "runs"), return_state=True
    ).result()
    connect().remove_image(metadata.image)

    shown = paper2run("clean", "--cache", "--dry-run")

    assert "paper2run keeps" in shown.stdout
    assert "cache" in shown.stdout
    assert kept_space.look(connect(), ()).own.layers
