"""Finds the line of an output that a claim is about: by its place, or by the same words."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cached_property, lru_cache
from typing import Final, NamedTuple

from paper2run.claims.labels import tokens
from paper2run.claims.numbers import Number, logical_lines, numbers_in, skeleton
from paper2run.model.claims import Claim

CELLS: Final = re.compile(r"\s{2,}|\t|\s*\|\s*|\s*,\s*")
HEADER_REACH: Final = 200
"""How many lines above a row its heads may stand."""
MORE_WORDS: Final = 2
"""What a line of the output may say beyond the claim's words: `final test accuracy`."""
MAX_LINES: Final = 20_000
MAX_ROWS: Final = 50
"""Lines with the same first cell that are looked at, the last ones."""
SYMBOL_CHARS: Final = 2
"""A name of no more is a symbol, and part of another one in `sigma_b`."""
MAX_LINE_CHARS: Final = 2_000
"""A longer line is data, which no document shows."""
ELLIPSIS: Final = re.compile(r"(?:(?<=\s)|^)(?:\.{2,}|…)(?=\s|$)")
"""What stands for what a document leaves out of an output."""


class Found(NamedTuple):
    """A number of the output that a claim is about."""

    number: Number
    line: str


class Labelled(NamedTuple):
    """A number of the output with the words before it in its line."""

    words: frozenset[str]
    found: Found


class Output:
    """What a command printed, read once for all of its claims."""

    def __init__(self, text: str) -> None:
        self._text = text
        lines = (line for line in text.splitlines() if len(line) <= MAX_LINE_CHARS)
        self.lines = list(lines)[-MAX_LINES:]

    @cached_property
    def by_skeleton(self) -> dict[str, list[str]]:
        """The lines with numbers, by what they say beside them."""
        return _by_skeleton(self.lines)

    @cached_property
    def by_skeleton_of_values(self) -> dict[str, list[str]]:
        """The same, with the lines of a value in brackets joined."""
        return _by_skeleton(logical_lines(self._text)[-MAX_LINES:])

    @cached_property
    def by_row(self) -> dict[tuple[str, ...], list[int]]:
        """The places of lines of several cells, by the words of the first."""
        found: dict[tuple[str, ...], list[int]] = {}
        for index, line in enumerate(self.lines):
            cells = _split(line)
            if len(cells) > 1:
                found.setdefault(tokens(cells[0]), []).append(index)
        return found

    @cached_property
    def by_word(self) -> dict[str, list[Labelled]]:
        """The numbers with the words before them, by each of these words."""
        found: dict[str, list[Labelled]] = {}
        for line in self.lines:
            before = 0
            for number in numbers_in(line):
                words = frozenset(tokens(line[before : number.start]))
                before = number.end
                for word in words:
                    found.setdefault(word, []).append(Labelled(words, Found(number, line)))
        return found


def _by_skeleton(lines: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in lines:
        said = skeleton(line) if len(line) <= MAX_LINE_CHARS else ""
        if "#" in said:
            found.setdefault(said, []).append(line)
    return found


@lru_cache(maxsize=2)
def read(text: str) -> Output:
    """Return what a command printed, read once for all of its claims."""
    return Output(text)


def found_in(claim: Claim, output: Output) -> Found | None:
    """Return the number of an output that a claim is about; None without one."""
    match claim.form:
        case "output":
            return _same_line(claim, output)
        case "cell" | "file":
            return _cell_line(claim, output)
        case "example":
            return _example(claim, output)
        case "table":
            return _cell(claim, output)
        case "text":
            return _labelled(tokens(claim.label), output)


def _same_line(claim: Claim, output: Output) -> Found | None:
    """Return the number at the claim's place in the line that says the same.

    Of several such lines the one that begins with the same number, or the only one.
    """
    if ELLIPSIS.search(claim.label):
        return _elided_line(claim, output)
    alike = output.by_skeleton.get(claim.label, [])
    if len(alike) > 1:
        first = claim.row or claim.printed
        alike = [line for line in alike if numbers_in(line)[0].printed == first] or (
            alike[-1:] if tokens(claim.label) and not claim.row else []
        )
    if not alike:
        return None
    return Found(numbers_in(alike[-1])[claim.position], alike[-1])


def _elided_line(claim: Claim, output: Output) -> Found | None:
    """Return the number of the only line that says the same beside what is left out: `jittered ... 29.00`."""
    place = 0
    pattern = []
    for word in claim.label.split():
        if ELLIPSIS.fullmatch(word):
            pattern.append(r"\S+")
        elif word == "#":
            pattern.append(r"(\S+)" if place == claim.position else r"\S+")
            place += 1
        else:
            pattern.append(re.escape(word))
    if place <= claim.position:
        return None
    like = re.compile(r"\s+".join(pattern))
    found = [match for line in output.lines if (match := like.fullmatch(line.strip()))]
    numbers = numbers_in(found[0][1]) if len(found) == 1 else []
    return Found(numbers[0], found[0][0]) if len(numbers) == 1 else None


def _cell_line(claim: Claim, output: Output) -> Found | None:
    """Return the number at its place in the line of the cell's output, or of the file, that says the same."""
    known = output.by_skeleton_of_values if claim.form == "cell" else output.by_skeleton
    alike = known.get(claim.row, [])
    if claim.line >= len(alike):
        return None
    line = alike[claim.line]
    return Found(numbers_in(line)[claim.position], line)


def _example(claim: Claim, output: Output) -> Found | None:
    """Return the number at its place in the same line of the example's own output, if that says the same."""
    line = output.lines[claim.line] if claim.line < len(output.lines) else ""
    if skeleton(line) != claim.row:
        return None
    return Found(numbers_in(line)[claim.position], line)


def _cell(claim: Claim, output: Output) -> Found | None:
    """Return the number below its column in the line of its row, else one with the words of both."""
    row, column = tokens(claim.row), tokens(claim.column)
    for index in reversed(output.by_row.get(row, [])[-MAX_ROWS:] if row else []):
        if found := _below(column, index, output):
            return found
    return _labelled((*row, *column), output) if column else None


def _below(column: tuple[str, ...], index: int, output: Output) -> Found | None:
    """Return the number of a line that stands below its column's head."""
    cells = _split(output.lines[index])
    at = _column(column, output.lines, index, len(cells))
    numbers = numbers_in(cells[at]) if at is not None else []
    return Found(numbers[0], output.lines[index]) if numbers else None


def has_exact_cell(claim: Claim, output: str) -> bool:
    """Whether one line of the output begins with the row's own words, and has its column."""
    lines = read(output)
    row = tokens(claim.row) if claim.form == "table" else ()
    rows = lines.by_row.get(row, []) if row else []
    return len(rows) == 1 and _below(tokens(claim.column), rows[0], lines) is not None


def _plain(line: str) -> str:
    return unicodedata.normalize("NFKD", line).lower()


def _split(line: str) -> list[str]:
    return CELLS.split(line.strip().strip("|").strip())


def _column(column: tuple[str, ...], lines: Sequence[str], index: int, width: int) -> int | None:
    """Return the place of a column by the nearest line above with its head and as many cells."""
    for line in reversed(lines[max(index - HEADER_REACH, 0) : index]):
        heads = [tokens(cell) for cell in _split(line)]
        if len(heads) == width and column in heads:
            return heads.index(column)
    return None


def _labelled(words: tuple[str, ...], output: Output) -> Found | None:
    """Return the last number before which its line says all these words, and hardly more."""
    wanted = frozenset(words)
    symbol = words[0] if len(words) == 1 and len(words[0]) <= SYMBOL_CHARS else ""
    rarest = min((output.by_word.get(word, []) for word in wanted), key=len, default=[])
    return next(
        (
            one.found
            for one in reversed(rarest)
            if wanted <= one.words
            and len(one.words - wanted) <= MORE_WORDS
            and (not symbol or re.search(rf"(?<![\w/^]){symbol}(?![\w^])", _plain(one.found.line)))
        ),
        None,
    )
