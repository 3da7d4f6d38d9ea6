"""Protects this machine while an engine on it builds.

BuildKit limits neither processes nor memory nor disk. Docker 20.10 to 28 ignore `memory`,
`cpusetcpus` and `cgroupparent` of a build request (moby's `builder/builder-next/builder.go` passes
on only `shm-size` and, from 23, `ulimit`; RLIMIT_NPROC does not bind root). A cgroup above all
builds helps where dockerd uses the cgroupfs driver (deployments/engine.sh); elsewhere this guard is
the only protection.
"""

import re
from pathlib import Path
from typing import Final, Literal, NamedTuple

from tasks.drivers.engine.engine import Engine
from tasks.drivers.engine.engine_disk import root_of, shortage

PROC: Final = Path("/proc")
MAX_NEW_THREADS: Final = 3500
"""More threads on the machine than when the build began. Below the 4096 processes that deployments/engine.sh gives all
builds together, so that no build fails of what another one does: all are cancelled, and tried again."""
MIN_MEMORY_MB: Final = 512
"""Memory and swap that must stay free on the machine."""
FLOOR_SHARE: Final = 0.25
"""On a small machine, this part of what was free when the build began must stay free."""
STEP: Final = re.compile(r"(?:/buildkit/|:docker:)([a-z0-9]{20,})")
"""Cgroup of a build step: `/docker/buildkit/<id>` with the cgroupfs driver, `/system.slice/system.slice:docker:<id>`
with systemd's (BuildKit's `executor/oci/spec.go`, Docker 20.10 to 28); a container's is `/docker/<id>`."""

Trouble = Literal["disk", "threads", "memory", "own memory"]


class Alarm(NamedTuple):
    """Why a build must end."""

    trouble: Trouble
    words: str


class _Machine(NamedTuple):
    threads: int
    memory_mb: int
    """Available, free swap included."""


class Guard:
    """Compares the machine's state with its state when the build began."""

    def __init__(self, engine: Engine, min_free_mb: int) -> None:
        self._root = root_of(engine)
        self._min_free_mb = min_free_mb
        self._before = _machine() if self._root else None

    def alarm(self) -> Alarm | None:
        """Return why the build must end now; None if nothing is wrong or the engine is not on this machine."""
        if self._root is None:
            return None
        if words := shortage(self._root, self._min_free_mb):
            return Alarm("disk", f"the engine's disk: {words}")
        now = _machine()
        if self._before is None or now is None:
            return None
        new = now.threads - self._before.threads
        if new > MAX_NEW_THREADS:
            return Alarm(
                "threads",
                f"this machine has {new} processes and threads more than before the build",
            )
        if now.memory_mb >= min(MIN_MEMORY_MB, self._before.memory_mb * FLOOR_SHARE):
            return None
        words = f"{now.memory_mb} of {self._before.memory_mb} MB of memory are left on this machine"
        # With other builds running, any of them may have taken it.
        return Alarm("own memory" if len(_steps()) == 1 else "memory", words)


def _steps() -> set[str]:
    """Return the cgroups of all build steps that run on this machine."""
    found: set[str] = set()
    for process in PROC.glob("[0-9]*/cgroup"):
        try:
            found |= set(STEP.findall(process.read_text()))
        except OSError:
            # It has ended meanwhile.
            continue
    return found


def _machine() -> _Machine | None:
    """Return the machine's threads and memory; None if there is no Linux to ask."""
    try:
        # 0.20 0.18 0.12 1/80 11206: the fourth is running/all.
        threads = int((PROC / "loadavg").read_text().split()[3].partition("/")[2])
        rows = (line.split() for line in (PROC / "meminfo").read_text().splitlines())
        kilobytes = {row[0]: int(row[1]) for row in rows}
        return _Machine(threads, (kilobytes["MemAvailable:"] + kilobytes["SwapFree:"]) // 1024)
    except (OSError, LookupError, ValueError):
        return None
