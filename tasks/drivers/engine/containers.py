"""Runs one command in a locked-down container and says how it ended.

It never attaches: a client that stops reading an attached container wedges it, and later the whole
daemon (Docker 20.10). Output is read from the engine's own bounded log instead.
https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerLogs
"""

import math
import shlex
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from paper2run.errors import EngineError, HostError
from paper2run.model.image import USER
from paper2run.model.outcome import Log
from paper2run.settings import Settings
from tasks.drivers.engine.container_output import LOG_OPTIONS, ContainerOutput
from tasks.drivers.engine.engine import RUN_LABEL, Engine, engine_faults, remove_container
from tasks.drivers.engine.engine_disk import root_of, shortage
from tasks.drivers.engine.written import MAX_ENTRIES, sees_layers, written
from tasks.drivers.host.owner import OWNER_LABEL, this_process

if TYPE_CHECKING:
    from docker.models.containers import Container

HOME: Final = "/tmp"
TMP_SHARE: Final = 0.5
"""Part of the memory limit that files in /tmp may take; they count as memory."""
DISK_POLL_S: Final = 1.0
"""Between two looks at what the container has written; a look walks its layer."""
RESERVE_SHARE: Final = 0.25
"""Part of PAPER2RUN_MIN_FREE_MB that must be left while a container runs: a build may have used up the rest."""
LOOK_SHARE: Final = 5
"""Looks take at most one part in this many of the time; with many files they are slow."""
OWN_LIMIT_MARGIN_S: Final = 60
"""How much later than ours the container's own limit strikes: only if our process is gone."""
BOUNDED: Final = (
    "if command -v timeout >/dev/null 2>&1; then"
    ' exec timeout -k 10 "$0" /bin/sh -c "$1"; else exec /bin/sh -c "$1"; fi'
)
"""The limit that the container carries, for our process may be killed outright: GNU coreutils' or busybox's timeout
where the image has one, which hands on signals and the command's exit code."""
KILL_WAIT_S: Final = 60
"""After the kill of an output flood the engine needs up to 20 s to say that the container has ended."""
FOLLOWER_WAIT_S: Final = 10
POLL_S: Final = 0.1
"""Between two questions whether the container still runs. Not `wait`: its read timeout cannot be told from a
dead engine."""


@dataclass(frozen=True)
class Limits:
    """What a container may use."""

    memory_mb: int
    """Swap is not given."""
    cpus: float
    pids: int
    disk_mb: int
    """What it may write to its own layer; checked every few seconds."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the limits that the settings set."""
        return cls(settings.memory_mb, settings.cpus, settings.pids, settings.disk_mb)

    @property
    def tmp_mb(self) -> int:
        """Size of /tmp."""
        return max(int(self.memory_mb * TMP_SHARE), 1)


@dataclass(frozen=True)
class RunResult:
    """How a command in a container ended."""

    exit_code: int
    """137 where it was killed, by us or by the kernel."""
    log: Log
    seconds: float
    docker_command: str
    """The line that repeats the run by hand, limits and all."""
    alive_at_timeout: bool = False
    """It still ran at its time limit and was killed."""
    out_of_memory: bool = False
    out_of_disk: bool = False
    limit: str = ""
    """Which of our limits ended it: `memory 4096 MB`, `disk 10240 MB`, `disk 1000000 files`; empty if none did."""


def run(
    engine: Engine,
    image: str,
    command: str | None,
    *,
    limits: Limits,
    run_id: str,
    home: Path,
    timeout_s: float,
    on_line: Callable[[str], None] | None = None,
    workdir: str | None = None,
    user: str = USER,
    env: Mapping[str, str] | None = None,
    network: str = "none",
    min_free_mb: int = 0,
) -> RunResult:
    """Run `command` in a new container, remove the container, and return how the command ended.

    `command` is a line for /bin/sh; None runs the image's own command. The container's label names
    this process, which is registered below `home`. `on_line` gets the lines of both streams in this
    thread; of a flood, only the first megabytes. EngineError if the engine cannot run containers at
    all; HostError if its disk falls below RESERVE_SHARE of `min_free_mb`.
    """
    # An engine refuses more processors than its machine has.
    cpus = min(limits.cpus, engine.capacity.cpus)
    volumes = () if sees_layers(engine) else _volumes(engine, image)
    flags = _Flags(limits, cpus, workdir, user, {"HOME": HOME, **(env or {})}, network, volumes)
    reserve = _Reserve(root_of(engine), int(min_free_mb * RESERVE_SHARE))
    argv, bounded = [], None
    if command is not None:
        argv = ["/bin/sh", "-c", command]
        bounded = ["/bin/sh", "-c", BOUNDED, str(own_limit_s(timeout_s)), command]
    name = f"paper2run-{uuid.uuid4().hex}"
    started = time.monotonic()
    try:
        with engine_faults(f"running {image}"):
            container = engine.client.containers.create(
                image, bounded, **flags.options(name, run_id, this_process(home))
            )
            container.start()
            ending = _watch(engine, container, limits, reserve, started + timeout_s, on_line)
    finally:
        remove_container(engine, name)
    return RunResult(
        exit_code=ending.exit_code,
        log=Log(stdout=ending.stdout, stderr=ending.stderr),
        seconds=time.monotonic() - started,
        docker_command=shlex.join(["docker", "run", "--rm", *flags.words(), image, *argv]),
        alive_at_timeout=ending.alive_at_timeout,
        out_of_memory=ending.out_of_memory,
        out_of_disk=ending.out_of_disk,
        limit=ending.limit,
    )


@dataclass(frozen=True)
class _Reserve:
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
                hint="free space on the engine's disk; a command that wrote all of it is one to look at (logs)",
                trouble="disk",
            )


def _volumes(engine: Engine, image: str) -> tuple[str, ...]:
    """Return the folders that the image declares as volumes, except HOME; empty if the image is missing."""
    from docker.errors import ImageNotFound

    with engine_faults(f"looking at {image}"):
        try:
            declared = engine.client.images.get(image).attrs["Config"].get("Volumes") or {}
        except ImageNotFound:
            return ()
    return tuple(sorted(folder for folder in declared if folder.rstrip("/") != HOME))


def own_limit_s(timeout_s: float) -> int:
    """Return the seconds after which the container ends itself."""
    return math.ceil(timeout_s) + OWN_LIMIT_MARGIN_S


@dataclass(frozen=True)
class _Flags:
    """The lock-down flags, for the SDK and as a person types them.

    The root file system stays writable to the user.
    """

    limits: Limits
    cpus: float
    workdir: str | None
    user: str
    env: Mapping[str, str]
    network: str
    volumes: tuple[str, ...] = ()
    """Folders that the image declares as volumes, where what is written to a volume cannot be counted: in memory
    then, like /tmp, and without what the image holds there."""

    @property
    def tmpfs(self) -> str:
        # exec: compiled extensions are built and loaded below HOME.
        return f"rw,exec,nosuid,nodev,size={self.limits.tmp_mb}m,mode=1777"

    def options(self, name: str, run_id: str, owner: str) -> dict[str, Any]:
        from docker.types import LogConfig, Ulimit

        memory = f"{self.limits.memory_mb}m"
        return {
            "name": name,
            "labels": {RUN_LABEL: run_id, OWNER_LABEL: owner},
            "init": True,
            "network_mode": self.network,
            "user": self.user,
            "cap_drop": ["ALL"],
            "security_opt": ["no-new-privileges"],
            "pids_limit": self.limits.pids,
            "mem_limit": memory,
            "memswap_limit": memory,
            "nano_cpus": int(self.cpus * 1e9),
            "ulimits": [Ulimit(name="core", soft=0, hard=0)],
            "tmpfs": dict.fromkeys((HOME, *self.volumes), self.tmpfs),
            "environment": dict(self.env),
            "working_dir": self.workdir,
            "log_config": LogConfig(type="json-file", config=LOG_OPTIONS),
        }

    def words(self) -> list[str]:
        memory = f"{self.limits.memory_mb}m"
        return [
            "--init",
            f"--network={self.network}",
            f"--user={self.user}",
            "--cap-drop=ALL",
            "--security-opt=no-new-privileges",
            f"--pids-limit={self.limits.pids}",
            f"--memory={memory}",
            f"--memory-swap={memory}",
            f"--cpus={self.cpus:g}",
            "--ulimit=core=0:0",
            *(f"--tmpfs={folder}:{self.tmpfs}" for folder in (HOME, *self.volumes)),
            *(f"--env={name}={value}" for name, value in self.env.items()),
            *([f"--workdir={self.workdir}"] if self.workdir else []),
        ]


@dataclass(frozen=True)
class _Ending:
    exit_code: int
    stdout: str = ""
    stderr: str = ""
    alive_at_timeout: bool = False
    out_of_memory: bool = False
    out_of_disk: bool = False
    limit: str = ""


def _watch(
    engine: Engine,
    container: "Container",
    limits: Limits,
    reserve: "_Reserve",
    deadline: float,
    on_line: Callable[[str], None] | None,
) -> _Ending:
    """Wait for the container's end; kill it when its time is over or its disk is full."""
    output = ContainerOutput(engine, str(container.id))
    follower = threading.Thread(target=output.follow, daemon=True)
    follower.start()
    next_look = time.monotonic() + DISK_POLL_S
    alive_at_timeout, limit = False, ""
    while _is_running(container):
        output.hand_on(on_line)
        now = time.monotonic()
        if now >= deadline:
            alive_at_timeout = True
        elif now >= next_look:
            reserve.hold()
            limit = _full(engine, container, limits)
            looked_s = time.monotonic() - now
            next_look = time.monotonic() + max(DISK_POLL_S, LOOK_SHARE * looked_s)
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
    return _Ending(
        exit_code=exit_code,
        stdout=output.stdout.text(),
        stderr=output.stderr.text(),
        alive_at_timeout=alive_at_timeout,
        out_of_memory=out_of_memory,
        out_of_disk=bool(limit),
        limit=f"memory {limits.memory_mb} MB" if out_of_memory else limit,
    )


def _is_running(container: "Container") -> bool:
    container.reload()
    return bool(container.attrs["State"]["Running"])


def _full(engine: Engine, container: "Container", limits: Limits) -> str:
    """Return the disk limit that the container has exceeded; empty for none."""
    found = written(engine, container, limits.disk_mb)
    if found.mb > limits.disk_mb:
        return f"disk {limits.disk_mb} MB"
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
