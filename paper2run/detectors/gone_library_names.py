"""Finds names that the code uses and that later releases of a library removed.

Such code was written for an older release. A commit's day alone does not tell: a README is often corrected years
after the code. Names are those of data/library_breaks.json; files that ask for a version or catch the missing name
cope with both.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from paper2run.formats.tree import RepoTree
from paper2run.knowledge.library_breaks import break_of_name, libraries
from paper2run.model.facts import Fact, OldName
from paper2run.model.value import Source
from paper2run.python.python_modules import modules_of

NAME: Final = "gone_library_names"

IMPORT: Final = re.compile(
    r"^import[ \t]+([\w.]+)(?:[ \t]+as[ \t]+(\w+))?[ \t]*(?:#.*)?$", re.MULTILINE
)
FROM: Final = re.compile(r"^from[ \t]+([\w.]+)[ \t]+import[ \t]+\(?([\w \t,]+)", re.MULTILINE)
COPES: Final = re.compile(
    r"\.__version__|compat\.v1|hasattr\(|except[ \t(]+(?:Import|ModuleNotFound|Attribute)Error"
)
USE: Final = re.compile(r"(?<![\w.])([A-Za-z_]\w*)((?:\.[A-Za-z_]\w*)+)")
COMMENT: Final = re.compile(r"#[^\n]*")

MAX_NAMES: Final = 500
"""Looked up in one file."""


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield one fact per library: the lowest release that removed a used name, and its first use."""
    found: dict[str, OldName] = {}
    for module in modules_of(tree):
        tops = {i.module.partition(".")[0] for i in module.source.imports if not i.guarded}
        if module.role not in {"package", "script"} or not tops & libraries():
            continue
        text = tree.text(module.path)
        if COPES.search(text):
            continue
        for dotted, position in _used(text):
            known = break_of_name(dotted)
            if known is None:
                continue
            line = text.count("\n", 0, position) + 1
            source = Source(kind="import", path=module.path, line=line, note=f"uses {dotted}")
            old = OldName(
                name=dotted, distribution=known.distribution, below=known.below, source=source
            )
            before = found.get(known.distribution)
            if before is None or _parts(known.below) < _parts(before.below):
                found[known.distribution] = old
    yield from (found[name] for name in sorted(found))


def _used(text: str) -> Iterator[tuple[str, int]]:
    """Yield the dotted library names that a file imports at its top or reaches through an import."""
    aliases: dict[str, str] = {}
    for match in IMPORT.finditer(text):
        top = match[1].partition(".")[0]
        if top in libraries():
            yield match[1], match.start()
            aliases[match[2] or top] = match[1] if match[2] else top
    for match in FROM.finditer(text):
        if match[1].partition(".")[0] not in libraries():
            continue
        for part in match[2].split(","):
            words = part.split()
            if words:
                dotted = f"{match[1]}.{words[0]}"
                yield dotted, match.start()
                aliases[words[-1]] = dotted
    seen: set[str] = set()
    for use in USE.finditer(COMMENT.sub(lambda match: " " * len(match[0]), text)):
        dotted = aliases.get(use[1], "") + use[2]
        if use[1] in aliases and dotted not in seen and len(seen) < MAX_NAMES:
            seen.add(dotted)
            yield dotted, use.start()


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
