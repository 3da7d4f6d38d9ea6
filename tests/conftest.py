"""Options and fixtures that all tests share."""

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from unittest import mock

import pytest
import requests

collect_ignore = ["repos"]
"""Checkouts of test situations, whose own tests are data here."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--write-expected",
        action="store_true",
        help="rewrite the expected files of the case folders; read the diff before committing it",
    )
    parser.addoption(
        "--docker", action="store_true", help="run the tests that need a container engine as well"
    )
    parser.addoption(
        "--small-model",
        action="store_true",
        help="run the tests that ask a real small model as well",
    )
    parser.addoption("--full", action="store_true", help="run the tests that take minutes as well")


def pytest_configure() -> None:
    # A shell's background jobs inherit it as ignored, and tests interrupt programs that they start.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    options = {"docker": "--docker", "full": "--full", "small_model": "--small-model"}
    for marker, option in options.items():
        if config.getoption(option):
            continue
        for item in items:
            if item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=f"needs {option}"))


@pytest.fixture
def write_expected(request: pytest.FixtureRequest) -> bool:
    """Whether expected files are to be rewritten instead of compared."""
    return bool(request.config.getoption("--write-expected"))


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep a real Prefect server for the session, with folders of its own for everything that is kept.

    Yield a copy of its database before the first run: another server that starts on it migrates nothing.
    """
    from prefect.settings import (
        PREFECT_API_DATABASE_CONNECTION_URL,
        PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
        PREFECT_LOCAL_STORAGE_PATH,
        temporary_settings,
    )
    from prefect.testing.utilities import prefect_test_harness

    from tasks.running.server import SERVER_SETTINGS

    home = tmp_path_factory.mktemp("home")
    environment = {
        "PAPER2RUN_HOME": str(home / "paper2run"),
        # Tests kill runs, and the tests' server forgets their leases: nobody shall wait for such places.
        "PAPER2RUN_ENGINE_SLOTS": "64",
        # A run's two looks at all that the engine keeps are for tests/flow/test_kept_images.py.
        "PAPER2RUN_KEEP_GB": "inf",
        # Listing an image is for tests/flow/test_rebuild.py.
        "PAPER2RUN_INVENTORY": "false",
        # A server that stores each task run by itself is often busy, and its clients then wait two seconds.
        **SERVER_SETTINGS,
    }
    with (
        mock.patch.dict(os.environ, environment),
        prefect_test_harness(server_startup_timeout=180),
        temporary_settings(
            {
                PREFECT_LOCAL_STORAGE_PATH: home / "results",
                PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None,
            }
        ),
    ):
        database = str(PREFECT_API_DATABASE_CONNECTION_URL.value()).partition("///")[2]
        with (
            closing(sqlite3.connect(database)) as used,
            closing(sqlite3.connect(home / "prefect.db")) as copy,
        ):
            used.backup(copy)
        yield home / "prefect.db"


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """Yield the address of an S3 server on loopback."""
    address = f"127.0.0.1:{free_port()}"
    host, port = address.split(":")
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", host, "-p", port],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(address, process)
        requests.put(f"http://{address}/papers", timeout=30).raise_for_status()
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
def s3_store(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the address of an empty folder on the S3 server, which the environment names."""
    from s3fs import S3FileSystem

    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "tests")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "tests")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    # fsspec keeps one client an address for the whole process, whatever the environment says now.
    S3FileSystem.clear_instance_cache()
    return f"s3://papers/{uuid.uuid4().hex}"


@pytest.fixture(scope="session")
def registry_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the address of an empty image registry on loopback."""
    program = shutil.which("docker-registry")
    if program is None:
        pytest.skip("needs docker-registry: apt-get install docker-registry")
    root = tmp_path_factory.mktemp("registry")
    address = f"127.0.0.1:{free_port()}"
    config = root / "config.yml"
    config.write_text(
        f"version: 0.1\nstorage: {{filesystem: {{rootdirectory: {root}/data}}}}\nhttp: {{addr: {address}}}\n"
    )
    process = subprocess.Popen(
        [program, "serve", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_for(address, process)
        yield address
    finally:
        process.terminate()
        process.wait()


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def wait_for(address: str, process: "subprocess.Popen[bytes]", within_s: float = 60) -> None:
    """Wait until something listens there; AssertionError if the process ends or the time is over."""
    host, port = address.split(":")
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        assert process.poll() is None, f"{process.args} ended with {process.returncode}"
        with socket.socket() as client:
            if client.connect_ex((host, int(port))) == 0:
                return
        time.sleep(0.1)
    raise AssertionError(f"nothing listens on {address}")
