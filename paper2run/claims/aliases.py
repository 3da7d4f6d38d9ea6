"""Finds what documents say that names mean: `nearest centroid (NC)`, `the Heaps exponent β`."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from typing import Final

from paper2run.claims.labels import EMPTY_WORDS

BRACKETS: Final = re.compile(
    r"(?<![\w'’–-])((?:[A-Za-z][\w'’–-]{0,40}[ \n]){1,7})"
    r"\((?:\*{0,2}|\$?)([A-Za-z][\w-]{1,15}|[A-Z]|[α-ωΑ-Ω])(?:\*{0,2}|\$?)\s?[),;:]"
)
SYMBOL: Final = re.compile(
    r"(?<![\w-])((?:[a-z][a-z-]{2,40}\s){1,3})\$?(?:(\\[A-Za-z]+|[α-ωΑ-Ω])|([A-Za-z])(?=\$))[^\w\s]?"
)
BEFORE: Final = (
    r"(?<![\w-])((?:[A-Za-z][\w-]{{0,40}}(?:['’]s)?[ \n]){{1,3}})(?:(?:is|as)[ \n])?[*$|]{{0,3}}(?P<name>{names})"
    r"[*$|]{{0,3}}(?![\w'’-])"
)
"""What stands right before a name of a table in running text."""
MAX_ALIASES: Final = 200
MAX_CHARS: Final = 200_000
MAX_NAMES: Final = 60
MAX_MEANINGS: Final = 3
"""Of one name by its place in running text."""
MAX_LETTERS: Final = 3
"""Of a name that running text explains by standing before it."""
NO_NAMES: Final = EMPTY_WORDS | frozenset(
    re.findall(
        r"\w+",
        "with for and where value values parameter factor from that which both one two three has have was were are"
        " using use used by as or per over under between at on its their this these than then see we if so not no"
        " table tables figure section row rows column columns given shows gives called",
    )
)


def aliases_in(texts: Iterable[str], names: Set[str] = frozenset()) -> tuple[tuple[str, str], ...]:
    """Return pairs of a name and its meaning, in both directions where both are words.

    `names` are those of the rows and columns of tables.
    """
    found: dict[tuple[str, str], None] = {}
    symbols = sorted(one for one in names if _is_symbol(one))[:MAX_NAMES]
    for text in texts:
        text = text[:MAX_CHARS]
        for match in BRACKETS.finditer(text):
            if match[2].lower() not in NO_NAMES:
                for meaning in _meant(match[2], match[1].split(), is_known=match[2] in names):
                    found[match[2], meaning] = None
                    found[meaning, match[2]] = None
        for match in SYMBOL.finditer(text):
            words = _meaning(match[1])
            if words:
                found[(match[2] or match[3]).strip("\\"), " ".join(words[-2:])] = None
        found |= dict.fromkeys(_explained(symbols, text, names))
        if len(found) > MAX_ALIASES:
            break
    return tuple(found)[:MAX_ALIASES]


def _is_symbol(name: str) -> bool:
    """Whether a name of a table stands for a quantity, and is no word or article."""
    return 0 < len(name) <= MAX_LETTERS and name.isalpha() and name not in ("a", "A", "I")


def _explained(symbols: Sequence[str], text: str, names: Set[str]) -> Iterator[tuple[str, str]]:
    """Yield symbols with what stands right before them in running text, and is no other of the `names`.

    The first MAX_MEANINGS of each.
    """
    if not symbols:
        return
    before = re.compile(BEFORE.format(names="|".join(map(re.escape, symbols))))
    count: Counter[str] = Counter()
    for match in before.finditer(text):
        words, name = _meaning(match[1]), match["name"]
        is_told = any(len(word) > MAX_LETTERS for word in words) and names.isdisjoint(words)
        if is_told and count[name] < MAX_MEANINGS:
            count[name] += 1
            yield name, " ".join(words)


def _meant(short: str, words: list[str], *, is_known: bool) -> Iterator[str]:
    """Yield what a name in brackets stands for, of the words before it.

    The last words with its letters as initials; else the fewest that have its letters in order, the first one
    of them at the beginning of a word. Another name means the last words, if it is one of a table or no abbreviation.
    """
    initials = "".join(word[0] for word in words).lower()
    named = [word.lower() not in NO_NAMES for word in words]
    spans = [(len(words) - len(short), len(words))] if initials.endswith(short.lower()) else []
    for count in range(1, len(words) + 1):
        for start in range(len(words) - count, -1, -1):
            meaning = " ".join(words[start : start + count]).lower()
            if named[start] and named[start + count - 1] and _abbreviates(short.lower(), meaning):
                spans.append((start, start + count))
    if spans:
        yield " ".join(words[slice(*spans[0])])
    elif last := _meaning(" ".join(words)):
        if is_known:
            yield " ".join(last[-2:])
        elif not short.isupper():
            yield last[-1]


def _abbreviates(short: str, meaning: str) -> bool:
    """Whether a text has the letters of a name in order, from its own first letter on.

    As Schwartz and Hearst, "A simple algorithm for identifying abbreviation definitions in biomedical text", 2003.
    """
    letters = [one for one in short if one.isalnum()]
    place = len(meaning)
    for number, letter in enumerate(reversed(letters), 1):
        place = meaning.rfind(letter, 0, place)
        while number == len(letters) and place > 0 and meaning[place - 1].isalnum():
            place = meaning.rfind(letter, 0, place)
        if place < 0:
            return False
    return place == 0


def _meaning(text: str) -> list[str]:
    """Return the last words that name something."""
    words = text.split()
    for place in range(len(words) - 1, -1, -1):
        if words[place].lower() in NO_NAMES:
            return words[place + 1 :]
    return words
