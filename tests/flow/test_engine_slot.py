"""Orphaned engine slots are released, on the tests' server, which expires no lease."""

import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import (
    GlobalConcurrencyLimitCreate,
    GlobalConcurrencyLimitUpdate,
)

from tasks.running.engine_slot import free_abandoned

HOLD = """
import fcntl, sys, time
file = open(sys.argv[1], "w")
fcntl.flock(file, fcntl.LOCK_EX)
print("held", flush=True)
time.sleep(600)
"""


@pytest.fixture
def limit() -> str:
    name = f"paper2run-engine-{uuid.uuid4().hex}"
    with get_client(sync_client=True) as client:
        client.create_global_concurrency_limit(
            GlobalConcurrencyLimitCreate(name=name, limit=3, active=True)
        )
        client.update_global_concurrency_limit(name, GlobalConcurrencyLimitUpdate(active_slots=3))
    return name


def test_places_of_killed_processes_are_free_again_and_those_of_living_ones_are_not(
    limit: str, tmp_path: Path
) -> None:
    holders = tmp_path / "holders"
    holders.mkdir()
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", HOLD, str(holders / str(number))], stdout=subprocess.PIPE
        )
        for number in range(2)
    ]
    try:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == b"held\n"
        processes[0].kill()
        processes[0].wait()

        assert free_abandoned(limit, holders) == 2
        assert free_abandoned(limit, holders) == 0
        assert [path.name for path in holders.iterdir()] == ["1"]
    finally:
        for process in processes:
            process.kill()
            process.communicate()
