"""Turns tables of Markdown and of a PDF into claims: the numbers of cells, with their table."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from paper2run.claims.labels import tokens
from paper2run.claims.names import name_of
from paper2run.claims.numbers import Number, numbers_in, without_units
from paper2run.claims.ties import Text, at_line
from paper2run.model.claims import Claim, Placed

MAX_CELL_CHARS: Final = 40
MAX_NAMES: Final = 60
"""Rows of one table whose names are kept."""
BLANKS: Final = re.compile(r"(?:\.{2,}|…|–|—)\s*[,;/]\s*|\s*[,;/]\s*(?:\.{2,}|…)")
"""What stands for another number of the same cell."""
BAR: Final = re.compile(r"(?<!\\)\|")
LETTERS: Final = re.compile(r"[A-Za-zα-ω]")
BOUND: Final = re.compile(r"\s*\$?(?:[<>≤≥]|\\(?:le|ge|lt|gt)\b)")
"""What only says where a number lies: `< .001`."""
DIGITS: Final = re.compile(r"^\$?\s*([\d.,]+)\s*\$?$")


def rows_of(lines: Sequence[tuple[int, str]], start: int) -> list[tuple[int, list[str]]]:
    """Return the rows of a Markdown table, its heads first, without the line of dashes."""
    rows = []
    for offset, (number, line) in enumerate(lines[start:]):
        in_place = number == lines[start][0] + offset
        if "|" not in line or not in_place:
            break
        if offset != 1:
            inside = line.strip().removeprefix("|")
            inside = (
                inside[:-1] if inside.endswith("|") and line.strip().startswith("|") else inside
            )
            cells = BAR.split(inside)
            rows.append((number, [cell.replace("\\|", "|").strip(" *`") for cell in cells]))
    return rows


def cells_of(
    text: Text, rows: Sequence[tuple[int, list[str]]], command: str, caption: str
) -> Iterator[Claim]:
    """Yield the numbers of a table by row and column."""
    has_names = not _is_without_names(rows)
    rows = _with_one_name(rows) if has_names else rows
    heads = rows[0][1]
    names = tuple(cells[0] for _, cells in rows[1:])[:MAX_NAMES]
    for number, cells in rows[1:]:
        placed = Placed(
            heads=tuple(heads),
            rows=names,
            cells=tuple(cells),
            caption=caption,
            has_names=has_names,
        )
        first = 1 if has_names else 0
        position = 0
        for column, cell in zip(heads[first:], cells[first:], strict=False):
            one = _number(cell)
            if one is None:
                continue
            row = cells[0] if has_names else ""
            yield Claim(
                form="table",
                label=f"{row or caption} | {column}",
                position=position,
                row=row,
                column=column,
                printed=one.printed,
                unit=one.unit or ("%" if "%" in column or name_of(row).unit == "%" else ""),
                command=command,
                source=at_line(text, number),
                placed=placed,
            )
            position += 1


def _with_one_name(rows: Sequence[tuple[int, list[str]]]) -> list[tuple[int, list[str]]]:
    """Return the rows with their first columns joined where several have names: `RPS | MWU`.

    An empty first one has the name of its group.
    """
    width = min(len(cells) for _, cells in rows)
    count = 1
    while count < width - 1 and all(
        LETTERS.search(cells[count]) and not numbers_in(cells[count]) for _, cells in rows[1:]
    ):
        count += 1
    if count == 1:
        return list(rows)
    firsts = _spread([cells[0] for _, cells in rows[1:]])
    found = [(rows[0][0], [" ".join(filter(None, rows[0][1][:count])), *rows[0][1][count:]])]
    for first, (number, cells) in zip(firsts, rows[1:], strict=True):
        name = " ".join(one for one in (first, *cells[1:count]) if one)
        found.append((number, [name, *cells[count:]]))
    return found


def _spread(names: Sequence[str]) -> list[str]:
    """Return the names of groups of rows, of which one row has each: the first or the middle one."""
    filled = [name for name in names if name]
    size = len(names) // len(filled) if filled else 0
    groups = [names[start : start + size] for start in range(0, len(names), size)] if size else []
    if groups and all(sum(map(bool, group)) == 1 for group in groups):
        return [name for group in groups for name in [max(group)] * len(group)]
    found: list[str] = []
    for name in names:
        found.append(name or (found[-1] if found else ""))
    return found if names and names[0] else list(names)


def is_row_of_pdf(rows: Sequence[Sequence[str]], line: str) -> bool:
    """Whether a line of a PDF's text is one of the rows of its tables."""
    printed = {one.printed for one in numbers_in(line)}
    words = tokens(line)
    return bool(printed) and any(
        printed <= {one.printed for cell in row for one in numbers_in(cell)}
        and len(words) <= len(tokens(" ".join(row))) + 2
        for row in rows
    )


def _is_without_names(rows: Sequence[tuple[int, list[str]]]) -> bool:
    """Whether a table of one row has a result with a point in its first column, too."""
    if len(rows) != 2 or not rows[0][1][0]:
        return False
    first = DIGITS.match(rows[1][1][0])
    return first is not None and "." in first[1]


def _number(cell: str) -> Number | None:
    """Return the number of a cell; None where it holds none, or is no number."""
    plain = without_units(BLANKS.sub("", cell))
    if BOUND.match(plain):
        return None
    found = numbers_in(plain)
    if not found or len(cell) > MAX_CELL_CHARS or not _is_mostly_number(plain, found[0]):
        return None
    return found[0]


def _is_mostly_number(cell: str, first: Number) -> bool:
    return not re.search(r"[A-Za-z]{2,}", cell[: first.start] + cell[first.end :])
