"""The child process that reads the tables of a PDF by the places of their words, as JSON lines.

Started by path with `python -I`, as `pdf_pages.py` is. Each line of standard output is a table:
`{"page": 3, "number": "2", "rows": [[...], ...]}`, its heads first, all rows with as many cells.

Scientific tables have no vertical rules, and often none at all: a table is the block of lines beside a caption
`Table 2` that fall into several cells, and its columns are where the cells of these lines overlap.
"""

import json
import logging
import re
import resource
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final, NamedTuple

import pdfplumber
from pdfminer.pdfexceptions import PDFException
from pdfminer.psexceptions import PSException
from pypdf import PdfReader
from pypdf.errors import PyPdfError

MEMORY_BYTES: Final = 1_500_000_000
"""Address space of this process."""
NAMED: Final = re.compile(r"\btab(?:le|\.)\s*[\dIVX]", re.IGNORECASE)
CAPTION: Final = re.compile(r"^tab(?:le|\.)$", re.IGNORECASE)
NUMBER: Final = re.compile(r"^(?P<number>\d{1,2}|[IVX]{1,5})[.:]?$")
NUMERIC: Final = re.compile(r"^[^A-Za-z]*\d[^A-Za-z]*$")
SPACE: Final = 0.15
"""Of the size of letters: a wider gap parts two words."""
GAP: Final = 0.55
"""Of the size of letters: a wider gap parts two cells. A space is about 0.3 wide, the gap between columns 1.2."""
LINE: Final = 0.5
"""Of the size of letters: words whose lower edges are nearer stand in one line."""
FAR: Final = 3.5
"""Of the size of letters: lines that are farther from each other belong to different blocks."""
JOINED: Final = re.compile(r"^tab(?:le|\.)(?P<number>\d{1,2})[.:]$", re.IGNORECASE)
MAX_CAPTION_LINES: Final = 8
MAX_ROWS: Final = 60
MAX_WORDS: Final = 6_000
"""Of one page; more are a drawing."""
CROSSING: Final = 0.25
"""Part of the lines that may cross the middle of a page of two columns: titles, wide tables."""
DAMAGE: Final = (
    PDFException, PSException, PyPdfError, ArithmeticError, AssertionError, AttributeError, LookupError,
    NotImplementedError, RecursionError, TypeError, ValueError,
)  # fmt: skip
"""What pdfminer and pypdf raise on broken files."""


class Word(NamedTuple):
    """A word and where it stands, in points from the upper left corner."""

    text: str
    left: float
    right: float
    bottom: float
    size: float


class Cell(NamedTuple):
    """Words that stand close together in a line."""

    text: str
    left: float
    right: float


def main(path: str, max_pages: int) -> None:
    """Write the tables of the first `max_pages` pages."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    logging.disable()
    for number in captioned(path, max_pages):
        try:
            # Each page anew: what one has parsed would be kept for the others.
            with pdfplumber.open(path, pages=[number]) as pdf:
                for page in pdf.pages:
                    for table in tables_of(words_of(page), float(page.width)):
                        say(page=number, **table)
        except DAMAGE:
            continue


def captioned(path: str, max_pages: int) -> Iterator[int]:
    """Yield the numbers of the pages that name a table, counted from 1.

    pypdf reads a page in a tenth of the time.
    """
    try:
        reader = PdfReader(path)
        if reader.is_encrypted and not reader.decrypt(""):
            return
        for index in range(min(len(reader.pages), max_pages)):
            if NAMED.search(reader.pages[index].extract_text()):
                yield index + 1
    except DAMAGE:
        return


def words_of(page: Any) -> list[Word]:
    """Return the words of a page."""
    found = page.extract_words(x_tolerance_ratio=SPACE, extra_attrs=["size"])
    return [
        Word(one["text"], one["x0"], one["x1"], one["bottom"], one["size"] or 1.0)
        for one in found[:MAX_WORDS]
    ]


def tables_of(words: list[Word], width: float) -> Iterator[dict[str, Any]]:
    """Yield number and rows of each table with a caption."""
    lines = lines_of(words)
    middle = width / 2
    crossed = sum(any(w.left < middle < w.right for w in line) for line in lines)
    has_columns = len(lines) > 5 and crossed < CROSSING * len(lines)
    captions = []
    for line in lines:
        for at, word in enumerate(line):
            if number := _number_of(line, at):
                left, right = 0.0, width
                if has_columns and not _is_wide(line[at:], middle):
                    left, right = (0.0, middle) if word.left < middle else (middle, width)
                inside = [w for w in words if left <= (w.left + w.right) / 2 <= right]
                captions.append((number, *rows_beside(lines_of(inside), word)))
    # A journal prints all captions on the same side; a block between two of them belongs to one.
    votes = Counter((bool(below), bool(above)) for _, below, above in captions)
    is_below = votes[True, False] >= votes[False, True]
    seen = []
    for first in (True, False):
        for number, below, above in captions:
            near, far = (below, above) if is_below else (above, below)
            rows = near if first else [] if near else far
            if rows and rows not in seen:
                seen.append(rows)
                yield {"number": number, "rows": rows}


def _number_of(line: list[Word], at: int) -> str:
    """Return the number of the table whose caption begins with this word of a line; empty if none does."""
    word = line[at]
    starts = at == 0 or word.left - line[at - 1].right > GAP * word.size
    if not starts:
        return ""
    if joined := JOINED.match(word.text):
        return joined["number"]
    after = NUMBER.match(line[at + 1].text) if at + 1 < len(line) else None
    return after["number"] if after and CAPTION.match(word.text) else ""


def lines_of(words: list[Word]) -> list[list[Word]]:
    """Return the words in lines from top to bottom, each from left to right."""
    lines: list[list[Word]] = []
    for word in sorted(words, key=lambda one: one.bottom):
        if lines and word.bottom - lines[-1][-1].bottom < LINE * word.size:
            lines[-1].append(word)
        else:
            lines.append([word])
    return [sorted(line, key=lambda one: one.left) for line in lines]


def _is_wide(line: list[Word], middle: float) -> bool:
    """Whether a caption runs over the middle of the page."""
    for word, after in pairwise(line):
        if after.left - word.right > GAP * 2 * word.size:
            return word.right > middle > line[0].left
    return line[-1].right > middle > line[0].left


def rows_beside(lines: list[list[Word]], caption: Word) -> tuple[list[list[str]], list[list[str]]]:
    """Return the rows of the block below the caption, and of that above it."""
    at = next(index for index, line in enumerate(lines) if caption in line)
    return _table(_block(lines[at:])), _table(_block(lines[at::-1])[::-1])


def _block(lines: list[list[Word]]) -> list[list[Cell]]:
    """Return the cells of the lines behind the first one that fall into several, up to a large gap."""
    found: list[list[Cell]] = []
    last = lines[0][0].bottom
    for index, line in enumerate(lines[1:], 1):
        cells = _cells(line)
        size = line[0].size
        if abs(line[0].bottom - last) > FAR * size or len(found) == MAX_ROWS:
            break
        last = line[0].bottom
        if len(cells) > 1:
            found.append(cells)
        elif any(map(_has_numbers, found)):
            if not _is_group(cells[0], found):
                # Prose behind the table.
                break
        elif index > MAX_CAPTION_LINES:
            break
        elif found and not _is_group(cells[0], found):
            # Wide spaces in a line of the caption.
            found = []
    return found


def _is_group(cell: Cell, rows: list[list[Cell]]) -> bool:
    """Whether a line of one cell is the head of a group of rows: it is far shorter than the table is wide."""
    left, right = min(row[0].left for row in rows), max(row[-1].right for row in rows)
    return cell.right - cell.left < 0.6 * (right - left)


def _cells(line: list[Word]) -> list[Cell]:
    found = [Cell(line[0].text, line[0].left, line[0].right)]
    for word, before in zip(line[1:], line, strict=False):
        if word.left - before.right > GAP * before.size:
            found.append(Cell(word.text, word.left, word.right))
        else:
            last = found.pop()
            found.append(Cell(f"{last.text} {word.text}", last.left, max(word.right, last.right)))
    return found


def _table(block: list[list[Cell]]) -> list[list[str]]:
    """Return heads and rows of a block, all with as many cells; none where it has no numbers below heads."""
    numeric = list(map(_has_numbers, block))
    if True not in numeric:
        return []
    first = numeric.index(True)
    body = [
        row for row, has_numbers in zip(block[first:], numeric[first:], strict=True) if has_numbers
    ]
    columns = _columns(body)
    if first == 0 or len(columns) < 2:
        return []
    heads = [""] * len(columns)
    for row in block[:first]:
        for place, column in enumerate(columns):
            if over := _over(row, column):
                heads[place] = f"{heads[place]} {over}".strip()
    rows = []
    for row in body:
        cells = [""] * len(columns)
        for cell in row:
            place = min(range(len(columns)), key=lambda one: _apart(cell, columns[one]))
            cells[place] = f"{cells[place]} {cell.text}".strip()
        rows.append(cells)
    return [heads, *rows]


def _has_numbers(row: list[Cell]) -> bool:
    return any(NUMERIC.match(cell.text) for cell in row[1:])


def _columns(rows: list[list[Cell]]) -> list[tuple[float, float]]:
    """Return where cells of several rows overlap, from left to right."""
    found: list[tuple[float, float]] = []
    for cell in sorted((cell for row in rows for cell in row), key=lambda one: one.left):
        if found and cell.left < found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], cell.right))
        else:
            found.append((cell.left, cell.right))
    return found


def _apart(cell: Cell, column: tuple[float, float]) -> float:
    """Return how far a cell's middle is from that of a column."""
    return abs((cell.left + cell.right) - (column[0] + column[1]))


def _over(row: list[Cell], column: tuple[float, float]) -> str:
    """Return the head that stands over a column."""
    middle = (column[0] + column[1]) / 2
    for cell in row:
        if (
            cell.left <= middle <= cell.right
            or column[0] <= (cell.left + cell.right) / 2 <= column[1]
        ):
            return cell.text
    return ""


def say(**line: object) -> None:
    """Write one line and hand it over at once: what was read stays read when a later page kills us."""
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
