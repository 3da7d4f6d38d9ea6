"""Reads how much memory and time the documents at the root say that the work takes; always soft needs.

The figures are those of the whole experiments on the authors' machine; a documented example may take far less.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from paper2run.formats.tree import RepoTree
from paper2run.model.facts import Fact, OutsideForm, OutsideNeed
from paper2run.model.value import Source

NAME: Final = "stated_resources"

DOCUMENTS: Final = ("README*", "readme*", "INSTALL*")
MEMORY: Final = re.compile(
    r"(?i)\b(\d{1,4}(?:\.\d)?)\s?(G|T)i?B?\s+(?:or more\s+)?(?:of\s+)?(?:main |system |physical )?(?:memory|RAM)\b"
    r"|\b(?:memory|RAM)\b[^.\n\d]{0,30}\b(\d{1,4}(?:\.\d)?)\s?(G|T)i?B\b"
)
OF_THE_GPU: Final = re.compile(
    r"(?i)\bGPUs?\b|\bV?RAM of|\bvideo|\bVRAM\b|\bV100|\bA100|\bRTX\b|\bdisk\b"
)
"""Words beside a figure that is no main memory."""
TIME: Final = re.compile(
    r"(?i)\b(?:takes?|took|requires?|needs?|runs? for|runtime|train(?:s|ed|ing)? (?:in|for))\b"
    r"[^.\n\d]{0,40}\b(\d{1,3}(?:\.\d)?)\s*(?:-|to|–)?\s*(\d{1,3}(?:\.\d)?)?\s*(hour|hr|day|week|month)s?\b"
)
SECONDS: Final = {"hour": 3600, "hr": 3600, "day": 86_400, "week": 604_800, "month": 2_592_000}
CLAUSE: Final = re.compile(r"[.;,()\n]")
BESIDE_CHARS: Final = 60


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield the largest amount of memory and the longest time that each document states."""
    for path in tree.matching(*DOCUMENTS):
        if "/" not in path:
            for found in (list(_memory(tree, path)), list(_time(tree, path))):
                if found:
                    yield max(found, key=lambda need: need.amount)


def _memory(tree: RepoTree, path: str) -> Iterator[OutsideNeed]:
    text = tree.text(path)
    for match in MEMORY.finditer(text):
        before = CLAUSE.split(text[max(match.start() - BESIDE_CHARS, 0) : match.start()])[-1]
        after = CLAUSE.split(text[match.end() : match.end() + BESIDE_CHARS])[0]
        if OF_THE_GPU.search(f"{before}{match[0]}{after}"):
            continue
        number, unit = (match[1], match[2]) if match[1] else (match[3], match[4])
        amount_mb = float(number) * 1024 * (1024 if unit in "tT" else 1)
        what = f"{number} {unit.upper()}B of memory"
        yield _stated("memory", what, amount_mb, tree, path, match)


def _time(tree: RepoTree, path: str) -> Iterator[OutsideNeed]:
    for match in TIME.finditer(tree.text(path)):
        number, unit = match[2] or match[1], match[3].lower()
        what = f"{number} {unit}{'' if number == '1' else 's'}"
        yield _stated("time", what, float(number) * SECONDS[unit], tree, path, match)


def _stated(
    form: OutsideForm, what: str, amount: float, tree: RepoTree, path: str, match: re.Match[str]
) -> OutsideNeed:
    line = tree.text(path).count("\n", 0, match.start()) + 1
    note = " ".join(match[0].split())[:80]
    place = Source(kind="readme", path=path, line=line, note=note)
    return OutsideNeed(form=form, what=what, amount=amount, source=place)
