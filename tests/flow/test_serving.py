"""The deployments of an installed package: registered for a work pool, and served."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL, PREFECT_LOCAL_STORAGE_PATH

from tests.flow.batches import wait_until

pytestmark = pytest.mark.full
ROOT = Path(__file__).parents[2]
WAIT_S = 240


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the environment in which the package comes from a wheel, far from the checkout."""
    folder = tmp_path_factory.mktemp("installed")
    for arguments in (
        ["build", "--quiet", "--wheel", "--out-dir", str(folder), str(ROOT)],
        ["pip", "install", "--quiet", "--no-deps", "--target", str(folder / "site")],
    ):
        wheels = map(str, folder.glob("*.whl")) if arguments[0] == "pip" else ()
        subprocess.run([sys.executable, "-m", "uv", *arguments, *wheels], check=True)
    return {
        **os.environ,
        "PYTHONPATH": str(folder / "site"),
        "PREFECT_API_URL": PREFECT_API_URL.value(),
        "PREFECT_LOCAL_STORAGE_PATH": str(PREFECT_LOCAL_STORAGE_PATH.value()),
        "PREFECT_RUNNER_POLL_FREQUENCY": "1",
    }


@pytest.fixture
def served(installed, tmp_path) -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-P", "-m", "flows.cli", "serve"]
    process = subprocess.Popen(command, cwd=tmp_path, env=installed)
    yield process
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0


def deployment(name: str):
    with get_client(sync_client=True) as client:
        return client.read_deployment_by_name(name)


@pytest.mark.docker
@pytest.mark.index
def test_an_installed_package_deploys_for_workers_and_then_serves(
    installed, tmp_path, repository, request
):
    command = [sys.executable, "-P", "-m", "flows.cli", "deploy", "--pool", "other", "--limit", "3"]
    subprocess.run(command, cwd=tmp_path, env=installed, check=True)
    runs, batches = deployment("reproduce/default"), deployment("batch/default")
    [step] = runs.pull_steps
    with get_client(sync_client=True) as client:
        pool, queue = client.read_work_pool("other"), client.read_work_queue(runs.work_queue_id)

    assert {runs.work_pool_name, batches.work_pool_name} == {"other"}
    assert (pool.type, queue.concurrency_limit, batches.work_queue_name) == (
        "process",
        3,
        "batches",
    )
    assert [*step.values()] == [{"directory": str(tmp_path)}]
    assert batches.parameters == {"workers": True}

    request.getfixturevalue("served")
    wait_until(lambda: deployment("reproduce/default").work_pool_name is None, "the pool left")
    wait_until(lambda: deployment("reproduce/default").status == "READY", "the server", WAIT_S)
    here = repository({"main.py": "print(1)\n"}, "served")
    assert end_of(runs.id, repo=here, dry_run=True) == ("Planned", "COMPLETED")
    assert end_of(runs.id, repo=here) == ("Runs: program-starts", "COMPLETED")
    kept = [json.loads(path.read_text()) for path in tmp_path.glob("runs/*/metadata.json")]
    assert sorted((one["status"], one["output"]) for one in kept) == [
        ("planned", ""),
        ("success", "1"),
    ]
    assert deployment("batch/default").parameters == {}


def end_of(deployment_id: UUID, **parameters: object) -> tuple[str, str]:
    """Start a run of the deployment; return name and type of the state in which it ends."""
    with get_client(sync_client=True) as client:
        run = client.create_flow_run_from_deployment(deployment_id, parameters=parameters)

        def ended() -> bool:
            state = client.read_flow_run(run.id).state
            return state is not None and state.is_final()

        wait_until(ended, "the run's end", WAIT_S)
        state = client.read_flow_run(run.id).state
    assert state is not None
    return str(state.name), state.type.value
