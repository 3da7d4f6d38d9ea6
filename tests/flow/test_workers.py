"""Batches through worker processes: workers are killed and ended, batches killed and cancelled.

The runs go on. Tests that need no engine only plan.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL, PREFECT_LOCAL_STORAGE_PATH
from prefect.states import Cancelling

from flows.batch import batch
from tasks.running.flow_runs import owner_of, read_runs
from tests.flow.batches import processes, processes_of, record, restore, statuses, wait_until
from tests.flow.conftest import slow_to_build
from tests.processes import ends, starts, unique_duration

pytestmark = pytest.mark.full
ROOT = Path(__file__).parents[2]
WAIT_S = 240

Worker = "subprocess.Popen[bytes]"


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    return {
        **os.environ,
        "PREFECT_API_URL": PREFECT_API_URL.value(),
        "PREFECT_LOCAL_STORAGE_PATH": str(PREFECT_LOCAL_STORAGE_PATH.value()),
        "PREFECT_WORKER_QUERY_SECONDS": "1",
    }


@pytest.fixture(scope="module")
def deployed(environment: dict[str, str]) -> None:
    for arguments in (
        ["work-pool", "create", "paper2run", "--type", "process"],
        ["--no-prompt", "deploy", "--all"],
    ):
        command = [sys.executable, "-m", "prefect", *arguments]
        subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)


@pytest.fixture
def worker(environment, deployed, tmp_path) -> Iterator[Callable[[str], Worker]]:
    """Return a function that starts a worker of that name and returns once it is online."""
    started = []

    def start(name: str) -> Worker:
        log = tmp_path / f"{name}.log"
        command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", "paper2run"]
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*command, "--name", name], cwd=ROOT, env=environment, stdout=output, stderr=output
            )
        started.append(process)
        wait_until(lambda: "started!" in log.read_text(), f"the worker {name}", WAIT_S)
        return process

    yield start
    for process in started:
        process.terminate()
        process.wait()


@pytest.fixture
def begin(environment, tmp_path):
    """Return a function that starts a batch in a process of its own, through the workers."""
    started = []

    def start(file: Path, out: Path) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "flows.cli", "batch", str(file), "--dry-run", "--workers"]
        process = subprocess.Popen(
            [*command, "--out", str(out)], env=environment, stdout=subprocess.DEVNULL, stderr=None
        )
        started.append(process)
        wait_until(lambda: statuses(out) == ["planned", "running"], "the second run", WAIT_S)
        wait_until(lambda: inside(out) != [], "its process", WAIT_S)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def inside(out: Path) -> list[int]:
    """Return the processes of the second repository's flow run, once it has said that it is in one."""
    with get_client(sync_client=True) as client:
        [run] = read_runs(client, [record(out)["rows"][1]["flow_run_id"]])
    wanted = f"PREFECT__FLOW_RUN_ID={run.id}".encode()
    return processes("environ", wanted) if owner_of(run) else []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_run_whose_worker_is_gone_is_started_on_another_one(
    tmp_path, hanging, worker, begin, number
):
    out = tmp_path / "out"
    first = worker("first")
    process = begin(hanging, out)
    lost = record(out)["rows"][1]["flow_run_id"]
    runs = inside(out)
    first.send_signal(number)
    first.wait()
    # A killed worker's runs go on by themselves: the machine dies here, with all that is on it.
    for pid in runs:
        if Path(f"/proc/{pid}").exists():
            os.kill(pid, signal.SIGKILL)
    restore(hanging.parent / "slow")
    worker("second")

    assert process.wait(WAIT_S) == 0
    kept, again = record(out)["rows"]
    assert (kept["starts"], again["starts"], again["attempts"]) == (1, 2, 0)
    assert (again["status"], again["flow_run_id"] != lost) == ("planned", True)


def test_a_killed_batch_finds_its_runs_again(tmp_path, hanging, worker, begin):
    out = tmp_path / "out"
    worker("one")
    process = begin(hanging, out)
    before = record(out)["rows"]
    process.kill()
    process.wait()
    restore(hanging.parent / "slow")

    state = batch(
        file=str(hanging), out=str(out), dry_run=True, workers=True, resume=True, return_state=True
    )
    assert state.is_completed(), state.message
    after = record(out)["rows"]
    assert [row["flow_run_id"] for row in after] == [row["flow_run_id"] for row in before]
    assert [row["starts"] for row in after] == [1, 1]


def test_cancelling_the_batch_ends_its_runs(tmp_path, hanging, worker):
    out = tmp_path / "out"
    worker("one")
    with get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name("batch/default")
        asked = {"file": str(hanging), "out": str(out), "dry_run": True}
        run = client.create_flow_run_from_deployment(deployment.id, parameters=asked)
        wait_until(lambda: statuses(out) == ["planned", "running"], "the second run", WAIT_S)
        wait_until(lambda: inside(out) != [], "its process", WAIT_S)
        child = record(out)["rows"][1]["flow_run_id"]
        client.set_flow_run_state(run.id, Cancelling())

        def states() -> list[str]:
            found = read_runs(client, [str(run.id), child])
            return [each.state.type.value for each in found if each.state is not None]

        wait_until(lambda: states() == ["CANCELLED", "CANCELLED"], "the end of both", WAIT_S)
    wait_until(lambda: processes_of(child) == [] and inside(out) == [], "the processes' end")
    assert statuses(out) == ["planned", "interrupted"]


@pytest.mark.docker
def test_cancelling_a_run_in_the_middle_of_its_build_takes_the_build_along(
    tmp_path, repository, worker
):
    duration, out = unique_duration(), tmp_path / "runs"
    here = slow_to_build(repository, duration)
    worker("one")
    with get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name("reproduce/default")
        asked = {"repo": here, "out": str(out)}
        run = client.create_flow_run_from_deployment(deployment.id, parameters=asked)
        assert starts(duration, within_s=WAIT_S), "the build never came that far"
        client.set_flow_run_state(run.id, Cancelling())
        assert ends(duration, within_s=30)

        def states() -> list[str]:
            [found] = read_runs(client, [str(run.id)])
            return [found.state.type.value] if found.state is not None else []

        wait_until(lambda: states() == ["CANCELLED"], "its end", WAIT_S)
    [folder] = out.iterdir()
    kept = json.loads((folder / "metadata.json").read_text())
    assert kept["status"] == "interrupted"
    assert "the run was interrupted, after stage render" in kept["reason"]
