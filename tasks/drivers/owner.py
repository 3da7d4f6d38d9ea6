"""Who a container belongs to: a process, told by who numbers it, its number and its start, so that a dead one is known.

A process that is killed outright cannot clean up; the next run on the host does it for it.
"""

import os
import socket
from pathlib import Path
from typing import Final

OWNER_LABEL: Final = "paper2run.owner"
START_FIELD: Final = 19
"""`starttime` of /proc/PID/stat, counted after the command's name (proc(5), field 22)."""


def this_process() -> str:
    """Return `host/namespace:pid:start` of this process."""
    return f"{_here()}:{os.getpid()}:{_start_of(os.getpid())}"


def is_dead(owner: str) -> bool:
    """Tell whether `owner` was a process of this host that runs no more; another host's is never judged."""
    _, pid, start = owner.rsplit(":", 2) if owner.count(":") >= 2 else ("", "", "")
    if not is_of_this_host(owner) or not pid.isdigit():
        return False
    return not _is_running(int(pid)) or _start_of(int(pid)) != start


def is_of_this_host(owner: str) -> bool:
    """Tell whether `owner` names a process of this host that can be seen from here."""
    return owner.rsplit(":", 2)[0] == _here()


def _here() -> str:
    """Return the host with the namespace of its process numbers (pid_namespaces(7)).

    A worker in a container on the host's network has the host's name, but sees none of its processes: without the
    namespace it took the containers of living runs for abandoned ones.
    """
    try:
        namespace = Path("/proc/self/ns/pid").readlink().name.strip("pid:[]")
    except OSError:
        namespace = ""
    return f"{socket.gethostname()}/{namespace}"


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _start_of(pid: int) -> str:
    """Return when the process started, in the kernel's ticks; empty where there is no /proc."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[START_FIELD]
