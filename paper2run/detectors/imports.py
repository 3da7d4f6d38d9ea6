"""Finds the third-party modules that the repository's Python files import; notebooks are read in notebooks.py."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from paper2run.detectors.own_modules import own_names
from paper2run.distributions import third_party_name
from paper2run.model.facts import Fact, Import, Where
from paper2run.model.value import Source
from paper2run.python_imports import Imported
from paper2run.python_modules import modules_of
from paper2run.tree import RepoTree

NAME: Final = "imports"


@dataclass(slots=True)
class Tally:
    """What is known so far of one module in one kind of place."""

    source: Source
    guarded: bool
    files: int = 0


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield one fact per module and kind of place; unguarded if any file there needs it; by name."""
    found: dict[tuple[str, Where], Tally] = {}
    for module in modules_of(tree):
        here: dict[str, Imported] = {}
        for imported in module.source.imports:
            name = third_party(tree, imported, module.path)
            if name and (name not in here or (here[name].guarded and not imported.guarded)):
                here[name] = imported
        for name, imported in here.items():
            source = Source(kind="import", path=module.path, line=imported.line)
            tally = found.setdefault((name, module.role), Tally(source, imported.guarded))
            tally.files += 1
            if tally.guarded and not imported.guarded:
                tally.source, tally.guarded = source, False
    for (name, where), tally in sorted(found.items()):
        yield Import(
            module=name,
            where=where,
            guarded=tally.guarded,
            files=tally.files,
            source=tally.source,
        )


def third_party(tree: RepoTree, imported: Imported, path: str) -> str:
    """Return the module that an import needs from elsewhere; empty for own and standard modules."""
    if imported.level or not imported.module:
        return ""
    name = third_party_name(imported.module)
    if not name or own_names(tree).provider_of(imported.module, path):
        return ""
    return name
