"""How much a running container has written: blocks, not sizes, and entries, in its own layer and in its volumes.

Where this process can read the engine's folders, they are walked. Elsewhere the engine's own figure is the first look,
which counts a sparse file (`truncate`, LMDB, `np.memmap`) in full and leaves volumes out; before it ends a container,
the container itself is asked how many blocks its new files have.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from tasks.drivers.engine import Engine

if TYPE_CHECKING:
    from docker.models.containers import Container

BLOCK_BYTES: Final = 512
"""Of st_blocks and of find's %b (POSIX)."""
BYTES_PER_MB: Final = 1024**2
MAX_ENTRIES: Final = 1_000_000
"""Files, folders and links: each takes an inode of the engine's disk, with content or without. The largest data sets
that are unpacked in a run (ImageNet's 1.3 million pictures) do not fit; nothing smaller was seen to come near it."""
NEW_BLOCKS: Final = (
    "find / -xdev -type f -newerct @{since} -printf '%b\\n' 2>/dev/null | head -c 16000000"
)
"""In the image's own shell: blocks of each file that was changed since the container's start."""


class Written(NamedTuple):
    """What a container has written."""

    mb: int
    entries: int
    """0 where the engine's folders cannot be read."""


def written(engine: Engine, container: "Container", limit_mb: int) -> Written:
    """Return what the container has written so far; walking ends beyond `limit_mb` or `MAX_ENTRIES`."""
    folders = _folders(container)
    if folders and all(os.access(folder, os.R_OK | os.X_OK) for folder in folders):
        return _walked(folders, limit_mb)
    said = _size_mb(engine, container)
    return Written(_blocks_mb(container, said) if said > limit_mb else said, 0)


def _folders(container: "Container") -> list[Path]:
    """Return where the container's layer and its volumes lie on the engine's machine."""
    attributes = container.attrs
    upper = ((attributes.get("GraphDriver") or {}).get("Data") or {}).get("UpperDir")
    volumes = [
        mount["Source"] for mount in attributes.get("Mounts") or () if mount["Type"] == "volume"
    ]
    return [Path(upper), *map(Path, volumes)] if upper else []


def _walked(folders: list[Path], limit_mb: int) -> Written:
    # A stack of open names, for a hostile tree may be nested deeper than Python recurses.
    pending = [os.fspath(folder) for folder in folders]
    blocks = entries = 0
    limit_blocks = limit_mb * BYTES_PER_MB // BLOCK_BYTES
    while pending and entries <= MAX_ENTRIES and blocks <= limit_blocks:
        try:
            with os.scandir(pending.pop()) as found:
                for entry in found:
                    entries += 1
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
                    else:
                        blocks += entry.stat(follow_symlinks=False).st_blocks
        except OSError:
            # Gone meanwhile, or its path is too long for the kernel: what was counted stays.
            continue
    # Rounded up: a limit that is passed by a block is passed.
    return Written(-(-blocks * BLOCK_BYTES // BYTES_PER_MB), entries)


def _size_mb(engine: Engine, container: "Container") -> int:
    rows = engine.client.api.containers(all=True, size=True, filters={"id": container.id})
    return int(rows[0].get("SizeRw") or 0) // BYTES_PER_MB if rows else 0


def _blocks_mb(container: "Container", said_mb: int) -> int:
    """Return the new files' blocks as the container counts them; what the engine said where it cannot."""
    from docker.errors import APIError

    since = container.attrs["State"]["StartedAt"][:19] + "Z"
    command = NEW_BLOCKS.format(since=f"$(date -d {since} +%s)")
    try:
        exit_code, output = container.exec_run(["/bin/sh", "-c", command])
    except APIError:
        # It has ended meanwhile.
        return said_mb
    numbers = bytes(output).split() if isinstance(output, bytes) else []
    if exit_code != 0 or not numbers or not all(number.isdigit() for number in numbers):
        return said_mb
    return sum(map(int, numbers)) * BLOCK_BYTES // BYTES_PER_MB
