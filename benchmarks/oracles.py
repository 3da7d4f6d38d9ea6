"""Runs an entry's oracle commands in an image, a fresh container each, as root like `docker run`.

Root has the engine's usual capabilities, without the lock-down of smoke runs: an oracle was written
in such a container and may write anywhere in it. It has no network unless its entry asks for one.
"""

import threading
import time
import uuid
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from benchmarks.corpus_entries import LEVELS, Entry, OracleCommand
from benchmarks.corpus_results import LevelResult
from benchmarks.oracle_outcomes import counts_of, outcome_of
from paper2run.model.image import OUTSIDE, SOURCE_FOLDER
from tasks.drivers.engine.container_output import LOG_OPTIONS
from tasks.drivers.engine.engine import RUN_LABEL, Engine, engine_faults, remove_container

if TYPE_CHECKING:
    from docker.models.containers import Container

MEMORY_MB: Final = 8192
"""Swap is not given."""
PIDS: Final = 4096
POLL_S: Final = 0.2
"""Between two questions whether the container still runs."""
TAIL_LINES: Final = 30
TAIL_CHARACTERS: Final = 4000
"""What is kept of both output streams together."""


class Interrupted(Exception):
    """The benchmark is to end now."""


def check(
    engine: Engine, image: str, entry: Entry, run_id: str, interrupted: threading.Event
) -> tuple[LevelResult, ...]:
    """Return how each oracle of the entry ended, lowest level first; `no image` for all without an image.

    HostError if the engine fails, Interrupted when the benchmark is to end; the container is
    removed in either case.
    """
    results = []
    for level in LEVELS:
        if command := entry.oracle.get(level):
            result = LevelResult(level=level, outcome="no image", measured=command.measures)
            if image:
                options = _options(entry, command, run_id)
                result = _run(engine, image, command, options, result, interrupted)
            results.append(result)
    return tuple(results)


def working_folder(cwd: str) -> str:
    """Return the folder in the image that the corpus means by `repo`, `repo/sub` or `outside`."""
    if cwd == "outside":
        return OUTSIDE
    return str(PurePosixPath(SOURCE_FOLDER, *PurePosixPath(cwd).parts[1:]))


def _options(entry: Entry, command: OracleCommand, run_id: str) -> dict[str, Any]:
    from docker.types import LogConfig

    return {
        "entrypoint": ["/bin/sh", "-c"],
        "command": [command.cmd],
        "name": f"paper2run-oracle-{uuid.uuid4().hex}",
        "labels": {RUN_LABEL: run_id},
        "init": True,
        "user": "0:0",
        "working_dir": working_folder(command.cwd),
        # Oracles name the checkout by this variable.
        "environment": {"REPO": SOURCE_FOLDER},
        "network_mode": "bridge" if entry.network else "none",
        "security_opt": ["no-new-privileges"],
        "pids_limit": PIDS,
        "mem_limit": f"{MEMORY_MB}m",
        "memswap_limit": f"{MEMORY_MB}m",
        "log_config": LogConfig(type="json-file", config=LOG_OPTIONS),
    }


def _run(
    engine: Engine,
    image: str,
    command: OracleCommand,
    options: dict[str, Any],
    tried: LevelResult,
    interrupted: threading.Event,
) -> LevelResult:
    started = time.monotonic()
    try:
        with engine_faults(f"running an oracle in {image}"):
            container = engine.client.containers.create(image, **options)
            container.start()
            exit_code = _wait(container, started + command.timeout_s, interrupted)
            # Not attached and not followed: an engine wedges on a client that stops reading.
            output = container.logs(tail=TAIL_LINES).decode(errors="replace")
    finally:
        remove_container(engine, options["name"])
    return tried.changed(
        outcome=outcome_of(command.measures, exit_code, output),
        tests=counts_of(command.measures, output),
        exit_code=exit_code,
        seconds=round(time.monotonic() - started, 1),
        tail=output[-TAIL_CHARACTERS:],
    )


def _wait(container: "Container", deadline: float, interrupted: threading.Event) -> int | None:
    """Return the exit code, or None when the time is over and the command still runs."""
    while time.monotonic() < deadline:
        container.reload()
        if not container.attrs["State"]["Running"]:
            return int(container.attrs["State"]["ExitCode"])
        if interrupted.wait(POLL_S):
            raise Interrupted
    return None
