"""Looks at the disks of this machine that hold our own files: run folders, mirrors, records."""

import shutil
from pathlib import Path
from typing import Final

BYTES_PER_MB: Final = 1_000_000
MIN_FREE_MB: Final = 100
"""Mirror, checkout and logs of an ordinary repository."""


def low_disk(folder: Path) -> str:
    """Return how little is free below a folder, which need not be there yet; empty if it is enough."""
    place = folder.expanduser().absolute()
    there = next(each for each in (place, *place.parents) if each.exists())
    free_mb = shutil.disk_usage(there).free / BYTES_PER_MB
    if free_mb >= MIN_FREE_MB:
        return ""
    return f"the disk is almost full: {free_mb:.0f} MB are free below {folder}, fewer than {MIN_FREE_MB} MB"
