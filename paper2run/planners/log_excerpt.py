"""Cuts a failure's log down to the lines around its errors, for a reader with little room."""

import re
from typing import Final

from paper2run.failures.failure_log import TELLING, TRACEBACK, failure_lines
from paper2run.model.outcome import BuildFailed, SmokeFailed

BEFORE: Final = 12
"""Lines kept before an error: a compiler's command line, the frames of a traceback."""
AFTER: Final = 4
LAST_LINES: Final = 10
"""Lines at the end that are always kept."""
MAX_LINE_CHARS: Final = 400
NOISE: Final = re.compile(
    r"^\s*(?:Requirement already satisfied|Collecting |Downloading |Using cached |Get:\d|Selecting previously"
    r"|Preparing to unpack|Unpacking |Setting up |Processing triggers|Reading database|[\s━╸=#.>-]*\d+%|$)"
)
"""Progress of pip and apt."""


def excerpt(failure: BuildFailed | SmokeFailed, room_chars: int) -> str:
    """Return the log's end and the lines around its first and last errors, within `room_chars`.

    Gaps are marked. If not all errors fit, the first one wins, then those nearest to the end.
    """
    lines = _folded(
        [line[:MAX_LINE_CHARS].rstrip() for line in failure_lines(failure) if not NOISE.match(line)]
    )
    if not lines:
        return ""
    last = len(lines) - 1
    keep: set[int] = set()
    room = room_chars
    for start, end in _windows(lines):
        wanted = [
            number for number in range(max(start, 0), min(end, last) + 1) if number not in keep
        ]
        # From the error backwards, since the error is worth more than its context.
        for number in reversed(wanted):
            cost = len(lines[number]) + 1
            if cost > room:
                break
            keep.add(number)
            room -= cost
    return _joined(lines, sorted(keep))


def _windows(lines: list[str]) -> list[tuple[int, int]]:
    """Return the ranges worth keeping, most telling first: the end, the first error, errors from the end."""
    errors = [
        number for number, line in enumerate(lines) if TELLING.match(line) or TRACEBACK in line
    ]
    order = [*errors[:1], *reversed(errors[1:])]
    end = (len(lines) - LAST_LINES, len(lines) - 1)
    return [end, *((_start(lines, number), number + AFTER) for number in order)]


def _start(lines: list[str], error: int) -> int:
    """Return where an error's context begins: its traceback's first line if near, else a few lines up."""
    for number in range(error, max(error - 4 * BEFORE, -1), -1):
        if TRACEBACK in lines[number]:
            return number
    return error - BEFORE


def _folded(lines: list[str]) -> list[str]:
    """Return the lines with runs of the same line shown once, with their number."""
    folded: list[str] = []
    run = 0
    for number, line in enumerate(lines):
        run += 1
        if number + 1 == len(lines) or lines[number + 1] != line:
            folded.append(line if run == 1 else f"{line} [{run} times]")
            run = 0
    return folded


def _joined(lines: list[str], numbers: list[int]) -> str:
    shown: list[str] = []
    previous = -1
    for number in numbers:
        if number > previous + 1:
            shown.append(f"[... {number - previous - 1} lines ...]")
        shown.append(lines[number])
        previous = number
    return "\n".join(shown)
