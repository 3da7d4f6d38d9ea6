"""Batches on a machine that fails and recovers: they pause, say so and go on.

No row gets a verdict from the failure.
"""

import signal
import subprocess
import uuid
from pathlib import Path

import pytest
from prefect.settings import PREFECT_LOCAL_STORAGE_PATH

from tests.faults.broken_engine import BrokenEngine, gone, whole, without_bridge
from tests.flow.batches import record, statuses, wait_until
from tests.flow.commands import COMMAND, with_server
from tests.flow.conftest import Repository

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("home")]
END_WAIT_S = 300


class Running:
    """A batch in a process of its own, as a person starts it."""

    def __init__(self, file: Path, out: Path, *arguments: str) -> None:
        self.out = out
        self._said = out.with_suffix(".said")
        with self._said.open("ab") as said:
            self.process = subprocess.Popen(
                [*COMMAND, "batch", str(file), "--out", str(out), *arguments],
                env=with_server(
                    {"PREFECT_LOCAL_STORAGE_PATH": str(PREFECT_LOCAL_STORAGE_PATH.value())}
                ),
                stdout=subprocess.DEVNULL,
                stderr=said,
            )

    @property
    def said(self) -> str:
        """What it has written to the terminal."""
        return self._said.read_text()

    def waits_for(self, *wanted: str) -> None:
        """Wait until the rows stand so."""
        wait_until(lambda: statuses(self.out) == list(wanted), f"{wanted}", END_WAIT_S)

    def pauses(self) -> None:
        """Wait until it is paused and has probed in vain."""
        wait_until(
            lambda: "trouble with the engine:" in record(self.out).get("paused", ""),
            "the pause",
            END_WAIT_S,
        )


def papers(tmp_path: Path, repository: Repository, mains: list[str]) -> Path:
    """Return a batch file of repositories with these main programs."""
    for number, main in enumerate(mains):
        repository({"main.py": f"# {uuid.uuid4()}\n{main}\n"}, f"r{number}")
    file = tmp_path / "papers.txt"
    file.write_text("".join(f"r{n} smoke='python main.py'\n" for n in range(len(mains))))
    return file


def test_a_batch_whose_engine_goes_away_pauses_and_goes_on_when_it_is_back(
    tmp_path: Path, repository: Repository, engine: BrokenEngine
) -> None:
    file = papers(tmp_path, repository, ["print(1)"] * 2)
    engine.broken = gone
    batch = Running(file, tmp_path / "out", "--jobs", "2")
    batch.pauses()

    assert statuses(batch.out) == ["preflight-failed"] * 2
    assert "Paused" in (batch.out / "batch.html").read_text()
    assert "paused: several runs were ended by trouble with the engine" in batch.said
    engine.broken = whole
    assert batch.process.wait(END_WAIT_S) == 0, batch.said
    rows = record(batch.out)["rows"]
    assert [(row["status"], row["starts"]) for row in rows] == [("success", 2)] * 2
    assert record(batch.out)["paused"] == ""
    assert "resumed; 2 repositories to run again" in batch.said


@pytest.mark.full
def test_a_paused_batch_that_is_interrupted_is_resumed(
    tmp_path: Path, repository: Repository, engine: BrokenEngine
) -> None:
    file = papers(tmp_path, repository, ["print(1)"] * 3)
    engine.broken = gone
    batch = Running(file, tmp_path / "out", "--jobs", "2")
    batch.pauses()
    batch.process.send_signal(signal.SIGINT)

    assert batch.process.wait(END_WAIT_S) == 130, batch.said
    assert "--resume" in batch.said
    assert record(batch.out)["paused"] == ""
    engine.broken = whole
    again = Running(file, batch.out, "--resume", "--dry-run", "--jobs", "2")
    assert again.process.wait(END_WAIT_S) == 0, again.said
    assert statuses(batch.out) == ["planned"] * 3


@pytest.mark.full
def test_one_row_that_met_trouble_alone_is_tried_once_more_at_the_end(
    tmp_path: Path, repository: Repository, engine: BrokenEngine
) -> None:
    file = papers(tmp_path, repository, ["print(1)"] * 2)
    engine.broken = gone
    batch = Running(file, tmp_path / "out", "--jobs", "1")
    batch.waits_for("preflight-failed", "running")
    engine.broken = whole

    assert batch.process.wait(END_WAIT_S) == 0, batch.said
    rows = record(batch.out)["rows"]
    assert [(row["status"], row["starts"]) for row in rows] == [("success", 2), ("success", 1)]
    assert "paused" not in batch.said


@pytest.mark.full
def test_six_repositories_get_their_verdicts_although_the_bridge_was_lost_in_the_middle(
    tmp_path: Path, repository: Repository, engine: BrokenEngine
) -> None:
    mains = ["print(1)"] * 6
    mains[3] = "open('data/train.csv')"
    batch = Running(papers(tmp_path, repository, mains), tmp_path / "out", "--jobs", "2")
    wait_until(lambda: statuses(batch.out).count("success") >= 2, "the first verdicts", END_WAIT_S)
    engine.broken = without_bridge
    batch.pauses()
    in_the_gap = statuses(batch.out)
    engine.broken = whole

    assert in_the_gap.count("exception") >= 2
    assert batch.process.wait(END_WAIT_S) == 0, batch.said
    assert statuses(batch.out) == [
        "success", "success", "success", "stopped-by-rule", "success", "success",
    ]  # fmt: skip
    assert record(batch.out)["rows"][3]["cause"] == "missing_data"
