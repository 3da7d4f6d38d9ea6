"""Makes names of quantities comparable: Greek letters, LaTeX, subscripts and case."""

import re
import unicodedata
from typing import Final

MARKUP: Final = re.compile(r"\\(?:mathrm|text|mathbf|operatorname)\b|[*`$]")
WORD: Final = re.compile(r"[a-z0-9]+(?:\.[0-9]+)?")
GREEK: Final = re.compile(r"[α-ωΑ-Ω]")
EMPTY_WORDS: Final = frozenset({"the", "of", "a", "an", "is", "in", "at", "and", "our", "to", "be"})


def tokens(name: str) -> tuple[str, ...]:
    """Return the words of a name in order, lower case: `δ_n` and `delta_n` are both (delta, n)."""
    plain = GREEK.sub(lambda match: f" {greek(match[0])} ", MARKUP.sub(" ", name))
    plain = unicodedata.normalize("NFKD", plain).lower()
    return tuple(word for word in WORD.findall(plain) if word not in EMPTY_WORDS)


def greek(letter: str) -> str:
    """Return the English name of a Greek letter: `sigma`."""
    # GREEK SMALL LETTER FINAL SIGMA, GREEK SMALL LETTER LAMDA
    return unicodedata.name(letter).rpartition(" ")[2].replace("LAMDA", "LAMBDA")
