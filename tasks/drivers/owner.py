"""Who a container or a flow run belongs to: a process, which holds a lock on a file as long as it lives.

A process that is killed outright cannot clean up; the next run with the same home does it for it. The kernel frees a
lock whatever ends its holder, and shows it to all who see the file: processes of this machine, and workers in
containers that share the home as a volume, whose numbers and names tell nothing from outside.
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

from paper2run.settings import Settings

OWNER_LABEL: Final = "paper2run.owner"
FOLDER: Final = "processes"
"""Below the home: one file a living process."""
ID_FILE: Final = "id"
UNFINISHED: Final = ".new-"


def this_process() -> str:
    """Return `HOME:PROCESS`, the id of PAPER2RUN_HOME and of this process in it."""
    return _register(Settings().home, os.getpid())


def is_dead(owner: str) -> bool:
    """Tell whether `owner` was a process with our home that runs no more; one with another home is never judged."""
    name = owner.partition(":")[2]
    return is_of_our_home(owner) and not is_held(Settings().home / FOLDER / name)


def is_of_our_home(owner: str) -> bool:
    """Tell whether `owner` names a process with our home."""
    return owner.partition(":")[0] == _id_of(Settings().home)


@contextmanager
def held_file(folder: Path) -> Iterator[Path]:
    """Keep a file in `folder` locked for the block; it goes with the block."""
    folder.mkdir(parents=True, exist_ok=True)
    name = uuid.uuid4().hex
    new, path = folder / f"{UNFINISHED}{name}", folder / name
    with new.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        # Nobody sees it unlocked, and takes it for that of a dead one.
        new.rename(path)
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)


def is_held(path: Path) -> bool:
    """Tell whether a living process holds the file; remove one that a killed process had."""
    try:
        with path.open() as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink(missing_ok=True)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        # Its holder has just let go.
        return False
    return False


@cache
def _register(home: Path, _pid: int) -> str:
    """Return the name of this process; what killed ones had is removed."""
    folder = home / FOLDER
    for path in folder.glob("[!.]*"):
        is_held(path)
    held = held_file(folder)
    name = held.__enter__().name
    # Held until this process ends, however it ends.
    atexit.register(held.__exit__, None, None, None)
    return f"{_id_of(home)}:{name}"


@cache
def _id_of(home: Path) -> str:
    """Return the home's id, which whoever comes first gives it."""
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
