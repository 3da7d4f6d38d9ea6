"""Finds what MATLAB code needs where GNU Octave runs it: `pkg load statistics`, and Octave itself.

Octave is needed where the README or CI names it: it runs what keeps to the common part of both languages.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from paper2run.formats.tree import RepoTree
from paper2run.model.facts import Fact, ForeignRequirement
from paper2run.model.value import Source

NAME: Final = "octave"

OCTAVE: Final = re.compile(r"(?i)(?<![/.\w])octave\b(?!\.\w)")
"""Not the host of an address."""
LOADS: Final = re.compile(
    r"""^(?![ \t]*[%#]).*?\bpkg[ \t(]+['"]?load['"]?[ \t,]+['"]?([a-z][\w-]{1,60})""", re.MULTILINE
)
MAX_FILES: Final = 500
MAX_PACKAGES: Final = 50


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield Octave with the first line of README or CI that names it, then the packages by name."""
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
    yield from _packages(first)


def _tells(path: str) -> bool:
    return "/" not in path or path.startswith(".")


def _packages(first: dict[str, Source]) -> Iterator[Fact]:
    for name in sorted(first):
        yield _fact(name, first[name])


def _fact(name: str, source: Source) -> ForeignRequirement:
    return ForeignRequirement(ecosystem="octave", name=name, source=source)


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1
