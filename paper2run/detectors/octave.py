"""Finds what GNU Octave needs to run MATLAB code: packages (`pkg load x`), scripts, Octave itself.

Octave is needed where the README or CI names it: it runs what keeps to the common part of both languages. A file that
begins with a function or a class starts nothing.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from paper2run.formats.tree import RepoTree
from paper2run.model.facts import EntryPoint, Fact, ForeignRequirement
from paper2run.model.value import Source

NAME: Final = "octave"

OCTAVE: Final = re.compile(r"(?i)(?<![/.\w])octave\b(?!\.\w)")
"""Not the host of an address."""
LOADS: Final = re.compile(
    r"""^(?![ \t]*[%#]).*?\bpkg[ \t(]+['"]?load['"]?[ \t,]+['"]?([a-z][\w-]{1,60})""", re.MULTILINE
)
MAIN: Final = re.compile(r"(?:main|run|demo|example|test|all)[\w-]*\.m", re.IGNORECASE)
"""Names of scripts that their authors start: no document needs to say so."""
FIRST_CODE: Final = re.compile(r"^[ \t]*(?![%#\s])(\w*)", re.MULTILINE)
MAX_FILES: Final = 500
MAX_PACKAGES: Final = 50


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield Octave with the first line of README or CI that names it, the packages by name, the scripts."""
    sources = tree.matching("*.m")[:MAX_FILES]
    if not sources:
        return
    for path in [path for path in tree.matching("README*", "readme*", "*.yml") if _tells(path)]:
        named = OCTAVE.search(text := tree.text(path))
        if named:
            kind = "readme" if path.lower().startswith("readme") else "ci"
            yield _fact("octave", Source(kind=kind, path=path, line=_line(text, named.start())))
            break
    first: dict[str, Source] = {}
    for path in sources:
        text = tree.text(path)
        for loaded in LOADS.finditer(text):
            if loaded[1] not in first and len(first) < MAX_PACKAGES:
                line = _line(text, loaded.start(1))
                first[loaded[1]] = Source(kind="file", path=path, line=line)
    for name in sorted(first):
        yield _fact(name, first[name])
    yield from _scripts(tree, sources)


def _tells(path: str) -> bool:
    return "/" not in path or path.startswith(".")


def _scripts(tree: RepoTree, sources: Iterable[str]) -> Iterator[Fact]:
    for path in sources:
        code = FIRST_CODE.search(tree.text(path)) if MAIN.fullmatch(path) else None
        if code and code[1] not in {"function", "classdef"}:
            source = Source(kind="file", path=path, line=1)
            yield EntryPoint(name=path, form="octave-script", source=source)


def _fact(name: str, source: Source) -> ForeignRequirement:
    return ForeignRequirement(ecosystem="octave", name=name, source=source)


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1
