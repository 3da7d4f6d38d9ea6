"""Aligns a table that authors state with what a program prints, by the names of its rows and columns.

Names decide, never values: a row or column of the table belongs to the only one that is printed under a like name. What
names leave open, the whole table tells: what stands between aligned neighbours, and the last one that is left.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

from paper2run.claims.entry import Entry
from paper2run.claims.names import likeness, name_of
from paper2run.claims.numbers import numbers_in, value_of
from paper2run.claims.printed_line import settings_in
from paper2run.model.claims import Claim, Placed

FULL: Final = 1.0
"""Likeness from which one name holds the other."""
LEFT_OVER: Final = 0.4
"""Likeness of what is aligned by its place alone."""
MAX_PAIRS: Final = 1_000
"""Like names of two tables: with more, names tell nothing."""
MIN_ALIGNED: Final = 2
"""Names that are alike before a place tells anything."""


class Aligned(NamedTuple):
    """The entry that a claim is about."""

    entry: Entry
    score: float
    is_sure: bool
    """Whether names alone tell it: of row and column."""


class Cell(NamedTuple):
    """An entry at its row and column."""

    row: str
    column: str
    entry: Entry


def aligned(claim: Claim, entries: Sequence[Entry]) -> list[Aligned]:
    """Return the entries that a cell may be about, best first; several of one score leave it open."""
    place = claim.placed
    if place is None:
        return []
    found: dict[int, Aligned] = {}
    for cells in _grids(entries):
        turned, by_setting = _turned(cells), _by_setting(cells, place.heads[0])
        for one in (
            *_in_grid(claim, place, cells),
            *_in_grid(claim, place, turned),
            *_in_grid(claim, place, by_setting),
            *_in_grid(claim, place, _turned(by_setting)),
        ):
            key = id(one.entry)
            if key not in found or found[key].score < one.score:
                found[key] = one
    return sorted(found.values(), key=lambda one: -one.score)


def _grids(entries: Sequence[Entry]) -> list[list[Cell]]:
    """Return the tables of an output; lines `name: value` below others are one, the rest another."""
    tables: dict[int, list[Cell]] = {}
    blocks: list[Cell] = []
    flat: list[Cell] = []
    for one in entries:
        if one.column and one.table:
            tables.setdefault(one.table, []).append(Cell(one.row, one.column, one))
        elif one.column:
            blocks.append(Cell(one.row, one.column, one))
        elif one.above:
            blocks.append(Cell(one.above[-1], one.row, one))
        if not one.column:
            flat.append(Cell(one.row, "", one))
    return [grid for grid in (*tables.values(), blocks, flat) if grid]


def _turned(cells: Sequence[Cell]) -> list[Cell]:
    return [Cell(column, row, entry) for row, column, entry in cells if column]


def _by_setting(cells: Sequence[Cell], head: str) -> list[Cell]:
    """Return the cells with the number as their row by which the stated rows are named."""
    wanted = name_of(head).joined
    return [
        Cell(value, cell.column, cell.entry._replace(key=name))
        for cell in cells
        for name, value in cell.entry.settings
        if wanted and name_of(name).joined == wanted and cell.column not in ("", name)
    ]


def _in_grid(claim: Claim, place: Placed, cells: Sequence[Cell]) -> list[Aligned]:
    columns = list(dict.fromkeys(cell.column for cell in cells))
    if not columns:
        return []
    if columns == [""]:
        return _in_list(claim, place, cells)
    heads = place.heads[1:] if place.has_names else place.heads
    by_column = aligned_names(heads, columns, claim.aliases)
    column, column_score = by_column.get(claim.column, ("", 0.0))
    if not column_score:
        return []
    cells = [cell for cell in cells if cell.column == column]
    rows = list(dict.fromkeys(cell.row for cell in cells))
    key_head = cells[0].entry.key
    names = place.rows if place.has_names else (place.caption,)
    wanted = claim.row if place.has_names else place.caption
    by_row = aligned_rows(names, place.heads[0], rows, key_head, claim.aliases)
    row, row_score = by_row.get(wanted, ("", 0.0))
    if not row_score:
        return []
    found = [cell for cell in cells if cell.row == row]
    if len(found) > 1:
        found = _of_same_case(found, place, by_column)
    is_sure = row_score >= FULL and column_score >= FULL
    return [Aligned(cell.entry, row_score + column_score, is_sure) for cell in found]


def _in_list(claim: Claim, place: Placed, cells: Sequence[Cell]) -> list[Aligned]:
    """Align a table of one column of numbers with lines `name: value`."""
    filled = {head for head in place.heads[1:] if head}
    if len(filled) != 1 or not place.has_names:
        return []
    rows = list(dict.fromkeys(cell.row for cell in cells))
    row, score = aligned_names(place.rows, rows, claim.aliases).get(claim.row, ("", 0.0))
    if not score:
        return []
    return [Aligned(one.entry, score + FULL, score >= FULL) for one in cells if one.row == row]


def _of_same_case(
    found: list[Cell], place: Placed, by_column: dict[str, tuple[str, float]]
) -> list[Cell]:
    """Return those of several rows of one name whose other columns agree with the stated row.

    A cell that none of them has is a result.
    """
    kept = found
    for head, cell in zip(place.heads[1:], place.cells[1:], strict=False):
        column, score = by_column.get(head, ("", 0.0))
        if score < FULL or not numbers_in(cell):
            continue
        same = [one for one in found if _has(one.entry, column, cell)]
        if same:
            kept = [one for one in kept if one in same]
    if len(kept) > 1 and len({cell.entry.settings for cell in kept}) == 1:
        return kept[-1:]
    return kept


def _has(entry: Entry, column: str, cell: str) -> bool:
    wanted = value_of(numbers_in(cell)[0].printed)
    return any(name == column and value_of(value) == wanted for name, value in entry.settings)


def aligned_rows(
    stated: Sequence[str],
    head: str,
    printed: Sequence[str],
    printed_head: str,
    aliases: Sequence[tuple[str, str]] = (),
) -> dict[str, tuple[str, float]]:
    """Return the printed row and its likeness for each stated one; equal numbers name a row."""
    numeric = {name: _value(name) for name in stated if _value(name) is not None}
    if not numeric or len(numeric) < len({*stated}):
        return aligned_names(stated, printed, aliases)
    found: dict[str, tuple[str, float]] = {}
    for name, value in numeric.items():
        same = [one for one in printed if _named_value(one, head) == value]
        if len(same) == 1:
            found[name] = (same[0], 2.0)
    is_alike = not printed_head or likeness(name_of(head), name_of(printed_head)) > 0
    # Numbers alone are names only where all of them come back.
    return found if found and (is_alike or len(found) == len(numeric) > 1) else {}


def _value(name: str) -> object:
    found = numbers_in(name)
    if len(found) == 1 and found[0].end - found[0].start == len(name.strip(" *%")):
        return value_of(found[0].printed)
    return None


def _named_value(name: str, head: str) -> object:
    """Return the value of a row that is a number, or of `Mc=2.0` below the head `Mc`."""
    for setting, value in settings_in(name):
        if name_of(setting).joined == name_of(head).joined:
            return value_of(value)
    return _value(name)


def aligned_names(
    stated: Sequence[str], printed: Sequence[str], aliases: Sequence[tuple[str, str]] = ()
) -> dict[str, tuple[str, float]]:
    """Return the printed name and its likeness for each stated one that has only one, each used once."""
    return _aligned_names(tuple(stated), tuple(printed), tuple(aliases))


@lru_cache(maxsize=512)
def _aligned_names(
    stated: tuple[str, ...], printed: tuple[str, ...], aliases: tuple[tuple[str, str], ...]
) -> dict[str, tuple[str, float]]:
    names = list(dict.fromkeys(one for one in stated if one))
    others = list(dict.fromkeys(one for one in printed if one))
    alike = {
        (one, other): score
        for one in names
        for other in others
        if (score := _alike(one, other, aliases))
    }
    found: dict[str, tuple[str, float]] = {}
    if len(alike) > MAX_PAIRS:
        return found
    left = dict(alike)
    while pair := _best_pair(left):
        one, other = pair
        found[one] = (other, alike[pair])
        left = {key: score for key, score in left.items() if key[0] != one and key[1] != other}
    _add_by_place(found, names, others)
    return found


def _alike(one: str, other: str, aliases: Sequence[tuple[str, str]]) -> float:
    name, wanted = name_of(one), name_of(other)
    best = likeness(name, wanted)
    if not best and name.unit and name.unit == wanted.unit and name.unit != "%":
        best = LEFT_OVER + 0.1
    for alias, meaning in aliases:
        if name_of(alias).joined == name.joined:
            best = max(best, likeness(name_of(meaning), wanted) * 0.9)
    return best


def _best_pair(alike: Mapping[tuple[str, str], float]) -> tuple[str, str] | None:
    """Return the best pair that is the only best one of both its names; None where none is."""
    left = sorted(((score, *pair) for pair, score in alike.items()), key=lambda pair: -pair[0])
    for score, one, other in left:
        rivals = (
            pair for pair in left if pair[0] >= score and (pair[1] == one) != (pair[2] == other)
        )
        if next(rivals, None) is None:
            return one, other
    for score, one, other in left:
        # What has no other partner takes it from those that have one as good.
        is_only = sum(pair[1] == one for pair in left) == 1
        have_others = all(
            any(pair[1] == rival[1] and pair[2] != other and pair[0] >= rival[0] for pair in left)
            for rival in left
            if rival[2] == other and rival[1] != one
        )
        if is_only and score >= FULL and have_others:
            return one, other
    return None


def _add_by_place(
    found: dict[str, tuple[str, float]], stated: list[str], printed: list[str]
) -> None:
    """Add what stands at one place between aligned neighbours, and the last one that is left."""
    pairs = sorted((stated.index(one), printed.index(other)) for one, (other, _) in found.items())
    in_order = pairs == sorted(pairs, key=lambda pair: pair[1])
    if len(pairs) < MIN_ALIGNED or not in_order:
        return
    ends = [(-1, -1), *pairs, (len(stated), len(printed))]
    for (first, other_first), (last, other_last) in pairwise(ends):
        if last - first == other_last - other_first:
            between = zip(
                stated[first + 1 : last], printed[other_first + 1 : other_last], strict=True
            )
            found.update({one: (other, LEFT_OVER) for one, other in between})
    left = [one for one in stated if one not in found]
    used = {other for other, _ in found.values()}
    unused = [other for other in printed if other not in used]
    if len(left) == 1 and len(unused) == 1:
        found[left[0]] = (unused[0], LEFT_OVER)
