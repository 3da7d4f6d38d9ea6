"""Starts `paper2run` as a person does: in its own process, by default on the tests' Prefect server."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from prefect.settings import PREFECT_API_URL

COMMAND = [sys.executable, "-m", "flows.cli"]


def paper2run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        env=with_server(environment),
        capture_output=True,
        text=True,
        timeout=300,
    )


def begin(repo: str, out: Path, *arguments: str, **environment: str) -> "subprocess.Popen[str]":
    """Start `paper2run run`; what it says is read from its stderr."""
    return subprocess.Popen(
        [*COMMAND, "run", "--repo", repo, "--out", str(out), *arguments],
        env=with_server(environment),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_as_at_a_terminal,
    )


def _as_at_a_terminal() -> None:
    """Undo what a test run in the background leaves to its children: they ignore these signals."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)


def with_server(environment: dict[str, str]) -> dict[str, str]:
    return {**os.environ, "PREFECT_API_URL": PREFECT_API_URL.value(), **environment}
