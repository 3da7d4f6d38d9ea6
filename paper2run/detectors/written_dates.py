"""Finds the day on which code was written where its files say so: headers, notices of copyright.

A checkout without a history, such as a folder or a single file, has no other date.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final

from paper2run.formats.tree import RepoTree
from paper2run.model.facts import Fact, WrittenOn
from paper2run.model.value import Source
from paper2run.python.python_modules import modules_of

NAME: Final = "written_dates"

MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# Spyder's header: `Created on Mon Mar  2 10:21:33 2015`.
CREATED: Final = re.compile(
    r"(?i)\bcreated on\b:?\s+(?:[a-z]{3,9},?\s+)?(?P<month>[a-z]{3})[a-z]*\s+(?P<day>\d{1,2}),?\s+"
    r"(?:\d\d?:\d\d(?::\d\d)?\s+)?(?P<year>(?:19|20)\d\d)\b"
)
DATED: Final = re.compile(
    r"(?i)\b(?:date|created|written|last (?:modified|updated|change[d]?))\b[^\n\d]{0,20}"
    r"(?P<year>(?:19|20)\d\d)[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})\b"
)
COPYRIGHT: Final = re.compile(
    r"(?i)(?:\u00a9|\(c\)|copyright)[^\n\d]{0,40}(?:(?:19|20)\d\d\s*[-\u2013,]\s*)*(?P<year>(?:19|20)\d\d)\b"
)
OTHERS: Final = re.compile(r"Free Software Foundation|Apache Software Foundation|Python Software")
"""Holders of the texts of licences."""
HEADER_CHARS: Final = 2000
FIRST_YEAR: Final = 1995


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield the latest day that a file's header or the licence names; nothing without one."""
    found = sorted(_days(tree), key=lambda fact: fact.day)
    yield from found[-1:]


def _days(tree: RepoTree) -> Iterator[WrittenOn]:
    places = [module.path for module in modules_of(tree) if module.role != "build"]
    places += [
        path for path in tree.matching("LICENSE*", "LICENCE*", "COPYING*") if "/" not in path
    ]
    for path in places:
        for number, line in enumerate(tree.text(path)[:HEADER_CHARS].splitlines(), 1):
            day = None if OTHERS.search(line) else _day(line)
            if day is not None and day.year >= FIRST_YEAR:
                source = Source(kind="file", path=path, line=number, note=line.strip()[:100])
                yield WrittenOn(day=day, source=source)


def _day(line: str) -> date | None:
    """Return the day that a line of a header names: the last of the year where it has no more."""
    match = CREATED.search(line) or DATED.search(line) or COPYRIGHT.search(line)
    if match is None:
        return None
    named = match.groupdict()
    year, month = int(named["year"]), str(named.get("month", "12")).lower()[:3]
    number = MONTHS.index(month) + 1 if month in MONTHS else int(month) if month.isdigit() else 0
    try:
        return date(year, number, int(named.get("day", 31)))
    except ValueError:
        return None
