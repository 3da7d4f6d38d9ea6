"""Identifies the process that owns a container or a flow run, by a lock that the process holds.

A killed process cannot clean up; the next run with the same home does it. The kernel frees a lock
however its holder ends, and shows it to all who see the file: processes of this machine, and
workers in containers that share the home as a volume, whose process ids and names mean nothing
outside.
"""

import atexit
import fcntl
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final

from paper2run.errors import HostError, trouble_of

OWNER_LABEL: Final = "paper2run.owner"
FOLDER: Final = "processes"
"""Below the home: one file per living process."""
ID_FILE: Final = "id"
UNFINISHED: Final = ".new-"


def this_process(home: Path) -> str:
    """Return `HOME:BOOT:PROCESS`: PAPER2RUN_HOME, the start of this machine, and this process in both.

    HostError if the home cannot be written to.
    """
    try:
        return _register(home, os.getpid())
    except OSError as error:
        raise HostError(
            f"cannot write to {home}: {error.strerror}",
            hint="set PAPER2RUN_HOME to a folder that can be written to",
            trouble=trouble_of(error),
        ) from error


def is_dead(owner: str, home: Path) -> bool:
    """Whether `owner` was a process with our `home` that no longer runs; False for another home.

    A dead owner's file exists unlocked, or is gone. A missing file counts only since the machine's
    start, because a home may be copied.
    """
    _, boot, name = owner.split(":") if owner.count(":") == 2 else ("", "", "")
    if not is_of_our_home(owner, home):
        return False
    path = home / FOLDER / name
    return not is_held(path) if path.exists() else boot == _boot()


def is_of_our_home(owner: str, home: Path) -> bool:
    """Whether `owner` names a process with our `home`."""
    return owner.partition(":")[0] == _id_of(home)


@contextmanager
def held_file(folder: Path) -> Iterator[Path]:
    """Keep a file in `folder` locked for the block; it goes with the block."""
    folder.mkdir(parents=True, exist_ok=True)
    name = uuid.uuid4().hex
    new, path = folder / f"{UNFINISHED}{name}", folder / name
    with new.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        # Otherwise another process could see it unlocked and take its owner for dead.
        new.rename(path)
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)


def is_held(path: Path) -> bool:
    """Whether a living process holds the file."""
    try:
        # Opened for writing: NFS does not lock a file that is only read (flock(2)).
        with path.open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        # Its holder has just let go.
        return False
    return False


@cache
def _register(home: Path, _pid: int) -> str:
    """Return the name of this process."""
    held = held_file(home / FOLDER)
    name = held.__enter__().name
    # Held until this process ends, however it ends.
    atexit.register(held.__exit__, None, None, None)
    return f"{_id_of(home)}:{_boot()}:{name}"


@cache
def _boot() -> str:
    """Return the id of this start of the machine, the same in all its containers; empty if unavailable."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


@cache
def _id_of(home: Path) -> str:
    """Return the home's id; the first process creates it."""
    path = home / ID_FILE
    home.mkdir(parents=True, exist_ok=True)
    new = home / f"{UNFINISHED}{uuid.uuid4().hex}"
    try:
        if not path.exists():
            new.write_text(uuid.uuid4().hex)
            os.link(new, path)
    except FileExistsError:
        # Another process was faster.
        return path.read_text()
    finally:
        new.unlink(missing_ok=True)
    return path.read_text()
