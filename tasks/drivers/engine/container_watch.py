"""Watches one container until it ends: its output, its time, what it writes, the disk that it shares.

A container that exceeds a limit is killed; the engine's own word tells why one ended.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from paper2run.errors import EngineError, HostError
from tasks.drivers.engine.calm_server import CalmServer
from tasks.drivers.engine.container_output import ContainerOutput
from tasks.drivers.engine.engine import Engine
from tasks.drivers.engine.engine_disk import shortage
from tasks.drivers.engine.written import MAX_ENTRIES, written

if TYPE_CHECKING:
    from docker.models.containers import Container

DISK_POLL_S: Final = 1.0
"""Between two looks at what the container has written; a look walks its layer."""
LOOK_SHARE: Final = 5
"""Looks take at most one part in this many of the time; with many files they are slow."""
KILL_WAIT_S: Final = 60
"""After the kill of an output flood the engine needs up to 20 s to say that the container has ended."""
FOLLOWER_WAIT_S: Final = 10
POLL_S: Final = 0.1
"""Between two questions whether the container still runs. Not `wait`: its read timeout cannot be told from a
dead engine."""


@dataclass(frozen=True)
class Reserve:
    """The free space that the engine's disk must keep, if that disk is on this machine.

    A container cannot evade this limit.
    """

    root: Path | None
    min_free_mb: int

    def hold(self) -> None:
        """HostError if the disk has less."""
        words = shortage(self.root, self.min_free_mb) if self.root else ""
        if words:
            raise HostError(
                f"the engine's disk, while a container ran: {words}; the container was ended",
                hint="free space on the engine's disk; if this command filled the disk, read its log",
                trouble="disk",
            )


@dataclass(frozen=True)
class Ending:
    """What a container left behind when it ended, or was ended."""

    exit_code: int
    stdout: str = ""
    stderr: str = ""
    alive_at_timeout: bool = False
    listens_on: int | None = None
    """The port of a server that waited for work and was ended before its time."""
    out_of_memory: bool = False
    out_of_disk: bool = False
    limit: str = ""


def watch(
    engine: Engine,
    container: "Container",
    reserve: Reserve,
    *,
    memory_mb: int,
    disk_mb: int,
    deadline: float,
    on_line: Callable[[str], None] | None,
    ends_servers: bool = False,
) -> Ending:
    """Return how the container ended; it is killed when its time is over or its disk is full.

    With `ends_servers` also when it is a server that has started and waits: that counts as alive at its timeout.
    """
    output = ContainerOutput(engine, str(container.id))
    follower = threading.Thread(target=output.follow, daemon=True)
    follower.start()
    next_look = time.monotonic() + DISK_POLL_S
    server = CalmServer(container) if ends_servers else None
    alive_at_timeout, limit, port = False, "", None
    while _is_running(container):
        output.hand_on(on_line)
        now = time.monotonic()
        if now >= deadline:
            alive_at_timeout = True
        elif now >= next_look:
            reserve.hold()
            limit = _full(engine, container, disk_mb)
            looked_s = time.monotonic() - now
            next_look = time.monotonic() + max(DISK_POLL_S, LOOK_SHARE * looked_s)
            port = server.port(output.size_bytes) if server and not limit else None
            alive_at_timeout = port is not None
        if alive_at_timeout or limit:
            _kill(container)
            break
        time.sleep(min(POLL_S, max(deadline - now, 0)))
    follower.join(FOLLOWER_WAIT_S)
    output.complete()
    output.hand_on(on_line)
    state = container.attrs["State"]
    exit_code = int(state["ExitCode"])
    # On cgroup v1 also set where only a child was killed; a run that still ended well was not out of memory.
    out_of_memory = (
        bool(state.get("OOMKilled")) and exit_code != 0 and not (alive_at_timeout or limit)
    )
    return Ending(
        exit_code=exit_code,
        stdout=output.stdout.text(),
        stderr=output.stderr.text(),
        alive_at_timeout=alive_at_timeout,
        listens_on=port,
        out_of_memory=out_of_memory,
        out_of_disk=bool(limit),
        limit=f"memory {memory_mb} MB" if out_of_memory else limit,
    )


def _is_running(container: "Container") -> bool:
    container.reload()
    return bool(container.attrs["State"]["Running"])


def _full(engine: Engine, container: "Container", disk_mb: int) -> str:
    """Return the disk limit that the container has exceeded; empty for none."""
    found = written(engine, container, disk_mb)
    if found.mb > disk_mb:
        return f"disk {disk_mb} MB"
    return f"disk {MAX_ENTRIES} files" if found.entries > MAX_ENTRIES else ""


def _kill(container: "Container") -> None:
    """Kill the container and wait until the engine says that it has ended; EngineError if it never does."""
    from docker.errors import APIError

    try:
        container.kill()
    except APIError as error:
        # 409: it ended by itself in the meantime.
        if error.status_code != 409:
            raise
    give_up = time.monotonic() + KILL_WAIT_S
    while _is_running(container):
        if time.monotonic() > give_up:
            raise EngineError(
                f"the engine could not end the container {container.id}",
                hint="restart the engine, then run again",
            )
        time.sleep(POLL_S)
