"""Reads what programs print as entries: numbers with the names of row, column and what is above.

Tables in columns, with separators or of LaTeX, JSON, lines `name: value`, and lines indented below another.
"""

import re
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Final

from paper2run.claims.entry import Entry
from paper2run.claims.numbers import NUMBER, numbers_in, without_units
from paper2run.claims.printed_json import entries_of_json, value_of_json
from paper2run.claims.printed_line import LETTERS, entries_of_line, settings_of

MARKED: Final = re.compile(r"\t|\s*\|\s*|\s*&\s*|\s*[,;]\s*")
ROW_END: Final = re.compile(r"\s*\\\\\s*(?:\\\w+)*\s*$")
THOUSANDS: Final = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
"""The comma of `20,000`."""
BOX: Final = re.compile(r"^[\s\u2500-\u257f]*[\u2500\u2501\u2550][\s\u2500-\u257f]*$")
BOXES: Final = str.maketrans("│┃║┆┇┊┋", "|||||||")
"""Lines of a table as rich and tabulate draw them, and what parts its cells."""
HEADING: Final = re.compile(r"#|([-=*~])\1+\s*[^\W\d]")
"""How a line begins that stands over others, also with numbers: `== dna.txt (20,000 bytes)`."""
RESULT: Final = re.compile(r"(?:^|\s)[-+−]?\d+\.\d+\s?%?$")
"""At the end of a cell that is no head: `bias 0.052`."""
LOG_PREFIX: Final = re.compile(
    r"^\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S*\s+(?:[|-]\s*)?(?:\[?(?:DEBUG|INFO|WARNING|ERROR)\]?[\s:|-]+)?"
    r"|^\[?(?:DEBUG|INFO|WARNING|ERROR)\b\]?(?:\s*:[\w.]*:|[\s:|-]+)"
)
PREFIX: Final = re.compile(r"[\w.\[\]-]+\s*[|:>]\s+")
"""The same word before every line."""
MIN_LOGGED: Final = 3
"""Lines before their common word tells of a logger."""
MAX_LINES: Final = 5_000
MAX_CHARS: Final = 400
"""A longer line is data."""
MAX_ENTRIES: Final = 3_000
"""The last ones: results come at the end."""


def entries_of(output: str) -> list[Entry]:
    """Return the entries of an output in order."""
    whole = value_of_json(output)
    if whole is not None:
        return list(deque(entries_of_json(whole), MAX_ENTRIES))
    return list(deque(_of_lines(plain_lines(output)), MAX_ENTRIES))


def plain_lines(output: str) -> list[str]:
    """Return the last lines of an output, without those of data and what a logger puts before each."""
    lines = [line for line in output.splitlines() if len(line) <= MAX_CHARS][-MAX_LINES:]
    return without_log_prefix([line.translate(BOXES) for line in lines if not BOX.match(line)])


def without_log_prefix(lines: Sequence[str]) -> list[str]:
    """Return lines without what a logger puts before each: time, level, its name."""
    bare = [LOG_PREFIX.sub("", line) for line in lines]
    named = [PREFIX.match(line) for line in bare if line.strip()]
    words = {found[0] if found else "" for found in named}
    is_same = len(words) == 1 and len(named) >= MIN_LOGGED
    return [line.removeprefix(next(iter(words))) for line in bare] if is_same else bare


def _of_lines(lines: Sequence[str]) -> Iterator[Entry]:
    heads: list[str] = []
    head_line = 0
    above: list[tuple[int, str]] = []
    heading, inside = "", 0
    for index, raw in enumerate(lines, 1):
        line = without_units(ROW_END.sub("", raw)).rstrip("|").rstrip()
        text = line.strip(" |")
        if text.startswith("\\"):
            # A command of LaTeX.
            continue
        indent = len(raw) - len(raw.lstrip())
        if not text:
            heads = []
            continue
        while above and above[-1][0] >= indent:
            above.pop()
        if indent < inside:
            # What stood above the indented lines says nothing of those behind them.
            heading = ""
        inside = indent
        outer = tuple(dict.fromkeys(one for one in (heading, *(said for _, said in above)) if one))
        cells = _cells(text, heads)
        if heads and len(cells) == len(heads) + 1 and _is_row(cells, ["", *heads]):
            # pandas prints no head over the names of rows.
            heads = ["", *heads]
        if heads and _is_row(cells, heads):
            yield from _of_row(cells, heads, line, head_line, outer)
        elif _is_head(cells):
            heads, head_line = cells, index
            continue
        elif HEADING.match(text) or text.endswith(":") or not numbers_in(line):
            heading = text.strip("#=-*: ") or heading
        else:
            yield from entries_of_line(line, outer)
        above.append((indent, text.strip("#=-*: ")))


def _cells(text: str, heads: list[str]) -> list[str]:
    """Return the cells of a line, by separators if it has some, else by wide spaces, else by all spaces."""
    marked = [cell.strip() for cell in MARKED.split(text)]
    if len(marked) == len(heads) > 1:
        return marked
    plain = THOUSANDS.sub("", text)
    if "\t" in plain or "&" in plain or "|" in plain or re.search(r"[,;]\S", plain):
        return [cell.strip() for cell in MARKED.split(plain)]
    cells = re.split(r"\s{2,}", text)
    words = text.split()
    if len(cells) != len(heads) and len(words) in (len(heads), len(heads) + 1):
        # The words of a sentence are as many by chance.
        return words if heads and all(map(_is_number, words[1:])) else cells
    return cells


def _is_number(cell: str) -> bool:
    return bool(NUMBER.fullmatch(cell.strip(" *x×"))) or cell.strip().lower() in (
        "nan",
        "inf",
        "-",
        "–",
        "",
        "...",
    )


def _is_head(cells: list[str]) -> bool:
    """Whether cells are heads: several names, none of them a number."""
    named = [cell for cell in cells if LETTERS.search(cell)]
    return (
        len(cells) > 1
        and len(named) >= len(cells) - 1
        and not any(_is_number(cell) or _is_result(cell) for cell in cells[1:])
        and not any(":" in cell or "=" in cell for cell in cells)
        and all(len(cell) <= 40 for cell in cells)
    )


def _is_result(cell: str) -> bool:
    """Whether a cell ends with a result, or is one with what stands in brackets behind it: `588.9 (64.0)`."""
    return bool(RESULT.search(cell)) or (bool(NUMBER.match(cell)) and not LETTERS.search(cell))


def _is_row(cells: list[str], heads: list[str]) -> bool:
    return len(cells) == len(heads) and any(bool(NUMBER.fullmatch(c)) for c in cells[1:])


def _of_row(
    cells: list[str], heads: list[str], line: str, table: int, outer: tuple[str, ...]
) -> Iterator[Entry]:
    settings = tuple(
        (head, cell) for head, cell in zip(heads, cells, strict=True) if NUMBER.fullmatch(cell)
    )
    outer_settings = settings_of(outer)
    # Further names of the row: `game | algorithm | value`.
    names = tuple(one for one in cells[1:] if LETTERS.search(one) and not numbers_in(one))
    begin = 0
    for place, (head, cell) in enumerate(zip(heads, cells, strict=True)):
        begin = max(line.find(cell, begin), begin)
        found = numbers_in(cell)
        if place == 0 or not found or found[0].start > 1:
            continue
        others = tuple(one for one in settings if one[0] != head)
        number = found[0]._replace(start=begin + found[0].start, end=begin + found[0].end)
        above, sets = (*outer, *names), (*outer_settings, *others)
        yield Entry(cells[0], head, above, sets, number, line, table, heads[0])
