"""Finds the packages that R scripts load, by `library()` and its like or by `package::`.

For a package, its DESCRIPTION says more.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from paper2run.detectors.r_inputs import is_package
from paper2run.formats.tree import RepoTree
from paper2run.knowledge import debian
from paper2run.model.facts import Fact, ForeignRequirement
from paper2run.model.value import Source

NAME: Final = "r_scripts"

MAX_PACKAGES: Final = 200
"""Facts kept for one repository."""
MAX_LISTS: Final = 20
"""Of names, in one script."""
REMARK: Final = re.compile(r"#[^\n]*")
LOADS: Final = re.compile(
    r"\b(?:library|require|requireNamespace|loadNamespace)[ \t]*\([ \t]*['\"]?([A-Za-z][\w.]{1,60})['\"]?[ \t]*[,)]"
)
LISTED: Final = re.compile(r"\b(?:p_load|install\.packages)[ \t]*\((?:\s*c\()?([^()]{1,2000})\)")
"""pacman's way to load several, and what a script installs for itself."""
EACH: Final = re.compile(
    r"\b(?:[lsv]apply|walk|map)[ \t]*\([ \t]*(\w+)[ \t]*,[ \t]*(?:library|require)\b"
    r"|\bfor[ \t]*\([ \t]*\w+[ \t]+in[ \t]+(\w+)[ \t]*\)[^\n]*\n?[^\n]*\b(?:library|require)\("
)
"""A list of names that is loaded one by one."""
NAMED: Final = re.compile(r"(?<![\w.:$@])([A-Za-z][\w.]{1,60}):::?[\w.]")
ITEM: Final = re.compile(r"\s*(?:['\"]([A-Za-z][\w.]{1,60})['\"]|([A-Za-z][\w.]{1,60}))\s*(?:,|$)")


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield each package once, with the first line that loads it, in the order of the names.

    A package of which a script only names a function counts where Debian has it: it may be asked for on a condition.
    """
    if is_package(tree):
        return
    first: dict[str, Source] = {}
    for path in tree.matching("*.R", "*.r", "*.Rmd"):
        text = REMARK.sub(lambda found: " " * len(found[0]), tree.text(path))
        for name, place in _loaded(text):
            if name not in first and len(first) < MAX_PACKAGES:
                line = text.count("\n", 0, place) + 1
                first[name] = Source(kind="file", path=path, line=line)
    for name in sorted(first):
        yield ForeignRequirement(ecosystem="r", name=name, source=first[name])


def _loaded(text: str) -> Iterator[tuple[str, int]]:
    """Yield the packages that a script loads, with their places."""
    for match in LOADS.finditer(text):
        if match[1] != "character.only":
            yield match[1], match.start(1)
    for match in LISTED.finditer(text):
        for item in ITEM.finditer(match[1]):
            is_name = item[1] is not None or "p_load" in match[0]
            if is_name and "=" not in text[match.start(1) : match.start(1) + item.end()]:
                yield item[1] or item[2], match.start(1)
    lists = dict.fromkeys(match[1] or match[2] for match in EACH.finditer(text))
    for name in map(re.escape, islice(lists, MAX_LISTS)):
        for listed in re.finditer(rf"\b{name}[ \t]*(?:<-|=)[ \t]*c\(([^()]{{1,2000}})\)", text):
            for item in ITEM.finditer(listed[1]):
                if item[1]:
                    yield item[1], listed.start(1)
    for match in NAMED.finditer(text):
        if debian.r_package(match[1]):
            yield match[1], match.start(1)
