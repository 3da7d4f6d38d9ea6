"""Runs one command in a locked-down container and says how it ended.

It never attaches: a client that stops reading an attached container wedges it, and later the whole
daemon (Docker 20.10). Output is read from the engine's own bounded log instead.
https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerLogs
"""

import math
import shlex
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self, assert_never

from paper2run.model.image import USER, USER_NAME
from paper2run.model.outcome import Log
from paper2run.settings import Settings
from tasks.drivers.engine.changed_files import Wanted, changed_files, left_a_file
from tasks.drivers.engine.container_output import LOG_OPTIONS
from tasks.drivers.engine.container_watch import Ending, Reserve, watch
from tasks.drivers.engine.engine import RUN_LABEL, Engine, engine_faults, remove_container
from tasks.drivers.engine.engine_disk import root_of
from tasks.drivers.engine.gpu_offer import CDI_GPUS, GPU_FLAGS, GpuOffer
from tasks.drivers.engine.written import sees_layers
from tasks.drivers.host.owner import OWNER_LABEL, this_process

HOME: Final = "/tmp"
NAMED: Final = {"HOME": HOME, "USER": USER_NAME, "LOGNAME": USER_NAME}
"""A login sets these on every machine that code was written on."""
OWN_HOST: Final = "localhost"
"""Without a network the engine gives a container's name no address: Java, Spark and MPI look their own host up."""
TMP_SHARE: Final = 0.5
"""Part of the memory limit that files in /tmp may take, and those in /dev/shm; they count as memory."""
RESERVE_SHARE: Final = 0.25
"""Part of PAPER2RUN_MIN_FREE_MB that must be left while a container runs: a build may have used up the rest."""
OWN_LIMIT_MARGIN_S: Final = 60
"""How much later than ours the container's own limit strikes: only if our process is gone."""
BOUNDED: Final = (
    "if command -v timeout >/dev/null 2>&1; then"
    ' exec timeout -k 10 "$0" /bin/sh -c "$1"; else exec /bin/sh -c "$1"; fi'
)
"""The limit that the container carries, for our process may be killed outright: GNU coreutils' or busybox's timeout
where the image has one, which hands on signals and the command's exit code."""


@dataclass(frozen=True)
class Limits:
    """What a container may use."""

    memory_mb: int
    """Swap is not given."""
    cpus: float
    pids: int
    disk_mb: int
    """What it may write to its own layer; checked every few seconds."""
    read_only: bool = False
    """Nothing but /tmp can be written to."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the limits that the settings set."""
        return cls(settings.memory_mb, settings.cpus, settings.pids, settings.disk_mb)

    @property
    def tmp_mb(self) -> int:
        """Size of /tmp, and of shared memory, by which workers of one program pass data."""
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
    listens_on: int | None = None
    """The port of a server that waited for work, and was ended before its time limit for that."""
    out_of_memory: bool = False
    out_of_disk: bool = False
    limit: str = ""
    """Which of our limits ended it: `memory 4096 MB`, `disk 10240 MB`, `disk 1000000 files`; empty if none did."""
    left_nothing: bool = False
    """It ended with status 0, printed nothing, and left no file."""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """Content of the asked files that it has changed, by path."""


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
    gpus: bool = False,
    min_free_mb: int = 0,
    ends_servers: bool = False,
    returns: Wanted | None = None,
) -> RunResult:
    """Run `command` in a new container, remove the container, and return how the command ended.

    `command` is a line for /bin/sh; None runs the image's own command. With `gpus` the container gets
    all NVIDIA GPUs that the engine offers. The container's label names this process, which is
    registered below `home`. `on_line` gets the lines of both streams in this thread; of a flood, only
    the first megabytes. `ends_servers`: see `watch`; `returns`: see `changed_files`. EngineError if the
    engine cannot run containers at all; HostError if its disk falls below RESERVE_SHARE of `min_free_mb`.
    """
    volumes = () if sees_layers(engine) else _volumes(engine, image)
    variables = {**NAMED, **(env or {})}
    offer = engine.gpu_offer if gpus else None
    cpus = min(limits.cpus, engine.capacity.cpus)  # An engine refuses more than its machine has.
    flags = _Flags(limits, cpus, workdir, user, variables, network, volumes, offer)
    reserve = Reserve(root_of(engine), int(min_free_mb * RESERVE_SHARE))
    bound_s = str(own_limit_s(timeout_s))
    argv = [] if command is None else ["/bin/sh", "-c", command]
    bounded = None if command is None else ["/bin/sh", "-c", BOUNDED, bound_s, command]
    name = f"paper2run-{uuid.uuid4().hex}"
    started = time.monotonic()
    try:
        with engine_faults(f"running {image}"):
            container = engine.client.containers.create(
                image, bounded, **flags.options(name, run_id, this_process(home))
            )
            container.start()
            ending = watch(
                engine,
                container,
                reserve,
                memory_mb=limits.memory_mb,
                disk_mb=limits.disk_mb,
                deadline=started + timeout_s,
                on_line=on_line,
                ends_servers=ends_servers,
            )
            files = changed_files(container, returns) if returns is not None else {}
            silent = _is_silent(ending) and not left_a_file(container)
    finally:
        remove_container(engine, name)
    words = shlex.join(["docker", "run", "--rm", *flags.words(), image, *argv])
    return _result(ending, files, time.monotonic() - started, words, left_nothing=silent)


def _is_silent(ending: Ending) -> bool:
    return ending.exit_code == 0 and not f"{ending.stdout}{ending.stderr}".strip()


def _result(
    ending: Ending,
    files: Mapping[str, bytes],
    seconds: float,
    docker_command: str,
    *,
    left_nothing: bool,
) -> RunResult:
    return RunResult(
        exit_code=ending.exit_code,
        log=Log(stdout=ending.stdout, stderr=ending.stderr),
        seconds=seconds,
        docker_command=docker_command,
        alive_at_timeout=ending.alive_at_timeout,
        listens_on=ending.listens_on,
        out_of_memory=ending.out_of_memory,
        out_of_disk=ending.out_of_disk,
        limit=ending.limit,
        left_nothing=left_nothing,
        files=files,
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

    The root file system stays writable to the user, unless the limits forbid it.
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
    gpus: GpuOffer | None = None
    """The way in which the engine hands out the GPUs that the container gets; None for a container without."""

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
            **({"hostname": OWN_HOST} if self.network == "none" else {}),
            "user": self.user,
            "cap_drop": ["ALL"],
            "security_opt": ["no-new-privileges"],
            "pids_limit": self.limits.pids,
            "read_only": self.limits.read_only,
            "mem_limit": memory,
            "memswap_limit": memory,
            "shm_size": f"{self.limits.tmp_mb}m",
            "nano_cpus": int(self.cpus * 1e9),
            "ulimits": [Ulimit(name="core", soft=0, hard=0)],
            "tmpfs": dict.fromkeys((HOME, *self.volumes), self.tmpfs),
            "environment": dict(self.env),
            "working_dir": self.workdir,
            "log_config": LogConfig(type="json-file", config=LOG_OPTIONS),
            **({"device_requests": [_device_request(self.gpus)]} if self.gpus else {}),
        }

    def words(self) -> list[str]:
        memory = f"{self.limits.memory_mb}m"
        return [
            "--init",
            f"--network={self.network}",
            *([f"--hostname={OWN_HOST}"] if self.network == "none" else []),
            f"--user={self.user}",
            "--cap-drop=ALL",
            "--security-opt=no-new-privileges",
            *(["--read-only"] if self.limits.read_only else []),
            f"--pids-limit={self.limits.pids}",
            f"--memory={memory}",
            f"--memory-swap={memory}",
            f"--shm-size={self.limits.tmp_mb}m",
            f"--cpus={self.cpus:g}",
            "--ulimit=core=0:0",
            *(f"--tmpfs={folder}:{self.tmpfs}" for folder in (HOME, *self.volumes)),
            *(f"--env={name}={value}" for name, value in self.env.items()),
            *([f"--workdir={self.workdir}"] if self.workdir else []),
            *([GPU_FLAGS[self.gpus]] if self.gpus else []),
        ]


def _device_request(offer: GpuOffer) -> Any:
    """Return the request for all GPUs, for the SDK."""
    from docker.types import DeviceRequest

    match offer:
        case "runtime":
            return DeviceRequest(count=-1, capabilities=[["gpu"]])
        case "cdi":
            return DeviceRequest(driver="cdi", device_ids=[CDI_GPUS])
        case _:
            assert_never(offer)
