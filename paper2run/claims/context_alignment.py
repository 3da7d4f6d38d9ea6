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

from paper2run.claims.abbreviations import is_short, parts_of, spelt_by
from paper2run.claims.names import WEAK, covered, exclude, is_same_word, name_of, words_of
from paper2run.claims.numbers import value_of
from paper2run.claims.printed_entries import settings_in
from paper2run.claims.sentence_alignment import OF_SPLITS, Sentence, covered_by
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
MIN_OWN: Final = 0.5
"""Share of a number's own words that a sentence must say."""
BEFORE: Final = 0.6
ELSEWHERE: Final = 0.4
"""Weight of a word before the number in another part of the sentence, and of one behind it."""
OF_REMARK: Final = 0.3
OF_SETTING: Final = 0.5
"""Weight of a setting whose number the sentence has, also under another name: `w=40`, "a window of 40"."""
UNSAID: Final = 0.3
"""Less where a number holds for a setting that the sentence does not have."""
SAME_KEY: Final = 0.5
"""Weight of a name that is the number's own, and not one of its surroundings."""


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
        and not _contradicts(place.caption, number)
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
    return sorted(found, key=lambda one: -one.score)


def in_sentence(sentence: Sentence, numbers: Sequence[Around]) -> list[InCell]:
    """Return the numbers that a sentence may be about, best first.

    It has the number's own words, or an abbreviation of them; the words of its row, its line, what stands above and its
    command tell which case it is.
    """
    found = []
    for number in numbers:
        if exclude(sentence.near, number.own) or _contradicts(sentence.text, number):
            continue
        if (OF_SPLITS & set(sentence.near)) - covered_by(number.words):
            continue
        own = _said_in(number.own, sentence)
        if own < MIN_OWN:
            continue
        cases = [_said_in(case, sentence) for case in number.cases]
        remark = set(covered(sorted({*number.remark} - {*number.own}), sentence.all)) - WEAK
        said = [value_of(value) in sentence.numbers for _, value in number.settings]
        score = own + sum(cases) - UNEXPLAINED * (1 - own)
        score += OF_SETTING * any(said) - UNSAID * (not all(said)) + OF_REMARK * len(remark)
        found.append(InCell(number, score, own == 1 and bool(cases) and min(cases[:1]) == 1))
    return sorted(found, key=lambda one: -one.score)


def _said_in(words: tuple[str, ...], sentence: Sentence) -> float:
    """Return which share of a name a sentence says: what stands by the number itself counts whole."""
    named = [word for word in words if word not in WEAK or len(word) == 1] or list(words)
    places = ((sentence.near, 1.0), (sentence.before, BEFORE), (sentence.all, ELSEWHERE))
    share = 0.0
    for word in named:
        place = next((weight for text, weight in places if _has((word,), text)), 0.0)
        share += place / len(named)
    for text, weight in places:
        if share < weight and any(is_short(tuple(named), part) for part in parts_of(text)):
            return weight
    return share


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


def _contradicts(text: str, number: Around) -> bool:
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
        has = _has(words, number.words)
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
        explains = _has(number.own, words) | (spelt & {*number.own})
        is_own = _has(words, number.own) == set(words) or part == number.own
        if explains == set(number.own) and is_own:
            share += SAME_KEY
        share -= OF_ALIAS * (place > 0)
        in_output = tuple(word for word in number.words if word not in number.of_command)
        share -= IN_COMMAND * (not part and not has <= _has(words, in_output))
        one = Match(name.name, share, longest, has == set(words), explains)
        if best is None or (one.score, one.matched) > (best.score, best.matched):
            best = one
    return best


@lru_cache(maxsize=100_000)
def _has(words: tuple[str, ...], text: tuple[str, ...]) -> frozenset[str]:
    """Return those of `words` that a text has, as words or their beginnings."""
    return frozenset(word for word in words if any(is_same_word(word, one) for one in text))


def _weight(word: str) -> float:
    return WEAK_WEIGHT if word in WEAK else 1.0


def _without_unit(name: str) -> str:
    """Return a name without the unit behind a slash or comma: `Km / mM`, `Mass, kg`."""
    return re.sub(r"\s+/\s+\S.*$|\s*[(\[][^()\[\]]{0,24}[)\]]\s*$", "", name) or name
