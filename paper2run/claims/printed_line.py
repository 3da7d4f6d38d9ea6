"""Reads one line that a program prints: its numbers with their names, its case and what is set.

`name: value` once or several times, parts between wide spaces, and numbers with the words before each.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from paper2run.claims.entry import Entry
from paper2run.claims.numbers import Number, numbers_in

LETTERS: Final = re.compile(r"[A-Za-zα-ω]")
VALUE: Final = re.compile(r"\s*[-+−]?\.?\d")
"""A text that begins with a number."""
PAIR: Final = re.compile(r"(?<!\S)([A-Za-zα-ω][\w/%-]*)\s?[:=]\s*(?=[-+−.\d])()")
"""A name of one word with its value: `rmse: 0.14`."""
MIN_PAIRS: Final = 2
"""Of a line that tells of one case."""
SET_ALONE: Final = re.compile(r"([A-Za-z][\w -]{0,40})\s*[:=]\s*([-+−]?\d+(?:\.\d+)?)\s?%?")
"""A line that says nothing but what holds for those below it: `outlier rate: 0.2`."""
LEVEL: Final = re.compile(r"\s?%?[\s-]*(?:CI\b|confidence|quantile|percentile)")
"""Behind the level of an interval: `90% CI`."""
IS_SET: Final = re.compile(r"\s*[=:]\s*[-+−]?\.?\d")
"""Behind a number that another one is given for: `steps to 0.999 = 3.9`."""
OF_NAME: Final = re.compile(r"[^()]*\)\s*[=:]")
"""Behind a number that belongs to a name: `t(35) = 13.9`."""
SETTING: Final = re.compile(
    r"([A-Za-zα-ωΑ-Ω$\\][\w$\\*]{0,20})\s*(?:=|≈)\s*([-+−]?\d+(?:\.\d+)?)(?![\w.]*\d)"
)
PART: Final = re.compile(r"\S+(?:\s\S+)*")
"""What wide spaces part."""


def settings_in(text: str) -> list[tuple[str, str]]:
    """Return what a text sets: `Mc = 2.0` as (`Mc`, `2.0`)."""
    return [(name.strip("$"), value) for name, value in SETTING.findall(text.replace("$", ""))]


def entries_of_line(line: str, outer: tuple[str, ...]) -> Iterator[Entry]:
    """Yield the numbers of a line with the words before each: `e=0.9: mean iterations 5.33, max 9`."""
    settings = settings_of(outer)
    if parts := (_paired(line) or _parted(line)):
        row, columns = parts
        for name, number in columns:
            yield Entry(row, name, outer, tuple(settings), number, line, 0)
        return
    text = line.strip()
    first, colon, rest = text.partition(":")
    begin, subject = 0, ""
    if colon and settings_in(first) and numbers_in(rest):
        settings += settings_in(first)
        begin = len(line) - len(line.lstrip()) + len(first) + 1
        subject = first
    elif colon and not numbers_in(first) and len(numbers_in(rest)) > 1 and not VALUE.match(rest):
        subject = first
    before, row, column = begin, "", ""
    for number in numbers_in(line):
        if number.start < begin or _is_of_name(line, number):
            continue
        said = line[before : number.start]
        if before > begin:
            # The unit of the number before: `72.56 ms, t = 13.9`.
            said = re.split(r"[,;]\s", said)[-1]
        name = said.strip(" \t:=,;|~≈+±")
        before = number.end
        if name == "(" and row and line.startswith("%)", number.end - len(number.unit)):
            # The share behind a count: `31 (1.20%)`.
            yield Entry(row, column, outer, tuple(settings), number, line, 0)
            continue
        if not name or name.endswith(("(", "±")):
            continue
        if subject and name.startswith(subject):
            name = name.removeprefix(subject).strip(" :")
        row, column = (subject, name) if subject and name else (name or subject, "")
        yield Entry(row, column, outer, tuple(settings), number, line, 0)


def settings_of(outer: Iterable[str]) -> list[tuple[str, str]]:
    """Return what the lines above set: `Mc = 2.0`, or `outlier rate: 0.2` alone on its line."""
    found: list[tuple[str, str]] = []
    for text in outer:
        alone = SET_ALONE.fullmatch(text.strip())
        found += [(alone[1], alone[2])] if alone else settings_in(text)
    return found


def _paired(line: str) -> tuple[str, list[tuple[str, Number]]] | None:
    """Return names and numbers of a line with several `name: value` behind the name of its case.

    As `EKF rmse: 0.14 error: 5.57`; None for any other line.
    """
    pairs = list(PAIR.finditer(line))
    case = line[: pairs[0].start()].strip(" :|-") if pairs else ""
    if len(pairs) < MIN_PAIRS or not LETTERS.search(case) or numbers_in(case):
        return None
    numbers = {number.start: number for number in numbers_in(line)}
    found = [(pair[1], numbers.pop(pair.start(2))) for pair in pairs if pair.start(2) in numbers]
    # What is left may only be deviations.
    is_whole = all(line[:start].rstrip().endswith(("±", "+/-", "(")) for start in numbers)
    return (case, found) if is_whole else None


def _is_of_name(line: str, number: Number) -> bool:
    """Whether a number belongs to the name of another: `t(35) = 13.9`, `90% CI 1.2`."""
    if LEVEL.match(line, number.end) or IS_SET.match(line, number.end):
        return True
    is_inside = re.search(r"\w\($", line[: number.start]) is not None
    return is_inside and OF_NAME.match(line, number.end) is not None


def _parted(line: str) -> tuple[str, list[tuple[str, Number]]] | None:
    """Return names and numbers of a line that wide spaces part: `lzw   5,590 bytes   ratio 3.58`.

    None where its first part has a number or nothing names one of them. A number may stand behind its name:
    `Cmax   mean   775.2   cv   17.1`.
    """
    parts = [(found.start(), found[0]) for found in PART.finditer(line)]
    numbered = [bool(numbers_in(text)) for _, text in parts]
    first = numbered.index(True) if True in numbered else 0
    if first == 0 or any(":" in text for _, text in parts[:first]):
        return None
    if VALUE.match(parts[first][1]) and first > 1 and len(numbers_in(line)) > 1:
        first -= 1
    found, name = [], ""
    for start, text in parts[first:]:
        if not numbers_in(text):
            name = text
            continue
        number = numbers_in(text)[0]
        own = text[: number.start].strip(" :=,~≈") or _words_behind(text[number.end :])
        if not LETTERS.search(name or own):
            return None
        place = number._replace(start=number.start + start, end=number.end + start)
        found.append((own if LETTERS.search(own) else name, place))
        name = ""
    return " ".join(text for _, text in parts[:first]), found


def _words_behind(text: str) -> str:
    return re.split(r"[\d+±(]", text)[0].strip()
