"""Starts a program of ours that outlives us, and ends it by the record it left."""

import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

STOP_WAIT_S: Final = 10
POLL_S: Final = 0.1


def start(
    argv: Sequence[str], *, cwd: Path, log: Path, pid_file: Path, env: Mapping[str, str]
) -> int:
    """Return the process id of the detached program; its output goes to `log`, its id to `pid_file`.

    Of several callers at once the first starts it, and the others get its id too.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with pid_file.with_suffix(".lock").open("w") as lock, log.open("ab") as output:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (pid := running(pid_file)) is not None:
            return pid
        process = subprocess.Popen(
            argv,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            # A session of its own: Ctrl-C in the terminal must not end a server that others use.
            start_new_session=True,
            env={**os.environ, **env},
        )
        pid_file.write_text(f"{process.pid}\n")
    return process.pid


def stop(pid_file: Path) -> bool:
    """End the program that `pid_file` names and remove the file; tell whether it was running."""
    pid = running(pid_file)
    if pid is not None:
        os.killpg(pid, signal.SIGTERM)
        end = time.monotonic() + STOP_WAIT_S
        while running(pid_file) is not None and time.monotonic() < end:
            time.sleep(POLL_S)
        if running(pid_file) is not None:
            os.killpg(pid, signal.SIGKILL)
    pid_file.unlink(missing_ok=True)
    return pid is not None


def running(pid_file: Path) -> int | None:
    """Return the process id in `pid_file` if that process leads a session and runs; None otherwise."""
    try:
        pid = int(pid_file.read_text())
        stat = (
            Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[-1].split() if _has_proc() else []
        )
        alive = not stat or stat[0] != "Z"
        return pid if alive and os.getsid(pid) == pid else None
    except (FileNotFoundError, ValueError, ProcessLookupError):
        return None


def _has_proc() -> bool:
    return Path("/proc/self/stat").exists()
