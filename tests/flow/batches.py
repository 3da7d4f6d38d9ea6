"""What tests of batches look at: the record, the processes, and a repository that never answers."""

import json
import time
from collections.abc import Callable
from pathlib import Path


def record(folder: Path) -> dict:
    try:
        return json.loads((folder / "batch.json").read_text())
    except FileNotFoundError:
        return {"rows": []}


def statuses(folder: Path) -> list[str]:
    return [row["status"] for row in record(folder)["rows"]]


def wait_until(true: Callable[[], bool], what: str, within_s: float = 120) -> None:
    end = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < end, f"never came: {what}"
        time.sleep(0.1)


def gate_of(slow: Path) -> Path:
    """Return the file without which the host of the repository does not answer."""
    return slow.with_suffix(".answers")


def restore(slow: Path) -> None:
    """Let the host answer: those who ask from now on, and the one who waits already, if any."""
    gate_of(slow).touch()


def processes_of(flow_run_id: str) -> list[int]:
    """Return the processes whose command line names the flow run."""
    return processes("cmdline", flow_run_id.encode())


def processes(what: str, words: bytes) -> list[int]:
    """Return the processes whose file `what` below /proc, `cmdline` or `environ`, holds the words."""
    found = []
    for entry in Path("/proc").glob(f"[0-9]*/{what}"):
        try:
            if words in entry.read_bytes():
                found.append(int(entry.parent.name))
        except (FileNotFoundError, PermissionError, ProcessLookupError):
            continue
    return found
