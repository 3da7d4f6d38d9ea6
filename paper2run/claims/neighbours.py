"""Judges a number by the other numbers of its column, row or list, where its own names tell nothing.

A stated column `0.735, 0.541, 1.231` whose other cells come out one below the other, rounded as they are printed, is
that printed column, whatever either is called; so the number between them is the one that is meant. A number's own
value never says where it comes from: only those beside it do.
"""

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Final, NamedTuple

from paper2run.claims.choosing import Outputs
from paper2run.claims.numbers import Number, compared, numbers_in, skeleton, step_of, value_of
from paper2run.model.claims import Claim, JudgedClaim

SCALES: Final = tuple(map(Decimal, ("1", "100", "0.01", "1000", "0.001")))
"""Of a whole column: shares and percent, and units with a prefix."""
MIN_OTHERS: Final = 2
MIN_DIGITS: Final = 6
"""Significant digits of the different numbers beside it that agree: fewer may agree by chance."""
SURE_OTHERS: Final = 3
MIN_SHARE: Final = 0.75
"""Of the numbers beside it that could agree."""
MAX_PRINTED: Final = 6_000
MAX_ALIKE: Final = 300
"""Places of one value; more of them tell nothing."""
CSV: Final = re.compile(r"[,;]\S.*[,;]\S")
RANGE: Final = re.compile(r"(\d+\.\d+)[-–](\d+\.\d+)")
CELL_END: Final = re.compile(r"[,;](?=\S)")
BETWEEN: Final = re.compile(r"^\s?[%°\w/²³⁻¹]{0,8}\s?(?:,|;|and|or|,\s*(?:and|or)|/)\s*$")
"""What parts the numbers of a list in a sentence: `1.452, 0.548 and 0.715 K`."""


class Printed(NamedTuple):
    """A number of an output."""

    command: str
    number: Number
    line: str
    value: Decimal
    step: Decimal


class Place(NamedTuple):
    """Where a stated number would stand: in a printed series, at a scale."""

    series: int
    offset: int
    """Position in the printed series less that in the stated one."""
    scale: Decimal


def by_neighbours(
    judged: Sequence[JudgedClaim], outputs: Outputs, digests: Mapping[str, str]
) -> tuple[JudgedClaim, ...]:
    """Return the verdicts, with one for each number without one that its neighbours place.

    A number is said to differ only between two neighbours that agree.
    """
    series = [*_columns(outputs), *_lines(outputs)]
    places = _Places(series)
    found: dict[int, JudgedClaim] = {}
    for stated in _stated([one.claim for one in judged]):
        claims = [judged[number].claim for number in stated]
        agreeing = places.of(claims)
        for position, number in enumerate(stated):
            one = judged[number]
            if number in found or one.verdict in ("reproduced", "close"):
                continue
            told = _told(one, position, claims, agreeing, series, digests)
            if told is not None and (told.verdict != "differs" or one.verdict != "differs"):
                found[number] = told
    return tuple(found.get(number, one) for number, one in enumerate(judged))


def _told(
    one: JudgedClaim,
    position: int,
    claims: Sequence[Claim],
    agreeing: Mapping[Place, set[int]],
    series: Sequence[Sequence[Printed]],
    digests: Mapping[str, str],
) -> JudgedClaim | None:
    """Return the verdict of the number at a position of a stated series; None where its place is open."""
    fitting: list[tuple[int, int, Printed, Decimal]] = []
    for place, agreed in agreeing.items():
        others = agreed - {position}
        held = series[place.series]
        at = position + place.offset
        if not 0 <= at < len(held) or len(others) < MIN_OTHERS:
            continue
        possible = sum(
            0 <= other + place.offset < len(held)
            for other in range(len(claims))
            if other != position
        )
        digits = sum(_digits(text) for text in {claims[other].printed for other in others})
        if digits < MIN_DIGITS or len(others) < MIN_SHARE * possible:
            continue
        fitting.append((len(others), digits, held[at], place.scale))
    if not fitting:
        return None
    best = max(fit[:2] for fit in fitting)
    chosen = [fit for fit in fitting if fit[:2] == best]
    verdicts = {
        _verdict(one.claim, printed, scale): (printed, scale) for *_, printed, scale in chosen
    }
    if len(verdicts) != 1:
        return None
    verdict, (printed, _) = next(iter(verdicts.items()))
    if verdict == "differs":
        scaled = {_verdict(one.claim, printed, scale) for scale in SCALES}
        if "reproduced" in scaled or not _is_between(position, claims, agreeing, series, printed):
            return None
    return JudgedClaim.model_validate(
        {
            "claim": one.claim.changed(command=printed.command),
            "verdict": verdict,
            "obtained": f"{printed.number.printed}{printed.number.unit}",
            "evidence": printed.line.strip()[:300],
            "log_digest": digests[printed.command],
            "by_part": best[0] < SURE_OTHERS,
        }
    )


def _is_between(
    position: int,
    claims: Sequence[Claim],
    agreeing: Mapping[Place, set[int]],
    series: Sequence[Sequence[Printed]],
    printed: Printed,
) -> bool:
    """Whether both neighbours agree at one place.

    In one line three numbers have to agree in all.
    """
    if not 0 < position < len(claims) - 1:
        return False
    for place, agreed in agreeing.items():
        held, at = series[place.series], position + place.offset
        is_there = 0 <= at < len(held) and held[at] is printed
        if is_there and {position - 1, position + 1} <= agreed:
            one_line = len({one.line for one in held}) == 1
            if not one_line or len(agreed) >= SURE_OTHERS:
                return True
    return False


def _verdict(claim: Claim, printed: Printed, scale: Decimal) -> str:
    return compared(claim.printed, str(printed.value * scale))


class _Places:
    """The printed numbers by value, to find those that a stated one could be."""

    def __init__(self, series: Sequence[Sequence[Printed]]) -> None:
        held = [
            (one.value, number, position, one.step)
            for number, found in enumerate(series)
            for position, one in enumerate(found)
        ]
        self._held = sorted(held, key=lambda one: one[0])
        self._values = [one[0] for one in self._held]

    def of(self, claims: Sequence[Claim]) -> dict[Place, set[int]]:
        """Return for each place of a stated series the positions of the numbers that agree there."""
        found: dict[Place, set[int]] = defaultdict(set)
        for position, claim in enumerate(claims):
            value, step = value_of(claim.printed), step_of(claim.printed)
            if not value or _digits(claim.printed) < 2:
                continue
            for scale in SCALES:
                low, high = (value - step / 2) / scale, (value + step / 2) / scale
                first, last = bisect_left(self._values, low), bisect_right(self._values, high)
                if last - first > MAX_ALIKE:
                    continue
                for _, number, at, own in self._held[first:last]:
                    if own * scale <= step:
                        found[Place(number, at - position, scale)].add(position)
        return {place: agreed for place, agreed in found.items() if len(agreed) >= MIN_OTHERS}


def _columns(outputs: Outputs) -> list[list[Printed]]:
    """Return the numbers of each column of an output, of one name in all outputs, and of one row's name."""
    found: dict[object, list[Printed]] = defaultdict(list)
    for command, entry in outputs.entries[-MAX_PRINTED:]:
        one = _printed(command, entry.number, entry.line)
        if entry.column:
            found["column", command, entry.table, entry.column].append(one)
            found["columns", entry.column].append(one)
        found["row", command, entry.row].append(one)
    return _long_enough(found)


def _lines(outputs: Outputs) -> list[list[Printed]]:
    """Return the numbers of each line, and those at one place of lines alike.

    Lines are alike by their words, or, one below the other, by how many numbers they have."""
    found: dict[object, list[Printed]] = defaultdict(list)
    block, before = 0, ("", 0)
    for place, (command, line, numbers) in enumerate(_last_lines(outputs)):
        block += (command, len(numbers)) != before
        before = (command, len(numbers))
        shape = skeleton(line)
        for position, one in enumerate(_printed(command, number, line) for number in numbers):
            found["line", place].append(one)
            found["block", block, position].append(one)
            found["shape", shape, position].append(one)
    return _long_enough(found)


def _last_lines(outputs: Outputs) -> list[tuple[str, str, list[Number]]]:
    """Return the last lines with numbers, MAX_PRINTED of these at most, each with its command."""
    found: deque[tuple[str, str, list[Number]]] = deque()
    count = 0
    for command, line in reversed(outputs.lines):
        text = CELL_END.sub(" ", line) if CSV.search(line) else line
        numbers = numbers_in(RANGE.sub(r"\1 \2", text))
        count += len(numbers)
        if count > MAX_PRINTED:
            break
        if numbers:
            found.appendleft((command, line, numbers))
    return list(found)


def _printed(command: str, number: Number, line: str) -> Printed:
    return Printed(command, number, line, value_of(number.printed), step_of(number.printed))


def _long_enough(found: Mapping[object, list[Printed]]) -> list[list[Printed]]:
    return [held for held in found.values() if len(held) > MIN_OTHERS]


def _stated(claims: Sequence[Claim]) -> Iterator[list[int]]:
    """Yield the numbers of the claims of each column, row and list, in order."""
    yield from _of_tables(claims)
    yield from _of_sentences(claims)


def _of_tables(claims: Sequence[Claim]) -> Iterator[list[int]]:
    """Yield columns and rows of stated tables.

    A column is told by its head, and among alike ones by its place."""
    columns: dict[object, list[int]] = defaultdict(list)
    rows: dict[object, list[int]] = defaultdict(list)
    for number, claim in enumerate(claims):
        placed = claim.placed
        if claim.form != "table" or placed is None:
            continue
        table = (claim.source.path, placed.heads, placed.rows, placed.caption)
        alike = placed.heads.count(claim.column) > 1
        columns[table, claim.column, claim.position if alike else -1].append(number)
        rows[table, claim.source, placed.cells].append(number)
    yield from (held for held in (*columns.values(), *rows.values()) if len(held) > MIN_OTHERS)


def _of_sentences(claims: Sequence[Claim]) -> Iterator[list[int]]:
    """Yield the numbers that a sentence lists: `1.452, 0.548 and 0.715 K`."""
    told = [
        number for number, claim in enumerate(claims) if claim.form == "text" and claim.sentence
    ]
    for sentence, held in groupby(told, key=lambda number: claims[number].sentence):
        ends = {one.start: one.end for one in numbers_in(sentence)}
        listed: list[int] = []
        end = -1
        for number in sorted(held, key=lambda number: claims[number].start):
            start = claims[number].start
            if listed and not (0 <= end <= start and BETWEEN.match(sentence[end:start])):
                yield from [listed] * (len(listed) > MIN_OTHERS)
                listed = []
            listed.append(number)
            end = ends.get(start, -1)
        yield from [listed] * (len(listed) > MIN_OTHERS)


def _digits(printed: str) -> int:
    """Return how many significant digits a number has."""
    return len(value_of(printed).normalize().as_tuple().digits)
