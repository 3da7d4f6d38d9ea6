"""A number that a program printed or wrote, and what it is called there."""

from typing import NamedTuple

from paper2run.claims.numbers import Number


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
