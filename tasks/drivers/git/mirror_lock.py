"""Lets one run at a time write a mirror."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from paper2run.errors import HostError, trouble_of
from tasks.drivers.git.limits import Limits

LOCK_POLL_S: Final = 0.2


@contextmanager
def alone(mirror: Path, limits: Limits, url: str) -> Iterator[int]:
    """Hold the lock of `mirror`, which fetches `url`; yield its file descriptor, for git to inherit.

    HostError if the folder cannot be written, or if another run holds it beyond the limits.
    """
    with _lock_file(mirror.with_suffix(".lock")) as lock:
        _wait_for(lock.fileno(), limits, url)
        yield lock.fileno()


def _lock_file(path: Path) -> IO[str]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("a")
    except OSError as error:
        raise HostError(
            f"the folder of mirrors cannot be used: {error.filename}: {error.strerror}",
            hint="set PAPER2RUN_HOME to a folder that you may write to",
            trouble=trouble_of(error),
        ) from error


def _wait_for(lock_fd: int, limits: Limits, url: str) -> None:
    # git inherits the lock: were only we killed, the next run would wait until git has ended too.
    while True:
        try:
            fcntl.flock(lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if not limits.left_s:
                raise HostError(
                    f"another run has been fetching {url} for more than {limits.timeout_s:.0f} s",
                    hint="try again when it has ended",
                    transient=True,
                    trouble="network",
                ) from None
            time.sleep(LOCK_POLL_S)
