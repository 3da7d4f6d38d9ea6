"""Machines share results through an S3 server and images through a registry; one engine, many homes."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL, PREFECT_LOCAL_STORAGE_PATH, temporary_settings

from paper2run.errors import HostError
from paper2run.settings import Settings
from tasks.batches.children import Children, Ended
from tasks.drivers.engine.engine_connection import connect
from tasks.running.caching import stage
from tasks.running.records import RunFolder
from tasks.running.sharing import open_store, sharing
from tasks.running.stages import Stages

WORLD = {"preflight", "report"}
"""Stages that look at the engine, or write the run's own folder."""
computed: list[int] = []


def twice(number: int, salt: str) -> int:
    computed.append(number)
    return 2 * number


# The rules of a stage are found from its module, and a test's module has none.
twice.__module__ = "tasks.extract"
double = stage("double", timeout_s=60, key=lambda given: (str(given["number"]), given["salt"]))(
    twice
)


@flow(persist_result=False)
def doubled(number: int, out: str, storage: str) -> int:
    run = RunFolder.create(Path(out), "demo")
    with sharing(run, open_store(Settings(storage=storage))):
        return Stages(run).run(double, number, storage)


@contextmanager
def machine(root: Path) -> Iterator[None]:
    """Let the block run as on a machine of its own: nothing of the others' disks is there."""
    with temporary_settings({PREFECT_LOCAL_STORAGE_PATH: root / "results"}):
        yield


def test_what_one_machine_has_computed_another_takes_from_the_store(s3_store, tmp_path):
    computed.clear()
    for name in ("one", "other"):
        with machine(tmp_path / name):
            assert doubled(21, str(tmp_path / name), s3_store) == 42

    assert computed == [21]


def test_without_a_store_machines_know_nothing_of_each_other(tmp_path):
    computed.clear()
    for name in ("one", "other"):
        with machine(tmp_path / name):
            assert doubled(21, str(tmp_path / name), "") == 42

    assert computed == [21, 21]


def test_a_mounted_folder_is_a_store_too(tmp_path):
    computed.clear()
    for name in ("one", "other"):
        with machine(tmp_path / name):
            assert doubled(4, str(tmp_path / name), f"file://{tmp_path}/mounted") == 8

    assert computed == [4]
    assert len(list((tmp_path / "mounted" / "runs").iterdir())) == 2


def test_a_store_that_does_not_answer_is_named_before_anything_is_kept(tmp_path, repository):
    from flows.reproduce import reproduce

    repo = repository({"main.py": "print(1)\n"})
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PAPER2RUN_STORAGE", f"file://{blocked}/store")
        with pytest.raises(HostError, match=str(blocked)):
            reproduce(repo=repo, out=str(tmp_path / "runs"), dry_run=True)

    assert not (tmp_path / "runs").exists()


def test_the_verdict_of_another_machine_is_read_from_the_store(repository, tmp_path, s3_store):
    from flows.reproduce import reproduce

    repo, out = repository({"main.py": "print(1)\n"}), tmp_path / "one"
    with machine(out), pytest.MonkeyPatch.context() as patch:
        patch.setenv("PAPER2RUN_STORAGE", s3_store)
        state = reproduce(repo=repo, out=str(out), dry_run=True, return_state=True)
    run_id = str(state.state_details.flow_run_id)
    out.rename(tmp_path / "elsewhere")

    def seen(storage: str) -> Ended:
        with machine(tmp_path / "other"), get_client(sync_client=True) as client:
            store = open_store(Settings(storage=storage))
            children = Children(
                client, run_id, "papers", tmp_path / "logs", tmp_path / "other", store
            )
            assert children.adopt(run_id)
            return children.wait()[run_id]

    ended = seen(s3_store)
    assert (ended.kind, ended.metadata and ended.metadata.status) == ("verdict", "planned")
    assert ended.folder.startswith(s3_store)
    without = seen("")
    assert without.kind == "exception"
    assert "PAPER2RUN_STORAGE" in without.reason


@pytest.mark.docker
def test_the_second_machine_builds_nothing_and_pulls_what_it_lacks(
    repository, tmp_path, s3_store, registry_address
):
    repo = repository({"main.py": "print('shared')\n"}, name="shared")
    environment = {"PAPER2RUN_STORAGE": s3_store, "PAPER2RUN_REGISTRY": registry_address}
    first = reproduced(repo, tmp_path / "one", environment)
    connect().remove_image(first["image"])
    # A real second machine sees nothing of the first one's disk, its mirror for instance.
    (tmp_path / "one").rename(tmp_path / "elsewhere")

    second = reproduced(repo, tmp_path / "other", environment)

    assert first["image_pushed"].startswith(registry_address)
    assert second["image_id"] == first["image_id"]
    assert connect().image(second["image"]) is not None
    assert stages(second, cached=False) - WORLD == {"clone", "pull"}
    assert {"build", "push", "smoke", "verify"} <= stages(second, cached=True)


@pytest.mark.docker
@pytest.mark.full
def test_two_machines_at_once_may_compute_twice_and_both_are_right(
    repository, tmp_path, s3_store, registry_address
):
    repo = repository({"main.py": "import time\ntime.sleep(1)\nprint('at once')\n"}, name="at-once")
    environment = {"PAPER2RUN_STORAGE": s3_store, "PAPER2RUN_REGISTRY": registry_address}
    started = [started_on(tmp_path / name, repo, environment) for name in ("one", "other")]
    outputs = [process.communicate(timeout=300)[0] for process in started]
    assert [process.returncode for process in started] == [0, 0], "\n".join(outputs)

    third = reproduced(repo, tmp_path / "third", environment)

    assert third["status"] == "success"
    assert stages(third, cached=False) - WORLD <= {"clone", "pull"}


def stages(metadata: dict, *, cached: bool) -> set[str]:
    return {timing["stage"] for timing in metadata["stages"] if timing["cached"] == cached}


def reproduced(repo: str, machine_root: Path, environment: dict[str, str]) -> dict:
    process = started_on(machine_root, repo, environment)
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output
    (kept,) = machine_root.glob("runs/*/metadata.json")
    return json.loads(kept.read_text())


def started_on(root: Path, repo: str, environment: dict[str, str]) -> "subprocess.Popen[str]":
    """Start a run as on a machine of its own: results, locks, mirrors and run folders below `root`."""
    argv = [sys.executable, "-m", "flows.cli", "run", "--repo", repo, "--smoke", "python main.py"]
    return subprocess.Popen(
        [*argv, "--out", str(root / "runs")],
        env={
            **os.environ,
            **environment,
            "PREFECT_API_URL": PREFECT_API_URL.value() or "",
            "PREFECT_LOCAL_STORAGE_PATH": str(root / "results"),
            "PAPER2RUN_HOME": str(root / "home"),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
