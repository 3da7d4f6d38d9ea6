"""Finds the libraries that C, C++ and CUDA sources need, by headers in angle brackets."""

import re
from collections.abc import Iterable
from typing import Final

from paper2run.formats.tree import RepoTree
from paper2run.knowledge.debian import is_standard_header
from paper2run.model.facts import Fact, SystemHeader
from paper2run.model.value import Source

NAME: Final = "system_headers"

SOURCES: Final = ("*.c", "*.cc", "*.cpp", "*.cxx", "*.C", "*.h", "*.hh", "*.hpp", "*.hxx", "*.cu")
MAX_HEADERS: Final = 300
"""Facts kept; the code of a whole distribution includes no more libraries."""
INCLUDE: Final = re.compile(r"^[ \t]*#[ \t]*include[ \t]*<([\w./+-]{1,200})>", re.MULTILINE)


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield one fact per header that neither the checkout nor the compiler brings, in order of the names."""
    sources = tree.matching(*SOURCES)
    own = {path.rpartition("/")[2] for path in sources}
    first: dict[str, Source] = {}
    files: dict[str, int] = {}
    for path in sources:
        seen: set[str] = set()
        text = tree.text(path)
        for match in INCLUDE.finditer(text):
            header = match[1]
            # A file of that name in the checkout is most likely a copy that the author ships.
            if header in seen or header.rpartition("/")[2] in own or is_standard_header(header):
                continue
            if header not in first and len(first) >= MAX_HEADERS:
                continue
            seen.add(header)
            files[header] = files.get(header, 0) + 1
            if header not in first:
                line = text.count("\n", 0, match.start()) + 1
                first[header] = Source(kind="file", path=path, line=line)
    for header in sorted(first):
        yield SystemHeader(header=header, files=files[header], source=first[header])
