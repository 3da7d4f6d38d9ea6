"""Judges claims by an output: by place and words, never by value."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cached_property, lru_cache
from typing import Final, NamedTuple

from paper2run.claims.labels import tokens
from paper2run.claims.numbers import (
    Number,
    compared,
    logical_lines,
    numbers_in,
    skeleton,
    value_of,
)
from paper2run.model.claims import Claim, ClaimVerdict, JudgedClaim

CELLS: Final = re.compile(r"\s{2,}|\t|\s*\|\s*|\s*,\s*")
HEADER_REACH: Final = 200
"""How many lines above a row its heads may stand."""
MORE_WORDS: Final = 2
"""What a line of the output may say beyond the claim's words: `final test accuracy`."""
MAX_LINES: Final = 20_000
MAX_ROWS: Final = 50
"""Lines with the same first cell that are looked at, the last ones."""
VERBATIM: Final = ("cell", "file")
"""Forms of what the same code printed."""
STATED: Final = ("table", "text")
"""Forms of what authors write down themselves."""
SYMBOL_CHARS: Final = 2
"""A name of no more is a symbol, and part of another one in `sigma_b`."""
MAX_LINE_CHARS: Final = 2_000
"""A longer line is data, which no document shows."""


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
def _read(text: str) -> Output:
    return Output(text)


def judged(claim: Claim, output: str, log_digest: str) -> JudgedClaim:
    """Return the claim's verdict by a command's output; `not-found` where no line of it is about it."""
    found = _find(claim, _read(output))
    if found is None:
        return JudgedClaim(claim=claim, verdict="not-found", log_digest=log_digest)
    return JudgedClaim(
        claim=claim,
        verdict=_verdict(claim, found.number),
        obtained=f"{found.number.printed}{found.number.unit}",
        evidence=found.line.strip()[:300],
        log_digest=log_digest,
    )


def _verdict(claim: Claim, number: Number) -> ClaimVerdict:
    """Return how a number compares; of a caption's or head's own percent sign a cell may know nothing."""
    printed, obtained = claim.printed, number.printed
    if claim.unit == "%" and not number.unit:
        return compared(printed, obtained, as_percent=True, verbatim=claim.form in VERBATIM)
    verdict = compared(printed, obtained, as_percent=False, verbatim=claim.form in VERBATIM)
    # A share lies between 0 and 1, and what it is in percent beyond.
    is_pair = value_of(obtained).copy_abs() <= 1 < value_of(printed).copy_abs()
    if (
        verdict == "differs"
        and claim.form in STATED
        and is_pair
        and not (claim.unit or number.unit)
    ):
        as_share = compared(printed, obtained, as_percent=True, verbatim=False)
        return as_share if as_share == "reproduced" else verdict
    return verdict


def _find(claim: Claim, output: Output) -> Found | None:
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
    alike = output.by_skeleton.get(claim.label, [])
    if len(alike) > 1:
        first = claim.row or claim.printed
        alike = [line for line in alike if numbers_in(line)[0].printed == first] or (
            alike[-1:] if tokens(claim.label) and not claim.row else []
        )
    if not alike:
        return None
    return Found(numbers_in(alike[-1])[claim.position], alike[-1])


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
        cells = _split(output.lines[index])
        at = _column(column, output.lines, index, len(cells))
        numbers = numbers_in(cells[at]) if at is not None else []
        if numbers:
            return Found(numbers[0], output.lines[index])
    return _labelled((*row, *column), output)


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
            and (not symbol or re.search(rf"(?<!\w){symbol}(?!\w)", _plain(one.found.line)))
        ),
        None,
    )
