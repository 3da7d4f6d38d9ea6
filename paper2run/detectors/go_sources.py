"""Reads Go sources from before modules (Go 1.11, 2018): their import path and foreign imports.

Such sources were built below GOPATH, in the folder that their import path names.
https://pkg.go.dev/cmd/go#hdr-GOPATH_environment_variable
"""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Final

from paper2run.formats.tree import RepoTree
from paper2run.model.facts import BuildFile, Fact, ForeignRequirement
from paper2run.model.value import Source

NAME: Final = "go_sources"

IMPORTS: Final = re.compile(
    r"^import\s+(?:\(((?:[^()]|\([^()\n]*+\))*+)\)|(?:[\w.]+\s+)?(\"[^\"\n]+\"))", re.MULTILINE
)
IMPORTED: Final = re.compile(r"\"([\w.-]+\.[\w-]+/[\w./~-]+)\"")
"""The first part of a path that is not of the standard library has a dot: it is a host."""
CANONICAL: Final = re.compile(r"^package\s+\w+\s*//\s*import\s+\"([^\"\n]+)\"", re.MULTILINE)
MAX_IMPORTS: Final = 500
"""Imports and folders looked at for one repository."""
VENDORED: Final = ("vendor/", "Godeps/")


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield the build file and the imports of other people's packages; nothing where there is a go.mod."""
    sources = [path for path in tree.matching("*.go") if not path.startswith(VENDORED)]
    if tree.has("go.mod") or not sources:
        return
    first: dict[str, Source] = {}
    for path in sources:
        text = tree.text(path)
        for statement in IMPORTS.finditer(text):
            for found in IMPORTED.finditer(statement[0]):
                if found[1] not in first and len(first) < MAX_IMPORTS:
                    line = text.count("\n", 0, statement.start() + found.start()) + 1
                    first[found[1]] = Source(kind="file", path=path, line=line)
    own = _own_path(tree, sources, first)
    yield BuildFile(
        system="go", path=sources[0], name=own, source=Source(kind="file", path=sources[0])
    )
    vendored = {path.removeprefix("vendor/").rpartition("/")[0] for path in tree.below("vendor")}
    for name in sorted(first):
        is_own = own and f"{name}/".startswith(f"{own}/")
        if not is_own and name not in vendored:
            yield ForeignRequirement(ecosystem="go", name=name, source=first[name])


def _own_path(tree: RepoTree, sources: list[str], imported: Iterable[str]) -> str:
    """Return the import path of the checkout's root; empty where nothing tells it."""
    for path in sources:
        canonical = CANONICAL.search(tree.text(path)) if "/" not in path else None
        if canonical:
            return canonical[1]
    folders = sorted({path.rpartition("/")[0] for path in sources} - {""})[:MAX_IMPORTS]
    roots = Counter(
        name.removesuffix(f"/{folder}")
        for name in imported
        for folder in folders
        if name.endswith(f"/{folder}")
    )
    return roots.most_common(1)[0][0] if roots else ""
