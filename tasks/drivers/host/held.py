"""Runs a Python module in a process that does not outlive its starter.

The starter holds the other end of the child's standard input. However the starter goes, by Ctrl-C or by SIGKILL,
that end closes, and the child gets SIGTERM: time to remove its container. It has a session of its own, so that
Ctrl-C in the terminal reaches the starter alone.
"""

import os
import runpy
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from tasks.drivers.host.python_children import children_environment

END_WAIT_S: Final = 30.0
"""After SIGTERM; an engine needs up to 20 s to end a container that floods its output."""


def start(
    module: str, argument: str, *, cwd: Path, env: Mapping[str, str], log: Path
) -> "subprocess.Popen[bytes]":
    """Start `python -m module argument` in `cwd` and return its process; its output is appended to `log`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return subprocess.Popen(
            # -P and the folder: the child neither imports nor reads settings from the working folder.
            [sys.executable, "-P", "-m", __name__, module, argument],
            cwd=cwd,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            start_new_session=True,
            env=children_environment(env),
        )


def end(processes: Iterable["subprocess.Popen[bytes]"]) -> None:
    """Ask the processes to end and wait; kill those that take too long, with their group."""
    left = [process for process in processes if process.poll() is None]
    for process in left:
        assert process.stdin is not None
        process.stdin.close()
    deadline = time.monotonic() + END_WAIT_S
    for process in left:
        try:
            process.wait(max(deadline - time.monotonic(), 0))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _end_with_starter() -> None:
    # Not through sys.stdin: its lock, held in a read, is fatal to an interpreter that ends.
    while os.read(sys.stdin.fileno(), 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(END_WAIT_S)
    os.killpg(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    threading.Thread(target=_end_with_starter, daemon=True).start()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=False)
