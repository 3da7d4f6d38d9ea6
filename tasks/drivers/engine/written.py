"""Measures how much a running container has written to its own layer and to its volumes.

It counts blocks, not sizes, and entries. Where this process can read the engine's folders, it walks
them. Elsewhere bounded tmpfs replaces the image's volumes (containers.py), and the engine's own
figure is the first measure. That figure counts a sparse file (`truncate`, LMDB, `np.memmap`) in
full, so before it ends a container, the container is asked how many blocks its new files have. A
program in a container may lie; the reserve of the engine's disk (engine_disk.py) holds even then.
"""

import os
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from tasks.drivers.engine.engine import Engine
from tasks.drivers.engine.engine_disk import root_of

if TYPE_CHECKING:
    from docker.models.containers import Container

BLOCK_BYTES: Final = 512
"""Of st_blocks and of find's %b (POSIX)."""
BYTES_PER_MB: Final = 1024**2
BLOCKS_PER_MB: Final = BYTES_PER_MB // BLOCK_BYTES
MAX_ENTRIES: Final = 1_000_000
"""Files, folders and links: each takes an inode of the engine's disk, with content or without. The largest data sets
that are unpacked in a run (ImageNet's 1.3 million pictures) do not fit; nothing smaller was seen to come near it."""
ASK: Final = (
    "find / -maxdepth 0 -printf '' && [ $(find / -xdev -type f -newerct @{since} -printf '%b\\n' 2>/dev/null"
    " | awk '{{ blocks += $1 }} END {{ printf \"%d\", blocks }}') -le {limit} ]"
)
"""In the image's own shell: whether the files that were changed since the container's start have at most so many
blocks. The answer is the exit code: nothing is attached, and nothing that a stranger's program writes is read."""
ANSWER_S: Final = 10
"""Time for the container to answer; after it the engine's figure counts."""
ENDING_S: Final = 2
"""Time for a container that gave no answer to end."""
LESS: Final = 0
MORE: Final = 1
"""Exit codes of `[` (POSIX): what was asked holds, or does not; all others are errors and signals."""
POLL_S: Final = 0.1


class Written(NamedTuple):
    """What a container has written."""

    mb: int
    entries: int
    """0 where the engine's folders cannot be read."""


def sees_layers(engine: Engine) -> bool:
    """Whether this process can read what containers of the engine write, their volumes included."""
    root = root_of(engine)
    return root is not None and os.access(root, os.R_OK | os.X_OK)


def written(engine: Engine, container: "Container", limit_mb: int) -> Written:
    """Return what the container has written so far; walking ends beyond `limit_mb` or `MAX_ENTRIES`."""
    folders = _folders(container)
    if folders and all(os.access(folder, os.R_OK | os.X_OK) for folder in folders):
        try:
            return _walked(folders, limit_mb)
        except PermissionError:
            # A rootless engine's folders are the user's, those of its containers' users are not.
            return Written(_size_mb(engine, container), 0)
    said_mb = _size_mb(engine, container)
    if said_mb > limit_mb and _claims_less(engine, container, limit_mb):
        said_mb = limit_mb
    return Written(said_mb, 0)


def _folders(container: "Container") -> list[Path]:
    """Return where the container's layer and its volumes lie on the engine's machine."""
    attributes = container.attrs
    upper = ((attributes.get("GraphDriver") or {}).get("Data") or {}).get("UpperDir")
    volumes = [
        mount["Source"] for mount in attributes.get("Mounts") or () if mount["Type"] == "volume"
    ]
    return [Path(upper), *map(Path, volumes)] if upper else []


def _walked(folders: list[Path], limit_mb: int) -> Written:
    # A stack, for a hostile tree may be nested deeper than Python recurses.
    pending = [(folder, folder.stat().st_dev) for folder in folders if folder.exists()]
    blocks = entries = 0
    limit_blocks = limit_mb * BLOCKS_PER_MB
    while pending and entries <= MAX_ENTRIES and blocks <= limit_blocks:
        path, device = pending.pop()
        try:
            # The container may replace a folder by a link meanwhile, which must not lead out of its layer.
            handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except PermissionError:
            raise
        except OSError:
            # Gone meanwhile, or its path is too long for the kernel: what was counted stays.
            continue
        try:
            if os.fstat(handle).st_dev != device:
                continue
            with os.scandir(handle) as found:
                for entry in found:
                    entries += 1
                    if entry.is_dir(follow_symlinks=False):
                        pending.append((path / entry.name, device))
                    else:
                        blocks += _blocks(entry)
        finally:
            os.close(handle)
    # Rounded up: a limit that is passed by a block is passed.
    return Written(-(-blocks // BLOCKS_PER_MB), entries)


def _blocks(entry: "os.DirEntry[str]") -> int:
    try:
        return entry.stat(follow_symlinks=False).st_blocks
    except FileNotFoundError:
        return 0


def _size_mb(engine: Engine, container: "Container") -> int:
    rows = engine.client.api.containers(all=True, size=True, filters={"id": container.id})
    return int(rows[0].get("SizeRw") or 0) // BYTES_PER_MB if rows else 0


def _claims_less(engine: Engine, container: "Container", limit_mb: int) -> bool:
    """Whether the container counts at most `limit_mb` of blocks, or ended before it could answer.

    False if it does not answer: then the engine's figure counts.
    """
    exit_code = _answer(engine, container, limit_mb)
    if exit_code in {LESS, MORE}:
        return exit_code == LESS
    # An ending container kills our question a moment before the engine reports the end.
    give_up = time.monotonic() + ENDING_S
    while not (ended := _has_ended(engine, container)) and time.monotonic() < give_up:
        time.sleep(POLL_S)
    return ended


def _answer(engine: Engine, container: "Container", limit_mb: int) -> int | None:
    """Return the exit code of `ASK` in the container; None if no answer came in time."""
    from docker.errors import APIError

    started = datetime.fromisoformat(container.attrs["State"]["StartedAt"][:19] + "+00:00")
    command = ASK.format(since=int(started.timestamp()), limit=limit_mb * BLOCKS_PER_MB)
    client = engine.client.api
    try:
        asked = client.exec_create(
            container.id, ["/bin/sh", "-c", command], stdout=False, stderr=False
        )["Id"]
        client.exec_start(asked, detach=True)
        give_up = time.monotonic() + ANSWER_S
        while (state := client.exec_inspect(asked))["Running"]:
            if time.monotonic() > give_up:
                return None
            time.sleep(POLL_S)
    except APIError:
        # It has ended meanwhile.
        return None
    return state["ExitCode"]  # type: ignore[no-any-return]


def _has_ended(engine: Engine, container: "Container") -> bool:
    rows = engine.client.api.containers(all=True, filters={"id": container.id})
    return not rows or rows[0]["State"] in {"exited", "dead", "removing"}
