"""Tells which of the repository's files an import loads."""

from collections.abc import Iterator

from paper2run.detectors.own_modules import own_names
from paper2run.formats.tree import RepoTree
from paper2run.python.python_imports import Imported


def files_of(tree: RepoTree, imported: Imported, importer: str) -> Iterator[str]:
    """Yield the repository's files that one import loads."""
    if imported.level:
        parts = importer.split("/")[: -imported.level]
        base = "/".join(parts)
    else:
        own = own_names(tree).provider_of(imported, importer)
        if own is None:
            return
        base = own.root
    dotted = [part for part in imported.module.split(".") if part]
    names = [dotted[: length + 1] for length in range(len(dotted))]
    names += [[*dotted, name] for name in imported.names]
    for parts in names:
        stem = "/".join(part for part in (base, *parts) if part)
        for path in (f"{stem}.py", f"{stem}/__init__.py"):
            if tree.has(path):
                yield path
