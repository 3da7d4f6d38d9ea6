"""Finds the tables that a document has as HTML, with cells over several rows or columns."""

from html.parser import HTMLParser
from typing import Final, NamedTuple

MAX_TABLES: Final = 20
MAX_CELLS: Final = 2_000
"""Of one table; what follows is left out."""
MAX_SPAN: Final = 50
MIN_COLUMNS: Final = 2

Rows = list[tuple[int, list[str]]]
"""Line and cells of each row, the heads first; all with as many cells."""


class Cell(NamedTuple):
    """A cell as it is written."""

    text: str
    is_head: bool
    columns: int
    rows: int


class _Reader(HTMLParser):
    """Collects the rows of tables; those inside of other tables are part of the cell that holds them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[list[tuple[int, list[Cell]]]] = []
        self._depth = 0
        self._cell: Cell | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self._depth += 1
            if self._depth == 1 and len(self.tables) < MAX_TABLES:
                self.tables.append([])
        elif self._depth != 1 or not self.tables:
            return
        elif tag == "tr":
            self._end_cell()
            self.tables[-1].append((self.getpos()[0], []))
        elif tag in ("td", "th") and self.tables[-1]:
            self._end_cell()
            spans = dict(attrs)
            columns, rows = _span(spans.get("colspan")), _span(spans.get("rowspan"))
            self._cell = Cell("", tag == "th", columns, rows)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "tr", "table") and self._depth == 1:
            self._end_cell()
        if tag == "table" and self._depth:
            self._depth -= 1

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell = self._cell._replace(text=self._cell.text + data)

    def _end_cell(self) -> None:
        if self._cell is not None and self.tables and self.tables[-1]:
            text = " ".join(self._cell.text.split()).strip("*`")
            self.tables[-1][-1][1].append(self._cell._replace(text=text))
        self._cell = None


def html_tables(text: str) -> list[Rows]:
    """Return the tables of a text; several rows of heads are one, joined by column."""
    if "<table" not in text.lower():
        return []
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return [rows for table in reader.tables if (rows := _with_one_head(_filled(table)))]


def _span(value: str | None) -> int:
    return min(int(value), MAX_SPAN) if value and value.strip().isdecimal() and int(value) else 1


def _filled(table: list[tuple[int, list[Cell]]]) -> list[tuple[int, list[Cell]]]:
    """Return rows with each cell in all places that it spans."""
    found: list[tuple[int, list[Cell]]] = []
    below: dict[int, list[Cell]] = {}
    count = 0
    for line, cells in table:
        row: list[Cell] = []
        waiting = list(cells)
        while waiting or below.get(len(row)):
            if below.get(len(row)):
                row.append(below[len(row)].pop())
                continue
            cell = waiting.pop(0)
            for _ in range(cell.columns):
                below.setdefault(len(row), []).extend([cell] * (cell.rows - 1))
                row.append(cell)
            count += cell.columns
            if count > MAX_CELLS:
                return found
        if row:
            found.append((line, row))
    return found


def _with_one_head(rows: list[tuple[int, list[Cell]]]) -> Rows:
    """Return the texts below one row of heads; nothing for a table without rows of one width below them."""
    heads = 0
    while heads < len(rows) and all(cell.is_head for cell in rows[heads][1]):
        heads += 1
    heads = max(heads, 1)
    width = len(rows[0][1]) if rows else 0
    body = [(line, cells) for line, cells in rows[heads:] if len(cells) == width]
    if width < MIN_COLUMNS or len(rows) < heads + 1 or not body:
        return []
    above = [[cell.text for cell in cells] for _, cells in rows[:heads] if len(cells) == width]
    names = [" ".join(dict.fromkeys(filter(None, column))) for column in zip(*above, strict=True)]
    return [(rows[0][0], names), *((line, [cell.text for cell in cells]) for line, cells in body)]
