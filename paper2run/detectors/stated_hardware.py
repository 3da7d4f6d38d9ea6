"""Finds hardware that a README lists among what is required.

Network cards, memory, processors, devices: artifacts of systems research name them in a section of its own. A need is
hard where its line does not call it optional, recommended or what the authors happened to use.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from paper2run.formats.code_blocks import read_document
from paper2run.formats.document_files import MAX_DOCUMENT_CHARS
from paper2run.formats.tree import RepoTree
from paper2run.model.facts import Fact, OutsideNeed
from paper2run.model.value import Source

NAME: Final = "stated_hardware"

HEADING: Final = re.compile(r"^\s{0,3}(#{1,6})\s*(.+)$")
REQUIRED: Final = re.compile(r"(?i)\b(?:hardware|requirements?|prerequisites?|testbed)\b")
ENVIRONMENT: Final = re.compile(r"(?i)\b(?:environment|platform|setup|cluster)\b")
"""Sections that also tell of what was used: a line there must say that it is required."""
HARDWARE: Final = (
    ("InfiniBand or RDMA network cards", re.compile(r"(?i)\b(?:infiniband|rdma|roce|connectx|mellanox)\b")),
    ("a SmartNIC", re.compile(r"(?i)\bsmart ?nics?\b|\bbluefield\b")),
    ("persistent memory", re.compile(r"(?i)\boptane\b|\bpersistent memory\b|\bnvdimms?\b|\bdcpmms?\b")),
    ("an FPGA", re.compile(r"(?i)\bfpgas?\b|\balveo\b|\bstratix\b")),
    ("Intel SGX", re.compile(r"\bSGX\b")),
    ("AMD SEV", re.compile(r"\bSEV(?:-SNP)?\b")),
    ("Intel TDX", re.compile(r"\bTDX\b")),
    ("a programmable switch", re.compile(r"(?i)\btofino\b|\bprogrammable switch(?:es)?\b")),
    ("an Apple device", re.compile(r"\biOS devices?\b|\biPhones?\b|\biPads?\b|\bXcode\b")),
    ("an Android device", re.compile(r"(?i)\bandroid (?:devices?|phones?|smartphones?)\b")),
    ("a TPU", re.compile(r"\bTPUs?\b")),
)  # fmt: skip
GOES_WITHOUT: Final = re.compile(
    r"(?i)\boptional(?:ly)?\b|\bsimulat\w+|\bemulat\w+|\bwithout\b|\bif (?:you|available|not|possible)\b"
    r"|\b(?:not|no|n't) (?:\w+ )?(?:needed|required?|necessary)\b"
)
"""A line that tells of a way without it speaks for all other lines."""
AS_USED: Final = re.compile(
    r"(?i)\brecommend\w*|\btested\b|\bwe (?:used?|ran|run|evaluat\w+)\b|\bor (?:any|other)\b|\be\.g\.|\bfor example\b"
    r"|\bsuch as\b|\bsupports?\b|\busers?\b"
)
"""What the authors had, or one of several ways."""
SENTENCE: Final = re.compile(r"(?<=[.!?])\s+")
DEMANDS: Final = re.compile(r"(?i)\b(?:requires?|required|needs?|needed|must)\b")


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield each piece of hardware once, the READMEs at the root in order."""
    found: dict[str, OutsideNeed] = {}
    soft: set[str] = set()
    for path in tree.matching("README*", "readme*", "ARTIFACT*"):
        lines = _listed(path, tree.text(path)[:MAX_DOCUMENT_CHARS]) if "/" not in path else ()
        for number, line, is_required in lines:
            for said, what in _named(line):
                soft |= {what} if GOES_WITHOUT.search(said) else set()
                hard = is_required or DEMANDS.search(said) is not None
                hard = hard and not AS_USED.search(said)
                if what not in found or (hard and not found[what].hard):
                    note = " ".join(said.split())[:80]
                    place = Source(kind="readme", path=path, line=number, note=note)
                    found[what] = OutsideNeed(form="platform", what=what, hard=hard, source=place)
    return [need.changed(hard=need.hard and what not in soft) for what, need in found.items()]


def _named(line: str) -> Iterator[tuple[str, str]]:
    """Yield the sentences of a line that name hardware, each with it."""
    for said in SENTENCE.split(line):
        for what, words in HARDWARE:
            if words.search(said):
                yield said, what


def _listed(path: str, text: str) -> Iterator[tuple[int, str, bool]]:
    """Yield the lines of sections about what is required, and whether the section is about that alone.

    A section inside of another one is about the same, unless its heading says another thing.
    """
    above: list[tuple[int, bool | None]] = []
    for number, line in read_document(path, text).prose:
        heading = HEADING.match(line)
        if heading is None:
            is_required = above[-1][1] if above else None
            if is_required is not None:
                yield number, line, is_required
            continue
        depth = len(heading[1])
        above = [one for one in above if one[0] < depth]
        told: bool | None = above[-1][1] if above else None
        if REQUIRED.search(heading[2]):
            told = True
        elif told is None and ENVIRONMENT.search(heading[2]):
            told = False
        above.append((depth, told))
