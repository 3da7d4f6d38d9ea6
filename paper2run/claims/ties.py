"""Ties the places of documents and of the paper to the command that prints what they state."""

import re
from bisect import bisect
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from paper2run.formats.code_blocks import Document
from paper2run.model.environment import SmokeChoice
from paper2run.model.repo import PaperTable
from paper2run.model.value import Source

HEADING: Final = re.compile(r"^\s{0,3}#{1,6}\s|^[=\-~^]{3,}\s*$")
TABLE_NAME: Final = re.compile(r"\btab(?:le|\.)\s*(\d+|(?-i:[IVX]{1,5})\b)", re.IGNORECASE)
OF_TABLES: Final = re.compile(r"(?i)\btables?\b")
NUMBERED: Final = re.compile(r"(?i)(?:tab(?:le|\.)?\s*)?(\d{1,2})")
ABOVE_LINES: Final = 4
"""How far above a command a sentence may say which table it prints."""


class Text(NamedTuple):
    """A document of the repository, or a section of the paper."""

    path: str
    text: str
    source: Source
    """Of the whole: its kind, path, page and section; a document's claims have their lines."""
    heading: str = ""
    """Of a section of the paper."""
    table: PaperTable | None = None
    """Of a PDF, instead of text."""
    caption: str = ""
    """Of the table."""
    rows: tuple[tuple[str, ...], ...] = ()
    """Of all tables of the PDF that the text comes from."""


def at_line(text: Text, line: int) -> Source:
    """Return the place of a line; of the paper, whose lines nobody counts, that of its section."""
    return text.source.changed(line=line) if text.source.kind != "paper" else text.source


class Ties:
    """What documents say of the commands that can be run."""

    def __init__(
        self, read: Sequence[tuple[Text, Document]], choices: Sequence[SmokeChoice]
    ) -> None:
        self._choices = choices
        self._headings = {
            text.path: [number for number, line in document.prose if HEADING.match(line)]
            for text, document in read
            if text.source.kind != "paper"
        }
        self._tables: dict[str, set[str]] = {}
        for text, document in read:
            for number, line in document.prose:
                for table in TABLE_NAME.findall(line):
                    told = self._tables.setdefault(table, set())
                    told.update(one.command for one in choices if _is_of(one, text, number, line))
            for number, table in (*_remarks(document), *_rows_of_tables(document)):
                told = self._tables.setdefault(table, set())
                told.update(
                    one.command
                    for one in choices
                    if (one.source.path, one.source.line) == (text.path, number)
                )

    def command_for(self, path: str, line: int, table: str = "") -> str:
        """Return the command that documents tie to a place; empty without one.

        The only one that a sentence or its own remark names with the same table; else the only one of the place's
        section; else the only one of all documents.
        """
        beside = {
            one.command
            for one in self._choices
            if path in self._headings
            and one.source.path == path
            and self._section(path, one.source.line) == self._section(path, line)
        }
        for found in (
            self._tables.get(table, set()),
            beside,
            {one.command for one in self._choices},
        ):
            if len(found) == 1:
                return next(iter(found))
        return ""

    def _section(self, path: str, line: int) -> int:
        return bisect(self._headings[path], line)


def _remarks(document: Document) -> Iterator[tuple[int, str]]:
    """Yield the line and table of each remark behind a command: `python run.py  # Table 2`."""
    for block in document.blocks:
        for number, line in enumerate(block.text.split("\n"), block.line):
            for table in TABLE_NAME.findall(line.partition(" #")[2]):
                yield number, table


def _rows_of_tables(document: Document) -> Iterator[tuple[int, str]]:
    """Yield the line and table of each row of a list of tables and commands, whose head says `table`."""
    place: int | None = None
    last = 0
    for number, line in document.prose:
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) < 2 or number != last + 1:
            place = None
        if len(cells) > 1 and place is None:
            heads = [index for index, cell in enumerate(cells) if OF_TABLES.search(cell)]
            place = heads[0] if heads else None
        elif (
            found := NUMBERED.fullmatch(cells[place])
            if place is not None and place < len(cells)
            else None
        ):
            yield number, found[1]
        last = number


def _is_of(one: SmokeChoice, text: Text, number: int, line: str) -> bool:
    """Whether a sentence is about a command: it holds it, or stands right above it."""
    above = one.source.path == text.path and 0 < one.source.line - number <= ABOVE_LINES
    return above or one.command in line
