"""Judges a number of a sentence that a table of the same paper has, too, by the verdict of its cell.

An abstract says again what a table states, in the table's own words: `Sen's slope is largest at Vardø, at 0.352`.
"""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from paper2run.claims.names import covered, words_of
from paper2run.claims.numbers import value_of
from paper2run.model.claims import Claim, JudgedClaim

MIN_DIGITS: Final = 3
"""Significant digits of a number that is said again, and not another one by chance."""


def by_cells(judged: Sequence[JudgedClaim]) -> tuple[JudgedClaim, ...]:
    """Return the verdicts, with that of its cell for each number of a sentence without one.

    The sentence has to name the cell's row or column, and the number has to be in one cell alone.
    """
    cells: dict[tuple[str, Decimal], list[JudgedClaim]] = defaultdict(list)
    for one in judged:
        if one.claim.form == "table":
            cells[_key(one.claim)].append(one)
    return tuple(_of_cell(one, cells.get(_key(one.claim), [])) for one in judged)


def _of_cell(one: JudgedClaim, same: Sequence[JudgedClaim]) -> JudgedClaim:
    is_open = one.claim.form == "text" and one.verdict in ("not-found", "not-run")
    if not is_open or len(same) != 1 or not same[0].evidence or _digits(one.claim) < MIN_DIGITS:
        return one
    cell = same[0]
    said = words_of(one.claim.sentence)
    names = (words_of(cell.claim.row), words_of(cell.claim.column))
    if not any(words and set(words) <= covered(words, said) for words in names):
        return one
    return cell.changed(
        claim=one.claim.changed(command=cell.claim.command), by_part=True, spread=()
    )


def _key(claim: Claim) -> tuple[str, Decimal]:
    return claim.source.path, value_of(claim.printed)


def _digits(claim: Claim) -> int:
    return len(value_of(claim.printed).normalize().as_tuple().digits)
