"""Batches on a real Prefect server, one process per repository: ended, killed and resumed."""

import json
import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from prefect import Flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    ArtifactFilterType,
)
from prefect.settings import PREFECT_API_URL, PREFECT_LOCAL_STORAGE_PATH
from prefect.states import Running

from flows.batch import batch
from flows.reproduce import reproduce
from paper2run.batches.rows import Batch, BatchRow
from paper2run.errors import UserError
from paper2run.settings import Settings
from tasks.batches.children import Children, Ended
from tasks.running.flow_runs import crash_abandoned, read_runs
from tests.flow.batches import processes_of, record, restore, statuses, wait_until

ENDED_WAIT_S = 60


def run(file: Path, out: Path, **more: object) -> Batch:
    asked = {"file": str(file), "out": str(out), "dry_run": True, **more}
    value = batch(**asked, return_state=True).result(raise_on_failure=False)
    if isinstance(value, BaseException):
        raise value
    done, folder = value
    assert Path(folder) == out
    return done


def start(file: Path, out: Path, jobs: int) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "flows.cli", "batch", str(file), "--dry-run"]
    return subprocess.Popen(
        [*command, "--jobs", str(jobs), "--out", str(out)],
        env={
            **os.environ,
            "PREFECT_API_URL": PREFECT_API_URL.value(),
            "PREFECT_LOCAL_STORAGE_PATH": str(PREFECT_LOCAL_STORAGE_PATH.value()),
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


@pytest.fixture
def papers(tmp_path: Path, repository) -> Path:
    """Return a batch file of two repositories that can be planned and one that has no code."""
    for name in ("one", "two"):
        repository({"main.py": f"print({name!r})\n"}, name)
    repository({"README.md": "# Code comes soon\n"}, "empty")
    file = tmp_path / "papers.csv"
    file.write_text("repo,smoke\none,python main.py\ntwo,python main.py\nempty,\n")
    return file


def test_bad_lines_are_said_at_once_and_nothing_is_started(tmp_path, papers):
    papers.write_text(
        papers.read_text() + "gone,\nhttps://a.example/o/n,,\n./one,\n,python main.py\n"
    )
    with pytest.raises(UserError) as caught:
        batch(file=str(papers), dry_run=True, out=str(tmp_path / "out"))

    for words in ("line 5", "does not exist", "line 6", "line 8"):
        assert words in caught.value.what
    assert "--keep-going" in caught.value.hint
    assert not (tmp_path / "out").exists()


def test_every_repository_gets_its_verdict_and_a_second_pass_runs_nothing(tmp_path, papers):
    out = tmp_path / "out"
    one, numbered = "one,python main.py", "one,python main.py,<17>"
    papers.write_text(
        papers.read_text().replace("smoke", "smoke,paper_id").replace(one, numbered) + "gone,\n"
    )
    done = run(papers, out, keep_going=True)

    assert [row.status for row in done.rows] == ["planned", "planned", "stopped-by-rule"]
    assert done.rows[2].cause == "no_code"
    for row in done.rows:
        kept = json.loads((Path(row.folder) / "metadata.json").read_text())
        assert kept["flow_run_id"] == row.flow_run_id
        assert Path(row.folder).parent == out / "runs"
    assert "no_code" in (out / "batch.html").read_text()
    assert (out / "batch.csv").read_text().count("\n") == 4
    assert Batch.model_validate_json((out / "batch.json").read_text()).rows == done.rows
    with get_client(sync_client=True) as client:
        runs = read_runs(client, [row.flow_run_id for row in done.rows])
        parents = {client.read_task_run(run.parent_task_run_id).flow_run_id for run in runs}
        assert {str(parent) for parent in parents} == {done.flow_run_id}
        [empty] = [run for run in runs if run.name.startswith("empty@")]
        commit = json.loads((Path(done.rows[2].folder) / "metadata.json").read_text())["commit"]
        assert empty.name == f"empty@{commit[:7]}"
        assert set(empty.tags) == {
            "paper2run", "batch:papers", "repo:empty", "verdict:stopped-by-rule", "cause:no_code"
        }  # fmt: skip
        assert empty.state is not None and empty.state.name == "Cannot run: no_code"
        [table] = client.read_artifacts(
            artifact_filter=ArtifactFilter(
                flow_run_id=ArtifactFilterFlowRunId(any_=[UUID(done.flow_run_id)]),
                type=ArtifactFilterType(any_=["table"]),
            )
        )
        # Prefect's page of the artifact parses it, and breaks at a list.
        assert isinstance(table.data, str)
        assert [row["verdict"] for row in json.loads(table.data)] == [
            row.status for row in done.rows
        ]

    with pytest.raises(UserError, match="already holds a batch"):
        run(papers, out, keep_going=True)
    again = run(papers, out, keep_going=True, resume=True)
    assert again.rows == tuple(of_an_earlier_pass(row) for row in done.rows)
    report = Path(done.rows[0].folder) / "report.html"
    assert "<dt>paper_id</dt><dd>&lt;17&gt;</dd>" in report.read_text()
    papers.write_text(papers.read_text().replace("<17>", "18"))
    failures = run(papers, out, keep_going=True, only_failed=True)
    assert [row.starts for row in failures.rows] == [1, 1, 2]
    assert "<dt>paper_id</dt><dd>18</dd>" in report.read_text()


@pytest.mark.parametrize(
    "number", [pytest.param(signal.SIGTERM, marks=pytest.mark.full), signal.SIGKILL]
)
def test_a_batch_that_is_ended_leaves_no_process_and_is_resumed(tmp_path, hanging, number):
    out = tmp_path / "out"
    process = start(hanging, out, jobs=1)
    wait_until(lambda: statuses(out) == ["planned", "running"], "the second repository")
    first, second = record(out)["rows"]
    wait_until(lambda: processes_of(second["flow_run_id"]) != [], "its process")
    wait_until(lambda: ",running," in (out / "batch.csv").read_text(), "a page that says so", 10)
    process.send_signal(number)
    process.wait(ENDED_WAIT_S)

    wait_until(lambda: processes_of(second["flow_run_id"]) == [], "the end of its process")
    if number == signal.SIGTERM:
        assert process.returncode == 130
        assert statuses(out) == ["planned", "interrupted"]

    restore(hanging.parent / "slow")
    kept, redone = run(hanging, out, resume=True).rows
    assert kept == of_an_earlier_pass(BatchRow.model_validate(first)), (
        "what had a verdict was not run again"
    )
    assert (redone.status, redone.starts) == ("planned", 2)
    with get_client(sync_client=True) as client:
        [lost] = read_runs(client, [second["flow_run_id"]])
        assert lost.state is not None
        assert lost.state.is_final()


def test_one_crash_touches_no_other_repository_and_is_started_again(tmp_path, hanging):
    out = tmp_path / "out"
    process = start(hanging, out, jobs=2)
    wait_until(lambda: statuses(out) == ["planned", "running"], "the second repository")
    lost = record(out)["rows"][1]["flow_run_id"]
    wait_until(lambda: processes_of(lost) != [], "its process")
    for pid in processes_of(lost):
        os.kill(pid, signal.SIGKILL)
    restore(hanging.parent / "slow")

    assert process.wait(120) == 0
    first, second = record(out)["rows"]
    assert (first["status"], first["starts"]) == ("planned", 1)
    assert (second["status"], second["starts"], second["attempts"]) == ("planned", 2, 0)
    assert second["flow_run_id"] != lost


def test_a_run_that_the_server_forgot_is_lost(tmp_path):
    with get_client(sync_client=True) as client:
        run = client.create_flow_run(reproduce, state=Running())
        children = Children(client, str(run.id), "papers", tmp_path, tmp_path, None)
        assert children.adopt(str(run.id)) is False, (
            "a process of an earlier pass has ended with it"
        )
        process = children.start_process(reproduce, "gone", {"repo": str(tmp_path / "none")})
        client.delete_flow_run(UUID(process))
        ended: dict[str, Ended] = {}
        wait_until(lambda: bool(ended.update(children.wait()) or ended), "its end")
        children.stop()
    assert ended[process].kind == "lost"


def test_a_bad_request_of_a_batch_is_told_in_its_words(tmp_path, repository):
    repo = repository({"main.py": "print(1)\n"})
    state = reproduce(repo=repo, ref="no-such-branch", out=str(tmp_path), return_state=True)
    run_id = str(state.state_details.flow_run_id)
    with get_client(sync_client=True) as client:
        children = Children(client, run_id, "papers", tmp_path, tmp_path, None)
        assert children.adopt(run_id)
        ended = children.wait()[run_id]

    assert ended.kind == "exception"
    assert "has no branch, tag or commit no-such-branch" in ended.reason


def test_a_run_that_names_no_process_is_a_strangers(monkeypatch):
    monkeypatch.setattr("tasks.running.flow_runs.UNOWNED", timedelta(0))
    with get_client(sync_client=True) as client:
        run = client.create_flow_run(Flow(fn=lambda: None, name="batch"), state=Running())
        assert crash_abandoned(Settings().home) == []
        [found] = read_runs(client, [str(run.id)])
    assert found.state is not None
    assert found.state.is_running()


def of_an_earlier_pass(row: BatchRow) -> BatchRow:
    """Return the row as a later pass keeps it: a share of a budget is of one pass."""
    return row.changed(share=None)
