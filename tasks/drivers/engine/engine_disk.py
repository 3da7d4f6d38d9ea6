"""Checks the space and inodes of the disk that holds an engine's images, if it is on this machine.

Both checks work without reading the engine's folders, so this limit applies to every user.
"""

import os
from pathlib import Path
from typing import Final

from tasks.drivers.engine.engine import Engine

BYTES_PER_MB: Final = 1024**2
MIN_FREE_ENTRIES: Final = 100_000
"""Files that the disk must have room for: an image of Python with packages has 20,000 to 60,000."""


def root_of(engine: Engine) -> Path | None:
    """Return the engine's folder on this machine; None if the engine runs elsewhere or in a VM."""
    root = engine.root()
    return root if root and os.access(root, os.F_OK) else None


def shortage(root: Path, min_free_mb: int) -> str:
    """Return what the disk below `root` lacks, in words; empty if it has enough."""
    try:
        found = os.statvfs(root)
    except OSError:
        # The engine and its folder are gone; the engine's own error says so.
        return ""
    free_mb = found.f_bavail * found.f_frsize // BYTES_PER_MB
    if free_mb < min_free_mb:
        return f"{free_mb} MB are free, fewer than {min_free_mb} MB (PAPER2RUN_MIN_FREE_MB)"
    # File systems that create inodes on demand (btrfs) report that they have none.
    if min_free_mb and found.f_files > 0 and found.f_favail < MIN_FREE_ENTRIES:
        return f"there is room for {found.f_favail} files, fewer than {MIN_FREE_ENTRIES}"
    return ""
