"""Aligns a number of a sentence with a printed number by all the words around both."""

from collections.abc import Sequence
from typing import Final

from paper2run.claims.abbreviations import is_short, parts_of
from paper2run.claims.context_alignment import UNEXPLAINED, InCell, contradicts, has_words
from paper2run.claims.names import WEAK, covered, exclude
from paper2run.claims.numbers import value_of
from paper2run.claims.sentence_alignment import OF_SPLITS, Sentence, covered_by
from paper2run.claims.surroundings import Around

MIN_OWN: Final = 0.5
"""Share of a number's own words that a sentence must say."""
BEFORE: Final = 0.6
ELSEWHERE: Final = 0.4
"""Weight of a word before the number in another part of the sentence, and of one behind it."""
OF_REMARK: Final = 0.3
OF_SETTING: Final = 0.5
UNSAID: Final = 0.3
"""Less where a number holds for a setting that the sentence does not have."""


def in_sentence(sentence: Sentence, numbers: Sequence[Around]) -> list[InCell]:
    """Return the numbers that a sentence may be about, best first.

    It has the number's own words, or an abbreviation of them; the words of its row, its line, what stands above and its
    command tell which case it is.
    """
    found = []
    for number in numbers:
        if exclude(sentence.near, number.own) or contradicts(sentence.text, number):
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
        place = next((weight for text, weight in places if has_words((word,), text)), 0.0)
        share += place / len(named)
    for text, weight in places:
        if share < weight and any(is_short(tuple(named), part) for part in parts_of(text)):
            return weight
    return share
