"""Reads the lines of a page as rows of cells: words that stand close together."""

import re
from itertools import pairwise
from typing import Final, NamedTuple

from paper2run.papers.page_columns import GAP, Word

NUMERIC: Final = re.compile(r"^[^A-Za-z]*\d[^A-Za-z]*(?:\s?[A-Za-z/]{1,4}\.?)?$")
"""A number with what stands beside it: brackets, an error, a unit."""
NUMBERED: Final = re.compile(r"^\(\d\)\s+[A-Za-z]")
"""The head of a numbered column: `(1) OLS`."""
MIN_SCALE: Final = 3
"""Columns that growing numbers name."""


class Cell(NamedTuple):
    """Words that stand close together in a line."""

    text: str
    left: float
    right: float


class Row(NamedTuple):
    """A line that falls into cells."""

    cells: list[Cell]
    bottom: float
    size: float

    @property
    def has_numbers(self) -> bool:
        """Whether a cell beside the first one is a number."""
        return any(is_numeric(cell) for cell in self.cells[1:])

    @property
    def has_words(self) -> bool:
        """Whether most cells are names, as in a line of heads, of which one may be `95%`."""
        named = sum(not is_numeric(cell) for cell in self.cells)
        return 2 * named > len(self.cells) and not is_numeric(self.cells[0])

    @property
    def is_scale(self) -> bool:
        """Whether it names columns by growing whole numbers: `Size 100 250 500`."""
        texts = [cell.text.replace(",", "") for cell in self.cells[1:]]
        if (
            is_numeric(self.cells[0])
            or len(texts) < MIN_SCALE
            or not all(map(str.isdecimal, texts))
        ):
            return False
        return all(int(one) < int(other) for one, other in pairwise(texts))


def is_numeric(cell: Cell) -> bool:
    """Whether a cell is a number, and no setting like `ρ = 0.7`."""
    return bool(NUMERIC.match(cell.text)) and "=" not in cell.text and not NUMBERED.match(cell.text)


def cells_of(line: list[Word]) -> list[Cell]:
    """Return the cells of a line, which gaps part."""
    found = [Cell(line[0].text, line[0].left, line[0].right)]
    for word, before in zip(line[1:], line, strict=False):
        if word.left - before.right > GAP * before.size:
            found.append(Cell(word.text, word.left, word.right))
        else:
            last = found.pop()
            found.append(Cell(f"{last.text} {word.text}", last.left, max(word.right, last.right)))
    return found
