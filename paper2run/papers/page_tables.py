"""Finds the tables of a page of a PDF by the places of its words. It knows nothing of files.

Scientific tables have no vertical rules, and often none at all: a table is the block of lines beside a caption
`Table 2` that fall into several cells, and its columns are where the cells of these lines overlap.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final, NamedTuple

from paper2run.papers.page_columns import GAP, Word, is_wide, lines_of, next_column
from paper2run.papers.page_rows import Cell, Row, cells_of

CAPTION: Final = re.compile(r"^tab(?:le|\.)$", re.IGNORECASE)
NUMBER: Final = re.compile(
    r"^(?P<number>(?:[A-Z]\.?)?\d{1,2}(?:\.\d{1,2})?[a-z]?|[IVX]{1,5})(?P<end>[.:]?)$"
)
JOINED: Final = re.compile(r"^tab(?:le|\.)(?P<number>\d{1,2}(?:\.\d{1,2})?)[.:]$", re.IGNORECASE)
FAR: Final = 3.5
"""Of the size of letters: lines that are farther from each other belong to different blocks."""
HEAD: Final = 2.4
"""Of the size of letters: lines of heads stand nearer to each other than to what is above them."""
UNDER: Final = 0.8
"""Of the size of letters: how far below its words the rule of a head may be."""
SHORT: Final = 0.6
"""Of a table's width: a shorter line of one cell is the head of a group of rows, and no prose."""
MAX_CAPTION_LINES: Final = 8
MAX_ROWS: Final = 60
MAX_CAPTIONS: Final = 20
"""Of one page."""
CROSSING: Final = 0.25
"""Part of the lines that may cross the middle of a page of two columns: titles, wide tables."""


class Rule(NamedTuple):
    """A horizontal line."""

    left: float
    right: float
    y: float


class Page(NamedTuple):
    """What is drawn on a page."""

    words: list[Word]
    rules: list[Rule]
    width: float


Table = list[list[str]]
"""Heads first; all rows with as many cells."""


def tables_of(page: Page) -> Iterator[tuple[str, Table]]:
    """Yield number and rows of each table with a caption."""
    lines = lines_of(page.words)
    middle = page.width / 2
    crossed = sum(any(w.left < middle < w.right for w in line) for line in lines)
    has_columns = len(lines) > 5 and crossed < CROSSING * len(lines)
    captions: list[tuple[str, Table, Table, bool]] = []
    for line in lines:
        for at, word in enumerate(line):
            if (number := _number_of(line, at)) and len(captions) < MAX_CAPTIONS:
                left, right = 0.0, page.width
                if has_columns and not is_wide(line[at:], middle):
                    left, right = (0.0, middle) if word.left < middle else (middle, page.width)
                inside = [w for w in page.words if left <= (w.left + w.right) / 2 <= right]
                if right == middle:
                    inside += next_column(inside, page.words, middle)
                captions.append((number, *tables_beside(lines_of(inside), word, page.rules)))
    # A journal prints all captions on the same side; a block between two of them belongs to one.
    votes = Counter((bool(below), bool(above)) for _, below, above, _ in captions)
    sides = votes[True, False] - votes[False, True]
    seen: list[Table] = []
    for is_first in (True, False):
        for number, below, above, is_below_nearer in captions:
            is_below = sides > 0 or (sides == 0 and is_below_nearer)
            near, far = (below, above) if is_below else (above, below)
            rows = near if is_first else [] if near else far
            if rows and rows not in seen:
                seen.append(rows)
                yield number, rows


def open_caption(page: Page) -> str:
    """Return the number of the table whose caption is the last line of a page; empty if none is."""
    lines = lines_of(page.words)
    return _number_of(lines[-1], 0) if lines else ""


def carried_over(page: Page) -> Table:
    """Return the table at the top of a page, whose caption ends the page before; empty without one."""
    lines = lines_of(page.words)
    return _table(_block([lines[0], *lines]), page.rules) if lines else []


def _number_of(line: list[Word], at: int) -> str:
    """Return the number of the table whose caption begins with this word of a line; empty if none does."""
    word = line[at]
    if at and word.left - line[at - 1].right <= GAP * word.size:
        return ""
    if joined := JOINED.match(word.text):
        return joined["number"]
    number = NUMBER.match(line[at + 1].text) if at + 1 < len(line) else None
    if number is None or not CAPTION.match(word.text):
        return ""
    # A sentence goes on in small letters.
    is_sentence = not number["end"] and at + 2 < len(line) and line[at + 2].text[0].islower()
    return "" if is_sentence else number["number"]


def tables_beside(
    lines: list[list[Word]], caption: Word, rules: list[Rule]
) -> tuple[Table, Table, bool]:
    """Return the tables below and above the caption, and whether the first is the nearer one."""
    at = next(index for index, line in enumerate(lines) if caption in line)
    below, above = _block(lines[at:]), _block(lines[at::-1])[::-1]
    to_below = below[0].bottom - caption.bottom if below else 0.0
    to_above = caption.bottom - above[-1].bottom if above else to_below + 1
    return _table(below, rules), _table(above, rules), to_below <= to_above


def _block(lines: list[list[Word]]) -> list[Row]:
    """Return the lines behind the first one that fall into several cells, up to a large gap."""
    found: list[Row] = []
    last, size = lines[0][0].bottom, lines[0][0].size
    alone: Row | None = None
    for index, line in enumerate(lines[1:], 1):
        row = Row(cells_of(line), line[0].bottom, line[0].size)
        if abs(row.bottom - last) > FAR * max(size, row.size) or len(found) == MAX_ROWS:
            break
        last, size = row.bottom, row.size
        if _is_wider(row, found):
            # Justified prose behind the table, whose spaces are as wide as gaps.
            break
        if len(row.cells) > 1:
            # A head over one column, with none over the names of the rows.
            if alone and not found and alone.cells[0].left > row.cells[0].right:
                found.append(alone)
            found.append(row)
        elif any(one.has_numbers for one in found):
            if not _is_group(row.cells[0], found):
                # Prose behind the table.
                break
        elif index > MAX_CAPTION_LINES:
            break
        elif found and not _is_group(row.cells[0], found):
            # Wide spaces in a line of the caption.
            found = []
        alone = row if len(row.cells) == 1 else None
    return found


def _is_wider(row: Row, rows: list[Row]) -> bool:
    """Whether a line begins well before and ends well behind a table that has numbers already."""
    if not any(one.has_numbers for one in rows):
        return False
    left = min(one.cells[0].left for one in rows)
    right = max(one.cells[-1].right for one in rows)
    return left - row.cells[0].left > row.size and row.cells[-1].right - right > row.size


def _is_group(cell: Cell, rows: list[Row]) -> bool:
    """Whether a line of one cell is the head of a group of rows."""
    left = min(row.cells[0].left for row in rows)
    right = max(row.cells[-1].right for row in rows)
    return cell.right - cell.left < SHORT * (right - left)


def _table(block: list[Row], rules: list[Rule]) -> Table:
    """Return heads and rows of a block; none where it has no numbers below heads."""
    if len(block) > 1 and block[0].has_numbers and not block[1].has_numbers:
        # A running head with the number of its page.
        block = block[1:]
    first = next((index for index, row in enumerate(block) if row.has_numbers), 0)
    if first == 0 and len(block) > 1:
        is_head = block[0].has_words and not block[1].has_words
        first = int(is_head or (block[0].is_scale and not block[1].is_scale))
    body = [row for row in block[first:] if row.has_numbers]
    columns = _columns(body)
    if first == 0 or len(columns) < 2:
        return []
    above = _heads(block[:first], block[first])
    columns = sorted([*columns, *_empty_columns(above, columns)])
    heads = [""] * len(columns)
    for row in above:
        for cell in row.cells:
            for place in _under(cell, row, columns, rules):
                heads[place] = f"{heads[place]} {cell.text}".strip()
    rows = []
    for row in body:
        cells = [""] * len(columns)
        for cell in row.cells:
            place = min(range(len(columns)), key=lambda one: _apart(cell, columns[one]))
            cells[place] = f"{cells[place]} {cell.text}".strip()
        rows.append(cells)
    return [heads, *rows]


def _heads(above: list[Row], first: Row) -> list[Row]:
    """Return the lines of heads: those above the first row that stand close together."""
    found: list[Row] = []
    below = first
    for row in reversed(above):
        if found and below.bottom - row.bottom > HEAD * max(row.size, below.size):
            break
        found.append(row)
        below = row
    return found[::-1]


def _columns(rows: list[Row]) -> list[tuple[float, float]]:
    """Return where cells of several rows overlap, from left to right."""
    found: list[tuple[float, float]] = []
    for cell in sorted((cell for row in rows for cell in row.cells), key=lambda one: one.left):
        if found and cell.left < found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], cell.right))
        else:
            found.append((cell.left, cell.right))
    return found


def _empty_columns(
    above: list[Row], columns: list[tuple[float, float]]
) -> list[tuple[float, float]]:
    """Return the places of heads of the last line that stand beside all columns: theirs hold nothing."""
    cells = above[-1].cells if above else []
    over = [
        [column for column in columns if column[0] < cell.right and cell.left < column[1]]
        for cell in cells
    ]
    if sum(map(len, over)) != len(columns) or len(cells) <= len(columns):
        return []
    return [(cell.left, cell.right) for cell, found in zip(cells, over, strict=True) if not found]


def _apart(cell: Cell, column: tuple[float, float]) -> float:
    """Return how far a cell's middle is from that of a column."""
    return abs((cell.left + cell.right) - (column[0] + column[1]))


def _under(
    cell: Cell, row: Row, columns: list[tuple[float, float]], rules: list[Rule]
) -> list[int]:
    """Return the places of the columns under a head: as wide as the rule below it, else as its words."""
    left, right = cell.left, cell.right
    under = [
        rule
        for rule in rules
        if 0 <= rule.y - row.bottom < UNDER * row.size and _is_of(rule, cell, row)
    ]
    if under:
        shortest = min(under, key=lambda rule: rule.right - rule.left)
        left, right = min(left, shortest.left), max(right, shortest.right)
    found = [
        place for place, column in enumerate(columns) if column[0] < right and left < column[1]
    ]
    return found or [min(range(len(columns)), key=lambda one: _apart(cell, columns[one]))]


def _is_of(rule: Rule, cell: Cell, row: Row) -> bool:
    """Whether a rule stands under this head alone."""
    over = [one for one in row.cells if rule.left <= (one.left + one.right) / 2 <= rule.right]
    return over == [cell]
