"""Finds headers that C, C++ and CUDA sources include and the checkout lacks.

One in angle brackets means a library; one in quotes means a file of the authors' own, or a library too.
"""

import re
from collections.abc import Iterable
from typing import Final

from paper2run.formats.tree import RepoTree
from paper2run.knowledge.debian import is_standard_header
from paper2run.model.facts import Fact, MissingPart, SystemHeader
from paper2run.model.value import Source

NAME: Final = "system_headers"

SOURCES: Final = ("*.c", "*.cc", "*.cpp", "*.cxx", "*.C", "*.h", "*.hh", "*.hpp", "*.hxx", "*.cu")
MAX_HEADERS: Final = 300
"""Facts kept; the code of a whole distribution includes no more libraries."""
INCLUDE: Final = re.compile(r"^[ \t]*#[ \t]*include[ \t]*<([\w./+-]{1,200})>", re.MULTILINE)
QUOTED: Final = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([\w./+-]{1,200})"', re.MULTILINE)
WRITTEN: Final = re.compile(
    r"(?i)(?:.*[_.-])?(?:config|version|revision|build|git\w*|gen|generated|auto|tab|pb|moc|ui|wrap|export)(?:[_.-].*)?"
    r"|.*(?:lexer|parser|generated|_export|config)\.\w+|ui_.*|moc_.*"
)
"""Names of headers that a build writes."""
MAX_PARTS: Final = 50


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield one fact per header that neither the checkout nor the compiler brings, in order of the names."""
    yield from _libraries(tree)
    yield from _quoted(tree)


def _quoted(tree: RepoTree) -> Iterable[MissingPart]:
    own = {path.rpartition("/")[2] for path in tree.files}
    found: dict[str, MissingPart] = {}
    for path in tree.matching(*SOURCES):
        text = tree.text(path)
        for match in QUOTED.finditer(text):
            name = match[1].rpartition("/")[2]
            if name in own or name + ".in" in own or WRITTEN.fullmatch(name):
                continue
            if (
                match[1] not in found
                and len(found) < MAX_PARTS
                and not is_standard_header(match[1])
            ):
                line = text.count("\n", 0, match.start()) + 1
                source = Source(kind="file", path=path, line=line)
                part = MissingPart(form="header", module=match[1], path=match[1], source=source)
                found[match[1]] = part
    return found.values()


def _libraries(tree: RepoTree) -> Iterable[SystemHeader]:
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
