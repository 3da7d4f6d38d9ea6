"""Tells abbreviations: `NF` of `next fit`, `sdrift` of `drift seasonal`, `PCT` of `percentile`."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

MIN_SHORT: Final = 2
MAX_SHORT: Final = 10
"""Letters of an abbreviation."""
MAX_WORDS: Final = 4
"""That one abbreviation stands for."""


def spelt_by(words: tuple[str, ...], names: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """Return the longest part of the names around a number that a name abbreviates, or is without spaces."""
    found = (part for part in names if "".join(part) == "".join(words) or is_short(words, part))
    return max(found, key=len, default=())


@lru_cache(maxsize=200_000)
def is_short(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether one name abbreviates the other: by beginnings of all of its words, or by its consonants."""
    return _abbreviates("".join(one), other) or _abbreviates("".join(other), one)


def _abbreviates(short: str, words: tuple[str, ...]) -> bool:
    if not MIN_SHORT <= len(short) <= MAX_SHORT or not short.isalpha() or len(words) > MAX_WORDS:
        return False
    if len(words) > 1:
        # `sdrift` for `drift_seasonal`: the one word that is whole may come first.
        return _begins_all(short, words) or (
            words[0] in short and _begins_all(short, (*words[1:], words[0]))
        )
    consonants = iter(letter for letter in words[0][1:] if letter not in "aeiouy")
    return (
        len(short) > MIN_SHORT
        and short[0] == words[0][:1]
        and all(letter in consonants for letter in short[1:])
    )


def _begins_all(short: str, words: tuple[str, ...]) -> bool:
    """Whether letters are a beginning of each of some words, in order."""
    if not words:
        return not short
    for end in range(1, min(len(words[0]), len(short)) + 1):
        if not words[0].startswith(short[:end]):
            return False
        if _begins_all(short[end:], words[1:]):
            return True
    return False


def parts_of(words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield what stands together in a name."""
    for size in range(1, min(len(words), MAX_WORDS) + 1):
        for start in range(len(words) - size + 1):
            yield words[start : start + size]
