"""A Prefect server dies during a run and returns: the run continues, and the server learns its end."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.conftest import free_port, wait_for
from tests.flow.batches import wait_until
from tests.flow.commands import begin
from tests.flow.conftest import containers_of

pytestmark = pytest.mark.docker
START_S = 180

Server = "subprocess.Popen[bytes]"


@pytest.fixture
def start_server(
    tmp_path: Path, prefect_server: Path
) -> Iterator[tuple[str, Callable[[], Server]]]:
    """Return an address, and a function that starts a server there, each time on the same database."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/api"
    home = {"PREFECT_HOME": str(tmp_path / "prefect"), "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
    (tmp_path / "prefect").mkdir()
    shutil.copy(prefect_server, tmp_path / "prefect" / "prefect.db")
    started = []

    def start() -> Server:
        command = [sys.executable, "-m", "prefect", "server", "start", "--port", str(port)]
        process = subprocess.Popen(
            command,
            env={**os.environ, **home},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        started.append(process)
        wait_for(f"127.0.0.1:{port}", process, START_S)
        return process

    yield url, start
    for process in started:
        process.kill()
        process.wait()


def test_a_run_goes_on_when_the_server_is_killed_and_comes_back(tmp_path, repository, start_server):
    url, start = start_server
    server = start()
    name, out = "restarted", tmp_path / "runs"
    here = repository({"main.py": "import time\ntime.sleep(8)\n"}, name)
    process = begin(here, out, "--smoke", "python main.py", PREFECT_API_URL=url)
    wait_until(lambda: containers_of(name) != [], "its container")
    server.kill()
    server.wait()
    # Some of what the run has to say falls into the silence.
    wait_until(lambda: containers_of(name) == [], "the end of its container")
    start()
    _, said = process.communicate(timeout=180)

    assert process.returncode == 0, said
    [folder] = out.iterdir()
    kept = json.loads((folder / "metadata.json").read_text())
    assert kept["status"] == "success"
    run = httpx.get(f"{url}/flow_runs/{kept['flow_run_id']}", timeout=30).json()
    assert run["state"]["type"] == "COMPLETED"
    assert run["state"]["name"].startswith("Runs: ")
