"""Compares the names of quantities as papers and programs write them: `Sens. (%)` and `sensitivity`.

Two words are the same where they are equal, where one begins the other, or where one has the initials of several. It
knows no values.
"""

import re
import unicodedata
from collections.abc import Collection, Sequence
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

from paper2run.claims.labels import EMPTY_WORDS, GREEK, MARKUP, greek

SCRIPTS: Final = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉", "01234567890123456789")
MEAN: Final = re.compile(r"([A-Za-z])[\u0304\u0305]|⟨([^⟩]{1,12})⟩")
"""A bar above a letter, as NFD has it, and brackets of physicists."""
UNIT: Final = re.compile(r"[(\[]([^()\[\]]{0,24})[)\]]\s*$|,\s*(%|[a-z]{1,6})\s*$")
LETTERS: Final = re.compile(r"[a-z]+|\d+(?:\.\d+)?")
SHARE: Final = re.compile(r"(?<![\d.])(\d{1,3}(?:\.\d{1,4})?)\s?%")
CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
MIN_PREFIX: Final = 3
"""Letters that an abbreviation keeps: `var`, `sim`."""
MIN_INITIALS: Final = 2
MAX_INITIALS: Final = 5
WEAK: Final = EMPTY_WORDS | frozenset(
    re.findall(
        r"\w+",
        "mean average median total number value values rate max min std all by per with for from on test final best"
        " result results score",
    )
)
"""Words that alone name nothing."""
KINDS: Final = (
    ({"train", "training"}, {"test"}, {"validation", "val", "dev"}),
    (
        {"mean", "average", "avg"},
        {"median"},
        {"sd", "std", "stdev", "deviation"},
        {"min", "minimum"},
        {"max", "maximum"},
    ),
    ({"lower"}, {"upper"}),
    ({"before"}, {"after"}),
    ({"initial", "first"}, {"final", "last"}),
)
"""Words that exclude each other."""
STATISTICS: Final = (
    {"mean", "average", "avg"},
    {"median", "med"},
    {"sd", "std", "stdev", "standard", "deviation", "dev"},
    {"min", "minimum"},
    {"max", "maximum"},
)
"""Words of one statistic each."""
NONE: Final = 0.0


class Name(NamedTuple):
    """A name of a row, a column or a line."""

    words: tuple[str, ...]
    joined: str
    """Its letters and digits alone: `cpgoe` of `CpG o/e`."""
    unit: str


@lru_cache(maxsize=20_000)
def name_of(text: str) -> Name:
    """Return the words of a name and the unit that it has in brackets."""
    bare, unit = text.strip(), ""
    if found := UNIT.search(bare):
        inside, before = (found[1] or found[2] or "").strip(), bare[: found.start()].strip()
        if before and _is_unit(inside):
            bare, unit = before, unit_of(inside)
    return Name(words_of(bare), "".join(LETTERS.findall(_plain(bare))), unit)


@lru_cache(maxsize=20_000)
def words_of(text: str) -> tuple[str, ...]:
    """Return the words of a text in order, letters apart from digits, and without articles and the like.

    The last word is none, as that of `recall a` and `marker_a`.
    """
    words = [_canonical(word) for word in LETTERS.findall(SHARE.sub(_as_share, _plain(text)))]
    return tuple(
        word
        for place, word in enumerate(words, 1)
        if word not in EMPTY_WORDS or place == len(words) or " " not in text.strip()
    )


def _as_share(percent: re.Match[str]) -> str:
    """Return `0.05` for `5 %`: a rate may be named by either."""
    return f" {Decimal(percent[1]) / 100:f} "


def _canonical(word: str) -> str:
    """Return a number without zeros at its end: `0.1` for `0.10`."""
    return word.rstrip("0").rstrip(".") if "." in word else word


def _plain(text: str) -> str:
    text = MEAN.sub(
        lambda found: f" mean {found[1] or found[2]} ", unicodedata.normalize("NFD", text)
    )
    text = MARKUP.sub(" ", text).replace("\\infty", " inf ").replace("∞", " inf ")
    text = GREEK.sub(lambda found: f" {greek(found[0])} ", text.translate(SCRIPTS))
    text = CAMEL.sub(" ", text) if text.upper() != text and not text[:1].islower() else text
    return "".join(
        one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one)
    ).lower()


def _is_unit(inside: str) -> bool:
    """Whether brackets hold a unit, and no further name: short, or with a sign of one."""
    return (
        len(inside) <= 3 or bool(re.search(r"[%°/]|[-−–]\d|\^|·", inside)) or inside in LONG_UNITS
    )


LONG_UNITS: Final = frozenset(
    {"bits", "bytes", "minutes", "seconds", "percent", "degrees", "kcal", "mins", "secs"}
)
UNIT_NAMES: Final = {
    "percent": "%", "°": "deg", "degrees": "deg", "seconds": "s", "secs": "s", "sec": "s", "minutes": "min",
    "mins": "min",
}  # fmt: skip


def unit_of(text: str) -> str:
    """Return a unit in one spelling: `g/cm3` of `g cm−3`, `deg` of `°`."""
    plain = (
        text.translate(SCRIPTS)
        .replace("−", "-")
        .replace("–", "-")
        .replace("⁻", "-")
        .replace("^", "")
        .strip()
    )
    plain = re.sub(
        r"[\s·]+([A-Za-z]+)-(\d)", lambda f: f"/{f[1]}{'' if f[2] == '1' else f[2]}", plain
    )
    return UNIT_NAMES.get(plain.lower(), plain.replace(" ", ""))


def is_same_word(one: str, other: str) -> bool:
    """Whether two words are equal, or one is the beginning of the other."""
    if one == other:
        return True
    short, long = sorted((one, other), key=len)
    if len(short) < MIN_PREFIX or not short.isalpha():
        return False
    # `density` and `densities`, and not `strain1` and `strain2`.
    is_plural = len(short) >= 5 and len(long) > len(short) and long.startswith(short[:-1])
    return long.startswith(short) or is_plural


def covered(words: Sequence[str], text: Sequence[str]) -> set[str]:
    """Return those of `words` that a text has, as words, their beginnings, or the initials of several."""
    # A PDF parts a subscript from its letter: `W q`.
    whole = [
        *text,
        *(one + other for one, other in pairwise(text) if min(len(one), len(other)) == 1),
    ]
    found = {word for word in words if any(is_same_word(word, one) for one in whole)}
    return found | spelled_out(words, text)


def spelled_out(words: Sequence[str], text: Sequence[str]) -> set[str]:
    """Return those of `words` that are the initials of several words of a text."""
    initials = "".join(one[0] for one in text)
    found = set()
    for word in words:
        at = (
            initials.find(word)
            if MIN_INITIALS <= len(word) <= MAX_INITIALS and word.isalpha()
            else -1
        )
        if at >= 0 and all(one.isalpha() and len(one) > 1 for one in text[at : at + len(word)]):
            found.add(word)
    return found


def exclude(one: Collection[str], other: Collection[str]) -> bool:
    """Whether two texts say which of several kinds they mean, and mean different ones."""
    for kinds in KINDS:
        of_one = {place for place, kind in enumerate(kinds) if kind & set(one)}
        of_other = {place for place, kind in enumerate(kinds) if kind & set(other)}
        if of_one and of_other and not of_one & of_other:
            return True
    return False


def likeness(stated: Name, printed: Name) -> float:
    """Return how alike two names are: 2 for the same letters, 1 or more where one holds the other.

    0 where they have no word in common that names something.
    """
    if not stated.joined or not printed.joined:
        return NONE
    if stated.joined == printed.joined:
        return 2.0
    if exclude(stated.words, printed.words):
        return NONE
    if any({*stated.words} <= kind >= {*printed.words} for kind in STATISTICS):
        return 2.0
    of_printed, of_stated = (
        covered(printed.words, stated.words),
        covered(stated.words, printed.words),
    )
    if not {word for word in of_printed | of_stated if word not in WEAK}:
        return NONE
    shares = len(of_printed) / len(set(printed.words)), len(of_stated) / len(set(stated.words))
    return max(shares) + min(shares) / 2 - (0 if max(shares) == 1 else 0.1)
