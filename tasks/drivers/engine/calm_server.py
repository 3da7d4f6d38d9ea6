"""Notices that a container holds a server that has started and waits for work.

Such a process shows no more after its whole time limit than it does now: it listens on a port, writes nothing, takes
hardly any time of a processor and waits for none. Where the container's processes cannot be seen from here (an engine
elsewhere), it is never noticed.
https://www.kernel.org/doc/Documentation/networking/proc_net_tcp.txt, https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
"""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from docker.models.containers import Container

CALM_S: Final = 20
"""How long it must stay so."""
LOOK_S: Final = 2
"""Between two looks."""
BUSY_SHARE: Final = 0.05
"""Part of one processor that a waiting server may take."""
LISTENING: Final = "0A"
WANTING: Final = frozenset({"R", "D"})
"""States of /proc/PID/task/TID/stat: runnable, and waiting for a disk."""
NANOSECONDS: Final = 1e9


@dataclass(frozen=True)
class _Calm:
    """Since when a container listens and has written no more."""

    since: float
    written: int
    cpu_s: float


class CalmServer:
    """Looks at one container again and again."""

    def __init__(self, container: "Container") -> None:
        self._container = container
        self._calm: _Calm | None = None
        self._next_look = time.monotonic() + LOOK_S

    def port(self, written: int) -> int | None:
        """Return the port on which a server has waited for CALM_S; None until then.

        `written` is what the container has written so far, in bytes. HostError or docker's errors if the engine fails.
        """
        now = time.monotonic()
        if now < self._next_look:
            return None
        self._next_look = now + LOOK_S
        port = _listening(self._container)
        if port is not None and _wants_processor(str(self._container.id)):
            port = None
        if port is None or self._calm is None or written != self._calm.written:
            self._calm = _Calm(now, written, self._cpu_s()) if port is not None else None
            return None
        waited = now - self._calm.since
        if waited < CALM_S:
            return None
        if self._cpu_s() - self._calm.cpu_s > waited * BUSY_SHARE:
            self._calm = None
            return None
        return port

    def _cpu_s(self) -> float:
        stats: Any = self._container.stats(stream=False, one_shot=True)
        return float(stats["cpu_stats"]["cpu_usage"]["total_usage"]) / NANOSECONDS


def _listening(container: "Container") -> int | None:
    """Return the lowest TCP port that the container listens on; None if there is none to be seen."""
    if container.attrs["HostConfig"]["NetworkMode"] == "host":
        return None
    process = Path("/proc", str(container.attrs["State"]["Pid"]))
    try:
        if str(container.id) not in (process / "cgroup").read_text("utf-8"):
            return None
        tables = [(process / "net" / name).read_text("utf-8") for name in ("tcp", "tcp6")]
    except OSError:
        return None
    ports = [port for table in tables for port in listening_ports(table)]
    return min(ports, default=None)


def _wants_processor(container_id: str) -> bool:
    """Whether a thread of the container runs, or waits for a processor or a disk.

    A busy machine may give it neither for long, so that its processor time says little.
    """
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if container_id not in (process / "cgroup").read_text("utf-8"):
                continue
            states = [_state(thread) for thread in (process / "task").glob("*/stat")]
        except OSError:
            # It has ended in the meantime.
            continue
        if WANTING.intersection(states):
            return True
    return False


def _state(stat: Path) -> str:
    """Return the letter of a thread's state; it follows the program's name, which may hold any character."""
    return stat.read_text("utf-8", "replace").rpartition(")")[2].split()[0]


def listening_ports(table: str) -> list[int]:
    """Return the ports of the sockets that listen, from the text of /proc/net/tcp or tcp6."""
    rows = [line.split() for line in table.splitlines()[1:]]
    return [int(row[1].rpartition(":")[2], 16) for row in rows if row[3] == LISTENING]
