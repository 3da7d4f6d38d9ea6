"""Finds what documents say that names mean.

`positive predictive value (PPV)`, `the spanning probability Π(p)`.
"""

import re
from collections.abc import Iterable
from typing import Final

from paper2run.claims.abbreviations import is_short
from paper2run.claims.labels import EMPTY_WORDS
from paper2run.claims.names import words_of

BRACKETS: Final = re.compile(r"((?:[A-Za-z][\w-]*[ \n]){1,4})\(([A-Za-z][\w-]{1,15})\)")
SYMBOL: Final = re.compile(
    r"((?:[a-z][a-z-]{2,}\s){1,3})\$?(?:(\\[A-Za-z]+|[α-ωΑ-Ω])|([A-Za-z])(?=\$))[^\w\s]?"
)
MAX_ALIASES: Final = 200
MAX_CHARS: Final = 200_000
NO_NAMES: Final = EMPTY_WORDS | frozenset(
    re.findall(
        r"\w+",
        "with for and where value values parameter factor from that which both one two three has have was were are"
        " using use used by as or per over under between at on its their this these",
    )
)


def aliases_in(texts: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Return pairs of a name and its meaning, in both directions where both are words."""
    found: dict[tuple[str, str], None] = {}
    for text in texts:
        text = text[:MAX_CHARS]
        for match in BRACKETS.finditer(text):
            words = _meaning(match[1])
            if words and match[2].lower() not in NO_NAMES and (meaning := _meant(match[2], words)):
                found[match[2], meaning] = None
                found[meaning, match[2]] = None
        for match in SYMBOL.finditer(text):
            words = _meaning(match[1])
            if words:
                found[(match[2] or match[3]).strip("\\"), " ".join(words[-2:])] = None
        if len(found) > MAX_ALIASES:
            break
    return tuple(found)[:MAX_ALIASES]


def _meant(short: str, words: list[str]) -> str:
    """Return what a name in brackets stands for, of the words before it.

    Initials tell how many words are meant, other letters which one; another name means the last one, unless it is an
    abbreviation of something else.
    """
    initials = "".join(word[0] for word in words).lower()
    if short.lower() == initials[-len(short) :]:
        return " ".join(words[-len(short) :])
    letters = words_of(short)
    for word in reversed(words):
        if word.lower().startswith(short.lower()) or is_short(letters, words_of(word)):
            return word
    return "" if short.isupper() else words[-1]


def _meaning(text: str) -> list[str]:
    """Return the last words that name something."""
    words = text.split()
    for place in range(len(words) - 1, -1, -1):
        if words[place].lower() in NO_NAMES:
            return words[place + 1 :]
    return words
