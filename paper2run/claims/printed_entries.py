"""Reads what programs print as entries: numbers with the names of row, column and what is above.

Tables in columns, with separators or of LaTeX, JSON, lines `name: value`, and lines indented below another.
"""

import json
import re
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from paper2run.claims.numbers import NUMBER, Number, numbers_in, without_units

MARKED: Final = re.compile(r"\t|\s*\|\s*|\s*&\s*|\s*[,;]\s*")
ROW_END: Final = re.compile(r"\s*\\\\\s*(?:\\\w+)*\s*$")
SETTING: Final = re.compile(
    r"([A-Za-zα-ωΑ-Ω$\\][\w$\\*]{0,20})\s*(?:=|≈)\s*([-+−]?\d+(?:\.\d+)?)(?![\w.]*\d)"
)
RESULT: Final = re.compile(r"(?:^|\s)[-+−]?\d+\.\d+\s?%?$")
"""At the end of a cell that is no head: `bias 0.052`."""
MAX_LINES: Final = 5_000
MAX_CHARS: Final = 400
"""A longer line is data."""
MAX_DEPTH: Final = 6
MAX_ENTRIES: Final = 3_000
"""The last ones: results come at the end."""


class Entry(NamedTuple):
    """A number of an output and what it is called."""

    row: str
    column: str
    above: tuple[str, ...]
    """The nearest headings and lines that this one is indented below; outermost first."""
    settings: tuple[tuple[str, str], ...]
    """Numbers that say which case it is: `c = 2` in the line or above it, and the other columns of a row."""
    number: Number
    line: str
    table: int
    """The line of the heads; entries with the same one belong to one table. 0 outside of tables."""
    key: str = ""
    """Of a table: the head of its rows' names."""
    place: int = 0
    """Among the entries of the output."""


def entries_of(output: str) -> list[Entry]:
    """Return the entries of an output in order."""
    whole = _json(output)
    if whole is not None:
        return list(deque(_of_json(whole), MAX_ENTRIES))
    lines = [line for line in output.splitlines() if len(line) <= MAX_CHARS][-MAX_LINES:]
    return list(deque(_of_lines(lines), MAX_ENTRIES))


def settings_in(text: str) -> list[tuple[str, str]]:
    """Return what a text sets: `Mc = 2.0` as (`Mc`, `2.0`)."""
    return [(name.strip("$"), value) for name, value in SETTING.findall(text.replace("$", ""))]


def _json(output: str) -> object:
    text = output.strip()
    if not text.startswith(("{", "[")):
        return None
    try:
        told: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return told


def _of_json(value: object, path: tuple[str, ...] = ()) -> Iterator[Entry]:
    """Yield the numbers of JSON: the last key is the column, the one before it the row."""
    if len(path) > MAX_DEPTH:
        return
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _of_json(inner, (*path, str(key)))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            name = inner.get("name") if isinstance(inner, dict) else None
            yield from _of_json(inner, (*path, name if isinstance(name, str) else str(place)))
    elif isinstance(value, int | float) and not isinstance(value, bool) and path:
        printed = json.dumps(value)
        found = numbers_in(printed)
        if found:
            row, column = (path[-2], path[-1]) if len(path) > 1 else (path[-1], "")
            line = f"{'.'.join(path)}: {printed}"
            yield Entry(row, column, path[:-2], (), found[0], line, 1 if len(path) > 1 else 0)


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
        if heads and _is_row(cells, heads):
            yield from _of_row(cells, heads, line, head_line, outer)
        elif _is_head(cells):
            heads, head_line = cells, index
            continue
        elif text.startswith("#") or text.endswith(":") or not numbers_in(line):
            heading = text.strip("#=-*: ") or heading
        else:
            yield from _of_line(line, outer)
        above.append((indent, text.rstrip(":")))


def _cells(text: str, heads: list[str]) -> list[str]:
    """Return the cells of a line, by separators if it has some, else by wide spaces, else by all spaces."""
    if (
        (len(MARKED.findall(text)) >= 1 and "\t" in text)
        or "&" in text
        or "|" in text
        or re.search(r",\S", text)
    ):
        return [cell.strip() for cell in MARKED.split(text)]
    cells = re.split(r"\s{2,}", text)
    words = text.split()
    if heads and len(cells) != len(heads) and len(words) == len(heads):
        return words
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
    named = [cell for cell in cells if re.search(r"[A-Za-zα-ω]", cell)]
    return (
        len(cells) > 1
        and len(named) >= len(cells) - 1
        and not any(_is_number(cell) or RESULT.search(cell) for cell in cells[1:])
        and not any(":" in cell or "=" in cell for cell in cells)
        and all(len(cell) <= 40 for cell in cells)
    )


def _is_row(cells: list[str], heads: list[str]) -> bool:
    return len(cells) == len(heads) and any(bool(NUMBER.fullmatch(c)) for c in cells[1:])


def _of_row(
    cells: list[str], heads: list[str], line: str, table: int, outer: tuple[str, ...]
) -> Iterator[Entry]:
    settings = tuple(
        (head, cell) for head, cell in zip(heads, cells, strict=True) if NUMBER.fullmatch(cell)
    )
    outer_settings = tuple(one for text in outer for one in settings_in(text))
    for place, (head, cell) in enumerate(zip(heads, cells, strict=True)):
        found = numbers_in(cell)
        if place == 0 or not found or found[0].start > 1:
            continue
        others = tuple(one for one in settings if one[0] != head)
        yield Entry(
            cells[0], head, outer, (*outer_settings, *others), found[0], line, table, heads[0]
        )


def _of_line(line: str, outer: tuple[str, ...]) -> Iterator[Entry]:
    """Yield the numbers of a line with the words before each: `e=0.9: mean iterations 5.33, max 9`."""
    settings = [one for text in outer for one in settings_in(text)]
    text = line.strip()
    first, colon, rest = text.partition(":")
    begin, subject = 0, ""
    if colon and settings_in(first) and numbers_in(rest):
        settings += settings_in(first)
        begin = len(line) - len(line.lstrip()) + len(first) + 1
        subject = first
    elif colon and rest.strip() and not numbers_in(first) and len(numbers_in(rest)) > 1:
        subject = first
    before = begin
    for number in numbers_in(line):
        if number.start < begin:
            continue
        name = line[before : number.start].strip(" \t:=,;|~≈+±")
        before = number.end
        if not name or name.endswith(("(", "±")):
            continue
        if subject and name.startswith(subject):
            name = name.removeprefix(subject).strip(" :")
        row = subject if name else ""
        yield Entry(row or name, name if row else "", outer, tuple(settings), number, line, 0)
