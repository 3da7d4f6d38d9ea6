"""What the machine runs: a local engine's builds and containers are ordinary processes of it."""

import time
import uuid
from pathlib import Path


def unique_duration() -> str:
    """An argument for sleep by which its process is found among all others."""
    return f"{600 + uuid.uuid4().int % 1000}.{uuid.uuid4().int % 10**9:09d}"


def is_running(argument: str) -> bool:
    """Whether a process has `argument` among its arguments."""
    for cmdline in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            arguments = cmdline.read_bytes().split(b"\0")
        except OSError:
            continue
        if argument.encode() in arguments:
            return True
    return False


def ends(argument: str, within_s: float = 10) -> bool:
    """Whether no process has `argument` any more before the time is over."""
    deadline = time.monotonic() + within_s
    while is_running(argument):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def starts(argument: str, within_s: float = 30) -> bool:
    """Whether a process with `argument` appears before the time is over."""
    deadline = time.monotonic() + within_s
    while not is_running(argument):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True
