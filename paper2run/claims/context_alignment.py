"""Aligns a cell of a table with a printed number by all the words around both.

A number belongs to the one row and to the one column of the stated table whose names its surroundings have best: the
words before it in its line, the heads of its row and column, the lines above it, and the command that printed it. Of
several numbers of one cell, the table's caption says which is meant. Values decide nothing.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

from paper2run.claims.abbreviations import spelt_by
from paper2run.claims.names import WEAK, covered, exclude, is_same_word, name_of, words_of
from paper2run.claims.numbers import value_of
from paper2run.claims.printed_line import settings_in
from paper2run.claims.surroundings import Around
from paper2run.model.claims import Claim, Placed

MIN_COVERED: Final = 0.6
"""Share of a name's words that the surroundings must have."""
OF_CAPTION: Final = 0.2
OTHERWISE: Final = 0.05
"""Weight of each word around a number, and not around all of its cell, that the caption has, or has not."""
UNEXPLAINED: Final = 0.3
"""Weight of the share of a number's own words that neither row, column nor caption has."""
CLEAR: Final = 0.05
"""By how much the best number of a cell is better than the next."""
WEAK_WEIGHT: Final = 0.3
IN_COMMAND: Final = 0.1
"""Less for a word that only the command has: it may name all cases at once."""
OF_ALIAS: Final = 0.2
"""Less for what only documents call so."""
"""Weight of a setting whose number the sentence has, also under another name: `w=40`, "a window of 40"."""
SAME_KEY: Final = 0.5
"""Weight of a name that is the number's own, and not one of its surroundings."""


DEVIATION: Final = re.compile(r"\d\s*(?:±|\+/?-|[(\[])\s*\d")


class Match(NamedTuple):
    """How well the surroundings of a number have a name."""

    name: str
    score: float
    matched: float
    is_whole: bool
    explains: frozenset[str]
    """Words of the number's own that the name has."""


class Belongs(NamedTuple):
    """A printed number with the row and the column that its surroundings name."""

    number: Around
    row: Match
    column: Match


class InCell(NamedTuple):
    """A printed number of a stated cell."""

    number: Around
    score: float
    is_sure: bool
    """Whether it has all words of the names of row and column, and these explain its own."""


def in_cell(claim: Claim, belonging: Sequence[Belongs]) -> list[InCell]:
    """Return the numbers of a claim's cell among those of its table, best first.

    Several within CLEAR of the best leave it open.
    """
    place = claim.placed
    if place is None or not place.has_names or not claim.row or not claim.column:
        return []
    caption = _said(place.caption, claim.aliases)
    placed = [
        (number, row, column)
        for number, row, column in belonging
        if (row.name, column.name) == (claim.row, claim.column)
        and not exclude(caption, number.own)
        and not contradicts(place.caption, number)
    ]
    shared = set.intersection(*(set(number.words) for number, _, _ in placed)) if placed else set()
    found = []
    for number, row, column in placed:
        own = set(number.own)
        in_names = row.explains | column.explains
        told = set(covered(sorted(own), caption))
        left = {word for word in own - told - in_names if word not in WEAK}
        score = row.score + column.score - UNEXPLAINED * len(left) / max(len(own), 1)
        # What tells the numbers of one cell from each other, the caption says, or does not.
        apart = {word for word in number.words if word not in shared and word not in in_names}
        of_caption = set(covered(sorted(apart), caption))
        left_over = {one for one in apart - of_caption if one not in WEAK and not one[0].isdigit()}
        of_caption |= set(covered(sorted({*number.remark} - in_names), caption)) - WEAK
        score += OF_CAPTION * len(of_caption) - OTHERWISE * len(left_over)
        found.append(InCell(number, score, row.is_whole and column.is_whole and not left))
    return sorted(_first_of_lines(found, place), key=lambda one: -one.score)


def _first_of_lines(found: list[InCell], place: Placed) -> list[InCell]:
    """Return the first of the numbers of each line, where the table's cells have a deviation behind them.

    As `149.6 (18.2)`, `0.52 ± 0.03` and `2.0 [1.5, 4.0]`.
    """
    if not any(DEVIATION.search(cell) for cell in place.cells[1:]):
        return found
    first: dict[tuple[str, str], InCell] = {}
    for one in sorted(found, key=lambda one: one.number.entry.number.start):
        first.setdefault((one.number.command, one.number.entry.line), one)
    return list(first.values())


class Name(NamedTuple):
    """A name of a row or a column, with what documents say that its words mean."""

    name: str
    words: tuple[tuple[str, ...], ...]
    """In each of the ways to say it."""


def placed_in(
    place: Placed, aliases: tuple[tuple[str, str], ...], numbers: Iterable[Around]
) -> list[Belongs]:
    """Return the numbers that belong to one row and one column of a table."""
    of_rows = _named(place.rows, aliases, place.heads[0])
    of_columns = _named(place.heads[1:], aliases)
    found = []
    for number in numbers:
        row = _best(of_rows, number)
        column = _best(of_columns, number) if row is not None else None
        if row is not None and column is not None:
            found.append(Belongs(number, row, column))
    return found


@lru_cache(maxsize=256)
def _named(
    names: tuple[str, ...], aliases: tuple[tuple[str, str], ...], head: str = ""
) -> tuple[Name, ...]:
    return tuple(
        Name(name, tuple(dict.fromkeys(_ways(name, aliases, head))))
        for name in dict.fromkeys(names)
        if name and words_of(name)
    )


def _ways(name: str, aliases: Sequence[tuple[str, str]], head: str) -> Iterator[tuple[str, ...]]:
    """Yield the words of a name, the same behind its head, and with the meaning of one of them."""
    bare = _without_unit(name)
    own = words_of(bare)
    yield own
    for place, (one, other) in enumerate(pairwise(own)):
        if min(len(one), len(other)) == 1:
            # A PDF parts a subscript from its letter: `K m`.
            yield (*own[:place], one + other, *own[place + 2 :])
    if head and len(own) == 1:
        # `strainA` of the row `A` below the head `Strain`.
        yield ("".join((*words_of(head), *own)),)
    for alias, meaning in aliases:
        short = words_of(alias)
        if len(short) == 1 and short[0] in own:
            yield tuple(
                one for word in own for one in (words_of(meaning) if word == short[0] else (word,))
            )
        elif short == own:
            yield words_of(meaning)


def contradicts(text: str, number: Around) -> bool:
    """Whether a text sets something to another value than holds for a number."""
    stated = settings_in(text)
    for key, value in number.settings:
        name = re.escape(key.replace("_", " ").replace("-", " "))
        told = [other for one, other in stated if name_of(one).joined == name_of(key).joined]
        told += re.findall(rf"(?i)\b{name}s?(?: of| is|:)? (\d+(?:\.\d+)?)\b", text)
        if told and all(value_of(other) != value_of(value) for other in told):
            return True
    return False


def _said(text: str, aliases: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    words = words_of(text)
    more = [
        word
        for alias, meaning in aliases
        if set(words_of(alias)) <= set(words)
        for word in words_of(meaning)
    ]
    return (*words, *more)


def _best(names: Sequence[Name], number: Around) -> Match | None:
    """Return the name that the surroundings have best; None where none is, or two are as good."""
    found = [match for name in names if (match := _match(name, number)) is not None]
    found.sort(key=lambda one: (-one.score, -one.matched))
    if not found:
        return None
    if len(found) > 1 and (found[0].score, found[0].matched) == (found[1].score, found[1].matched):
        return None
    return found[0]


def _match(name: Name, number: Around) -> Match | None:
    best: Match | None = None
    for place, words in enumerate(name.words):
        if exclude(words, number.own):
            continue
        has = has_words(words, number.words)
        part = spelt_by(words, number.names)
        spelt = {*part}
        if part:
            has = frozenset(words)
        elif len(words) > 1:
            by_word = {word: spelt_by((word,), number.names) for word in words}
            has |= {word for word, said in by_word.items() if said}
            spelt = {one for said in by_word.values() for one in said}
        whole = sum(map(_weight, set(words)))
        matched = sum(map(_weight, has))
        longest = max(matched, len(part))
        if not any(word not in WEAK for word in has) and has != set(words):
            continue
        share = matched / whole if whole else 0.0
        if share < MIN_COVERED:
            continue
        explains = has_words(number.own, words) | (spelt & {*number.own})
        is_own = has_words(words, number.own) == set(words) or part == number.own
        if explains == set(number.own) and is_own:
            share += SAME_KEY
        share -= OF_ALIAS * (place > 0)
        in_output = tuple(word for word in number.words if word not in number.of_command)
        share -= IN_COMMAND * (not part and not has <= has_words(words, in_output))
        one = Match(name.name, share, longest, has == set(words), explains)
        if best is None or (one.score, one.matched) > (best.score, best.matched):
            best = one
    return best


@lru_cache(maxsize=100_000)
def has_words(words: tuple[str, ...], text: tuple[str, ...]) -> frozenset[str]:
    """Return those of `words` that a text has, as words or their beginnings."""
    return frozenset(word for word in words if any(is_same_word(word, one) for one in text))


def _weight(word: str) -> float:
    return WEAK_WEIGHT if word in WEAK else 1.0


def _without_unit(name: str) -> str:
    """Return a name without the unit behind a slash or comma: `Km / mM`, `Mass, kg`."""
    return re.sub(r"\s+/\s+\S.*$|\s*[(\[][^()\[\]]{0,24}[)\]]\s*$", "", name) or name
