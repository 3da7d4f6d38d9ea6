"""Finds the packages that R scripts load with `library()` or `require()`.

For a package, its DESCRIPTION says more.
"""

import re
from collections.abc import Iterable
from typing import Final

from paper2run.formats.tree import RepoTree
from paper2run.model.facts import Fact, ForeignRequirement
from paper2run.model.value import Source

NAME: Final = "r_scripts"

MAX_PACKAGES: Final = 200
"""Facts kept for one repository."""
LOADS: Final = re.compile(
    r"^[^#\n]*?\b(?:library|require|requireNamespace)[ \t]*\([ \t]*['\"]?([A-Za-z][\w.]{1,60})['\"]?[ \t]*[,)]",
    re.MULTILINE,
)


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield each package once, with the first line that loads it, in the order of the names."""
    if tree.has("DESCRIPTION"):
        return
    first: dict[str, Source] = {}
    for path in tree.matching("*.R", "*.r", "*.Rmd"):
        text = tree.text(path)
        for match in LOADS.finditer(text):
            if match[1] not in first and len(first) < MAX_PACKAGES:
                line = text.count("\n", 0, match.start(1)) + 1
                first[match[1]] = Source(kind="file", path=path, line=line)
    for name in sorted(first):
        yield ForeignRequirement(ecosystem="r", name=name, source=first[name])
