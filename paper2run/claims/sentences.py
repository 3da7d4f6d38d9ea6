"""Finds the numbers that sentences state, with what stands around them."""

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from paper2run.claims.labels import tokens
from paper2run.claims.numbers import Number, numbers_in, without_units

LINK: Final = re.compile(
    r"!?\[([^\]]*)\]\([^)]*\)|<[/A-Za-z!][^>]{0,400}(?:>|$)|https?://\S+|`[^`]*(?:--|==|\binstall\b)[^`]*`"
)
BULLET: Final = re.compile(r"^\s*(?:[-*+•]|\d{1,2}[.)])\s+(?=\D)")
BREAK: Final = re.compile(r"^\s{0,3}#{1,6}\s|^[=\-~^]{3,}\s*$|^\s*(?:```|~~~)")
"""A heading, or the fence of a block."""
STOP: Final = re.compile(
    r"(?<=[a-z)\d%\]°$*`⁰¹²³⁴⁵⁶⁷⁸⁹])[.!?]\s+(?=[A-Z0-9*$\\(–—-]|$)|(?<=[a-z])\.\s+|;\s+"
)
SHORT: Final = re.compile(
    r"\b(?:e\.g|i\.e|cf|vs|al|Fig|Figs|Tab|Eq|Sec|Ref|No|approx|resp|sim|Dr|St)\.\s*$"
)
YEAR: Final = re.compile(r"(?:1[89]\d\d|20[0-2]\d)[a-z]?")
CITES: Final = re.compile(
    r"\((?:[^()]{0,80}?\D)?(?:1[89]\d\d|20[0-2]\d)[a-z]?\s*\)|\[\d+(?:\s*[,–-]\s*\d+)*\]"
)
BY_NAME: Final = re.compile(
    r"\b[A-Z][\w-]+(?:\s+(?:et al\.?|(?:&|and)\s+[A-Z][\w-]+))?,?\s*\((?:1[89]\d\d|20[0-2]\d)[a-z]?\)"
)
BEFORE_NO_RESULT: Final = re.compile(
    r"(?i)(?:python|cuda|cudnn|version|release|v\.?|ubuntu|debian|pytorch|tensorflow|torch|numpy|gcc|java|node|windows"
    r"|licen[cs]e|apache|gpl|cc[ -]by(?:-\w+)*|mit|sections?|sec\.?|table|tab\.?|figure|figs?\.?|eqs?\.?|equation|step"
    r"|chapter|took|takes?|§|page|pp?\.|vol\.?|doi:?|arxiv:?|>=|<=|==|~=|<|>|≥|≤|\bline|seed|port|issue|pull|#)\s*[($]*$"
)
HELD: Final = re.compile(
    r"(?i)\b(?:licen[cs]e[ds]?|copyright|doi|orcid|isbn|requires?|at least|tested (?:on|with)|installed?"
    r"|versions?\s*[`v]?\d|learning rate|dropout|weight decay|warm-?up|batch ?size)\b"
)
"""Sentences of what is needed and set, and of no results."""
PRODUCT: Final = re.compile(r"(?:\b[A-Z][A-Za-z]*[a-z][A-Za-z]*\s|[A-Za-z]\w*[-–])$")
"""Right before the number of a version: `Xcode 14.2`, `gpt-3.5`."""
HARDWARE: Final = re.compile(r"\s?(?:[GM]Hz|[GMT]i?B|cores?|RAM)\b")
SIZES: Final = re.compile(
    r"\s+(?:\w+ )?(?:epochs?|iterations?|steps?|samples?|tokens|images|dimension(?:s|al)|elements|pixels|characters"
    r"|lines|files|threads|times|hours|minutes|seconds|days|million|thousand|billion)\b"
)
"""Behind a whole number that someone chose."""
NOUN: Final = re.compile(r"\s+(?:of\s+)?[a-z][a-z-]{2,}")
RATE: Final = re.compile(r"\s*[A-Za-z]{1,6}\s?/\s?[A-Za-z]{1,6}\b")
PART: Final = re.compile(r"\s?(ppm|‰|per\s?cent)(?!\w)")
OF_MANY: Final = re.compile(r"\s+(?:out\s+)?of\s+(?:the\s+|all\s+)?\d")
LISTED: Final = re.compile(r":\s*\**$")
RESULT: Final = re.compile(
    r"(?i)\b(?:found|finds?|obtain|yield|gives?\b|gave|reach|return|report|produc|detect|identif|solv|converg|needs?\b|needed"
    r"|visit|expand|count|contain|result|drop|f[ae]ll|rises?\b|rose|grow|grew|increas|decreas|reduc|achiev|remain|after\b)"
)
"""What a sentence of a result says before its number."""
MIN_WHOLE: Final = 100
MIN_RESULT: Final = 10
"""A smaller whole number is a count that anyone sets, without a unit or the word of a result before it."""
MAX_SENTENCE: Final = 600
MAX_NUMBERS: Final = 8
"""Of one sentence."""
MAX_LABEL_WORDS: Final = 6


class InSentence(NamedTuple):
    """A number of a sentence."""

    number: Number
    line: int
    label: str
    """The words before it in its part of the sentence; those behind it where it has none before."""
    sentence: str
    unit: str
    """`ppm` or `‰` right behind it; empty for any other."""
    place: int
    """Where the number begins in the sentence."""


class Paragraph(NamedTuple):
    """Lines of prose that belong together, joined; `starts` says where each begins."""

    text: str
    starts: tuple[tuple[int, int], ...]

    def line_at(self, place: int) -> int:
        """Return the line of a place in the text."""
        return max((line for start, line in self.starts if start <= place), default=0)


def paragraphs_of(prose: Sequence[tuple[int, str]]) -> Iterator[Paragraph]:
    """Yield the paragraphs and items of lists; tables and headings are none."""
    text, last = "", -1
    starts: list[tuple[int, int]] = []
    for number, line in prose:
        is_table = line.count("|") > 1
        is_break = bool(BREAK.match(line))
        begins = number != last + 1 or bool(BULLET.match(line)) or is_break or is_table
        if begins and text:
            yield Paragraph(text, tuple(starts))
            text, starts = "", []
        last = number
        if is_break or is_table:
            last = -1
            continue
        plain = BULLET.sub("", LINK.sub(lambda found: found[1] or " ", line)).strip()
        starts.append((len(text), number))
        text += plain + " "
    if text:
        yield Paragraph(text, tuple(starts))


def sentences_of(text: str) -> Iterator[tuple[int, str]]:
    """Yield the sentences of a paragraph with their places."""
    start = 0
    for found in STOP.finditer(text):
        if SHORT.search(text[start : found.start() + 1]):
            continue
        yield start, text[start : found.end()]
        start = found.end()
    if start < len(text):
        yield start, text[start:]


def numbers_of(prose: Sequence[tuple[int, str]]) -> Iterator[InSentence]:
    """Yield the numbers that sentences state: with a point, a power or a unit, or as counts.

    Those of versions, sections, years, licences and of cited works are left out.
    """
    for paragraph in paragraphs_of(prose):
        for start, sentence in sentences_of(paragraph.text):
            if len(sentence) > MAX_SENTENCE or HELD.search(sentence):
                continue
            read = without_units(sentence.replace("\\%", " %").replace("\\,", "  "))
            found = numbers_in(read)
            if len(found) > MAX_NUMBERS:
                # The cells of a table of HTML.
                continue
            for at, one in enumerate(found):
                if one.printed[0] in "-−–" and sentence[: one.start].endswith(("x", "×")):
                    # The end of a range: `1.7x-2.6x`.
                    continue
                if (
                    HARDWARE.match(sentence, one.end)
                    or not _is_stated(read, one)
                    or _is_cited(sentence, one, found[at + 1 :])
                ):
                    continue
                before = read[found[at - 1].end if at else 0 : one.start]
                line = paragraph.line_at(start + one.start)
                unit = _unit(sentence[one.end :])
                yield InSentence(one, line, _label(read, before, one), sentence, unit, one.start)


def _is_stated(text: str, one: Number) -> bool:
    before, printed = text[: one.start], one.printed
    if BEFORE_NO_RESULT.search(before[-40:]) or before.rstrip().endswith("±"):
        return False
    has_unit = one.unit != "" or _unit(text[one.end :]) != ""
    is_short = len(printed.partition(".")[2]) <= 1 and not has_unit
    if is_short and PRODUCT.search(before[-40:]):
        return False
    if "." in printed or one.unit or "×" in printed:
        return True
    has_rate = RATE.match(text, one.end) is not None
    if YEAR.fullmatch(printed) and not has_rate:
        return False
    whole = printed.replace(",", "").lstrip("-+−–")
    if not whole.isdigit():
        return False
    is_money = before.rstrip().endswith(("€", "$", "£"))
    if has_rate or is_money or has_unit or OF_MANY.match(text, one.end):
        return True
    is_noun = NOUN.match(text, one.end) is not None
    is_end = LISTED.search(before) is not None and not text[one.end :].strip(" .;*`")
    if int(whole) >= MIN_RESULT and ((is_noun and RESULT.search(before)) or is_end):
        return True
    return int(whole) >= MIN_WHOLE and is_noun and not SIZES.match(text, one.end)


def _is_cited(sentence: str, one: Number, behind: Sequence[Number]) -> bool:
    """Whether a cited work states the number: behind `Name (2001)`, or right before `(Name 2001)`."""
    if any(found.end() <= one.start for found in BY_NAME.finditer(sentence)):
        return True
    after = CITES.search(sentence, one.end)
    if after is None or any(n.end <= after.start() and "." in n.printed for n in behind):
        return False
    return not re.search(r"[,;.]\s", sentence[one.end : after.start()])


def _unit(behind: str) -> str:
    found = PART.match(behind)
    return ("%" if found[1].startswith("per") else found[1]) if found else ""


def _label(text: str, before: str, one: Number) -> str:
    words = re.sub(r"[*`$\\{}()\[\]]", " ", before).split()
    if not tokens(" ".join(words)):
        words = text[one.end :].split()[:MAX_LABEL_WORDS]
        return " ".join(words).strip(" ,.;:")
    return " ".join(words[-MAX_LABEL_WORDS:]).strip(" ,.;:=≈")
