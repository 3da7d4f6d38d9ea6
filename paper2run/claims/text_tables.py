"""Finds tables that are set with spaces, in plain text and in reStructuredText."""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from paper2run.claims.numbers import NUMBER

BORDER: Final = re.compile(r"^\s*[-=+|:_]*[-=_]{3}[-=+|:_ ]*$")
SEGMENT: Final = re.compile(r"={2,}|-{2,}")
MARKS: Final = ({"=", " "}, {"-", " "})
PARTED: Final = re.compile(r"\s*\|\s*|\s{2,}|\t+")
MIN_ROWS: Final = 2
"""Of numbers, below the heads."""
MAX_NAME_CHARS: Final = 40
MAX_LINES: Final = 200
"""Of one table."""

Rows = list[tuple[int, list[str]]]
"""Line and cells of each row, the heads first; all with as many cells."""


def table_at(lines: Sequence[tuple[int, str]], start: int) -> tuple[Rows, int]:
    """Return the rows of the table that begins with a line, and how many lines it takes.

    None and 0 without one. `lines` are numbers and texts. A table ends at a missing number, or where a line has other
    cells than its heads.
    """
    rows: Rows = []
    borders: list[tuple[int, int]] = []
    taken = 0
    window = lines[start : start + MAX_LINES]
    for number, line in window:
        if number != window[0][0] + taken or (taken > 1 and not rows):
            break
        if BORDER.match(line):
            # reStructuredText marks columns by `====  ====`, pandoc by `----  ----`.
            if not borders and set(line.strip()) in MARKS:
                borders = [found.span() for found in SEGMENT.finditer(line)]
                rows = [(place, _cells(dict(window)[place], borders)) for place, _ in rows]
        else:
            cells = _cells(line, borders)
            if rows and not _fits(cells, rows[0][1]):
                break
            if not (_has_number(cells) if rows else _is_head(cells)):
                break
            rows.append((number, cells))
        taken += 1
    if rows and len(rows) > 1 and len(rows[1][1]) == len(rows[0][1]) + 1:
        rows[0] = (rows[0][0], ["", *rows[0][1]])
    return (rows, taken) if _is_table(rows) else ([], 0)


def _cells(line: str, borders: Sequence[tuple[int, int]]) -> list[str]:
    if len(borders) > 1:
        starts = [first for first, _ in borders]
        found = [line[one:other] for one, other in pairwise([*starts, len(line)])]
    else:
        found = PARTED.split(line.strip().strip("|").strip())
    return [cell.strip(" *`") for cell in found]


def _is_head(cells: Sequence[str]) -> bool:
    """Whether cells are heads: names, none of them a sentence or, beside the first, a number with a point."""
    return len(cells) > 1 and all(
        len(cell) <= MAX_NAME_CHARS and not ("." in cell and NUMBER.fullmatch(cell))
        for cell in cells
    )


def _fits(cells: Sequence[str], heads: Sequence[str]) -> bool:
    return len(cells) == len(heads) or (len(cells) == len(heads) + 1 and heads[0] != "")


def _is_table(rows: Rows) -> bool:
    """Whether rows of one width follow heads."""
    return len(rows) > MIN_ROWS and len({len(cells) for _, cells in rows}) == 1


def _has_number(cells: Sequence[str]) -> bool:
    return any(NUMBER.match(cell) for cell in cells[1:])
