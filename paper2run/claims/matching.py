"""Judges claims by an output: by place and words, never by value."""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from paper2run.claims.labels import tokens
from paper2run.claims.numbers import Number, compared, numbers_in, skeleton
from paper2run.model.claims import Claim, JudgedClaim

CELLS: Final = re.compile(r"\s{2,}|\t|\s*\|\s*|\s*,\s*")
HEADER_REACH: Final = 200
"""How many lines above a row its heads may stand."""
MORE_WORDS: Final = 2
"""What a line of the output may say beyond the claim's words: `final test accuracy`."""
MAX_LINES: Final = 20_000


class Found(NamedTuple):
    """A number of the output that a claim is about."""

    number: Number
    line: str


def judged(claim: Claim, output: str, log_digest: str) -> JudgedClaim:
    """Return the claim's verdict by a command's output; `not-found` where no line of it is about it."""
    lines = output.splitlines()[-MAX_LINES:]
    found = _find(claim, lines)
    if found is None:
        return JudgedClaim(claim=claim, verdict="not-found", log_digest=log_digest)
    as_percent = claim.unit == "%" and not found.number.unit
    return JudgedClaim(
        claim=claim,
        verdict=compared(
            claim.printed,
            found.number.printed,
            as_percent=as_percent,
            verbatim=claim.form == "cell",
        ),
        obtained=f"{found.number.printed}{found.number.unit}",
        evidence=found.line.strip()[:300],
        log_digest=log_digest,
    )


def _find(claim: Claim, lines: Sequence[str]) -> Found | None:
    match claim.form:
        case "output":
            return _same_line(claim, lines)
        case "cell":
            return _cell_line(claim, lines)
        case "example":
            return _example(claim, lines)
        case "table":
            return _cell(claim, lines)
        case "text":
            return _labelled(tokens(claim.label), lines)


def _same_line(claim: Claim, lines: Sequence[str]) -> Found | None:
    """Return the number at the claim's place in the line that says the same.

    Of several such lines the one that begins with the same number, or the only one.
    """
    alike = [line for line in lines if skeleton(line) == claim.label]
    if len(alike) > 1:
        first = claim.row or claim.printed
        alike = [line for line in alike if numbers_in(line)[0].printed == first] or (
            alike[-1:] if tokens(claim.label) and not claim.row else []
        )
    if not alike:
        return None
    return Found(numbers_in(alike[-1])[claim.position], alike[-1])


def _example(claim: Claim, lines: Sequence[str]) -> Found | None:
    """Return the number at its place in the same line of the example's own output, if that says the same."""
    line = lines[claim.line] if claim.line < len(lines) else ""
    if skeleton(line) != claim.row:
        return None
    return Found(numbers_in(line)[claim.position], line)


def _cell_line(claim: Claim, lines: Sequence[str]) -> Found | None:
    """Return the number at its place in the line of the cell's output that says the same."""
    alike = [line for line in lines if skeleton(line) == claim.row]
    if claim.line >= len(alike):
        return None
    line = alike[claim.line]
    return Found(numbers_in(line)[claim.position], line)


def _cell(claim: Claim, lines: Sequence[str]) -> Found | None:
    """Return the number below its column in the line of its row, else one with the words of both."""
    row, column = tokens(claim.row), tokens(claim.column)
    for index in range(len(lines) - 1, -1, -1):
        cells = _split(lines[index])
        if len(cells) < 2 or not row or tokens(cells[0]) != row:
            continue
        at = _column(column, lines, index, len(cells))
        numbers = numbers_in(cells[at]) if at is not None else []
        if numbers:
            return Found(numbers[0], lines[index])
    return _labelled((*row, *column), lines)


def _split(line: str) -> list[str]:
    return CELLS.split(line.strip().strip("|").strip())


def _column(column: tuple[str, ...], lines: Sequence[str], index: int, width: int) -> int | None:
    """Return the place of a column by the nearest line above with its head and as many cells."""
    for line in reversed(lines[max(index - HEADER_REACH, 0) : index]):
        heads = [tokens(cell) for cell in _split(line)]
        if len(heads) == width and column in heads:
            return heads.index(column)
    return None


def _labelled(words: tuple[str, ...], lines: Sequence[str]) -> Found | None:
    """Return the last number before which its line says all these words, and hardly more."""
    if not words:
        return None
    for line in reversed(lines):
        before = 0
        for number in numbers_in(line):
            said = tokens(line[before : number.start])
            before = number.end
            if set(words) <= set(said) and len(set(said) - set(words)) <= MORE_WORDS:
                return Found(number, line)
    return None
