"""A password in an address: used for its repository, and written nowhere but into a file of its own."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect.client.orchestration import get_client

from flows.batch import batch
from flows.reproduce import reproduce
from paper2run.batches.rows import Batch
from tasks.running.flow_runs import read_runs
from tests.flow.conftest import Repository
from tests.flow.web_forge import ANNA, web_forge


@pytest.fixture
def private(repository: Repository) -> Iterator[str]:
    """Return `host:port/path` of a repository that only anna may read."""
    folder = repository({"main.py": "print(1)\n"}, "private")
    with web_forge(Path(folder), locked=True) as place:
        yield place


def passed(file: Path, out: Path, **more: bool) -> Batch:
    value = batch(file=str(file), out=str(out), dry_run=True, return_state=True, **more).result()
    done, _ = value
    assert isinstance(done, Batch)
    return done


def test_a_password_in_a_batch_file_reaches_git_alone(tmp_path, private):
    file, out = tmp_path / "papers.txt", tmp_path / "out"
    file.write_text(f"http://{ANNA}@{private} smoke='python main.py'\n")
    done = passed(file, out)

    assert [row.status for row in done.rows] == ["planned"]
    assert done.rows[0].entry.repo == f"http://{private}"
    assert (out / "batch.json").stat().st_mode & 0o777 == 0o600
    for path in out.rglob("*"):
        assert not path.is_file() or b"hunter2" not in path.read_bytes(), path
    with get_client(sync_client=True) as client:
        [run] = read_runs(client, [done.rows[0].flow_run_id])
    assert run.parameters["repo"] == f"http://{private}"

    again = passed(file, out, resume=True)
    assert (again.rows[0].starts, again.rows[0].has_verdict) == (1, True)


def test_a_record_of_an_older_version_loses_its_passwords_and_keeps_its_verdicts(tmp_path, private):
    file, out = tmp_path / "papers.txt", tmp_path / "out"
    file.write_text(f"http://{ANNA}@{private} smoke='python main.py'\n")
    passed(file, out)
    record = json.loads((out / "batch.json").read_text())
    record["rows"][0]["entry"]["repo"] = f"http://{ANNA}@{private}"
    (out / "batch.json").write_text(json.dumps(record))

    again = passed(file, out, resume=True)
    assert (again.rows[0].starts, again.rows[0].has_verdict) == (1, True)
    assert "hunter2" not in (out / "batch.json").read_text()


def test_a_run_hands_its_attempts_and_its_folder_no_password(tmp_path, private):
    state = reproduce(
        repo=f"http://{ANNA}@{private}", out=str(tmp_path / "out"), dry_run=True,
        smoke="python main.py", return_state=True,
    )  # fmt: skip
    assert state.name == "Planned"
    _, folder = state.result()
    for path in Path(folder).rglob("*"):
        assert not path.is_file() or b"hunter2" not in path.read_bytes(), path
