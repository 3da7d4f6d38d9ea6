"""Compares pictures with Pillow, in a child process that can be ended."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from tasks.drivers.host import process

MAX_OUTPUT_BYTES: Final = 1_000_000
MAX_STRIP_BYTES: Final = 300_000
"""Of what shows a pair; plots take about 20,000."""
TIMEOUT_S: Final = 120.0
"""Seconds for all pairs; a pair of plots takes a tenth of one."""


class Pair(NamedTuple):
    """A picture that authors keep, and the one that came out."""

    stored: bytes
    obtained: bytes


class Compared(NamedTuple):
    """What became of a pair."""

    distance: float | None
    """Mean difference of brightness, 0 to 1; None where a picture could not be read."""
    strip: bytes
    """Both and their difference side by side, a PNG; empty without a distance, and for a large one."""
    why_not: str


def compare(pairs: Sequence[Pair]) -> list[Compared]:
    """Return how far the pictures of each pair are apart, and what shows it."""
    if not pairs:
        return []
    names = [f"{number:03}" for number in range(1, len(pairs) + 1)]
    child = Path(__file__).with_name("picture_pairs.py")
    with TemporaryDirectory(prefix="paper2run-pictures-") as folder:
        for name, pair in zip(names, pairs, strict=True):
            (Path(folder) / f"{name}_stored").write_bytes(pair.stored)
            (Path(folder) / f"{name}_obtained").write_bytes(pair.obtained)
        argv = [sys.executable, "-I", str(child), folder]
        finished = process.run(argv, timeout_s=TIMEOUT_S, max_bytes=MAX_OUTPUT_BYTES)
        # What follows the last line end is a line that the child could not finish.
        told = {one["name"]: one for one in map(json.loads, finished.stdout.split("\n")[:-1])}
        ended = "the comparison took too long" if finished.timed_out else "its reader was ended"
        return [
            _compared(told.get(name, {"unreadable": ended}), Path(folder) / f"{name}.png")
            for name in names
        ]


def _compared(told: dict[str, object], shown: Path) -> Compared:
    distance = told.get("distance")
    if not isinstance(distance, float):
        return Compared(None, b"", f"a picture cannot be read: {told.get('unreadable')}")
    strip = shown.read_bytes()
    return Compared(distance, strip if len(strip) <= MAX_STRIP_BYTES else b"", "")
