"""Finds the modules that Lua sources load and the checkout does not hold: `require 'torch'`."""

import re
from collections.abc import Iterable
from typing import Final

from paper2run.formats.tree import RepoTree
from paper2run.model.facts import Fact, ForeignRequirement
from paper2run.model.value import Source

NAME: Final = "lua_modules"

MAX_MODULES: Final = 200
"""Facts kept for one repository."""
REQUIRE: Final = re.compile(
    r"""^(?![ \t]*--).*?\brequire[ \t]*+(?:\([ \t]*+)?['"]([\w./-]{1,100})['"]""", re.M
)


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield each module once, with the first line that loads it, in the order of the names."""
    first: dict[str, Source] = {}
    sources = tree.matching("*.lua")
    for path in sources:
        text = tree.text(path)
        for match in REQUIRE.finditer(text):
            name = match[1]
            if name in first or len(first) >= MAX_MODULES:
                continue
            file = name.replace(".", "/") + ".lua"
            if any(other == file or other.endswith(f"/{file}") for other in sources):
                continue
            line = text.count("\n", 0, match.start()) + 1
            first[name] = Source(kind="file", path=path, line=line)
    for name in sorted(first):
        yield ForeignRequirement(ecosystem="lua", name=name, source=first[name])
