"""Faults are met on the tests' own Prefect server; the engine behind the stand-in is the real one."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect import Task

import flows.attempt
import flows.reproduce
from tests.faults.broken_engine import BrokenEngine, real_engine_is_local
from tests.flow.conftest import repository

__all__ = ["repository"]


@pytest.fixture(scope="session", autouse=True)
def on_the_server(prefect_server: Path) -> None:
    """Let every test here talk to the tests' Prefect server."""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty home of its own: what a fault leaves must not serve the next test."""
    monkeypatch.setenv("PAPER2RUN_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def first_try_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let stages give up at once: their waits of 5 s and 30 s before another try are not what is tested."""
    for module in (flows.reproduce, flows.attempt):
        for value in vars(module).values():
            if isinstance(value, Task):
                monkeypatch.setattr(value, "retries", 0)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[BrokenEngine]:
    """Yield the stand-in that DOCKER_HOST names; whole until it is told what to break."""
    if not real_engine_is_local():
        pytest.skip("needs an engine on /var/run/docker.sock")
    with BrokenEngine() as stand_in:
        monkeypatch.setenv("DOCKER_HOST", stand_in.address)
        yield stand_in


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Yield a folder on a disk of 1 MB."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to mount a small disk")
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("needs the right to mount a small disk")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)
