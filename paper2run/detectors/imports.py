"""Finds the third-party modules that the repository's Python files import.

`notebooks.py` reads those of notebooks.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from paper2run.detectors.missing_parts import left_out_modules
from paper2run.detectors.own_modules import own_names
from paper2run.formats.tree import RepoTree
from paper2run.knowledge.distributions import ONE_EACH, third_party_name
from paper2run.model.facts import Fact, Import, Unreadable, Where
from paper2run.model.value import Source
from paper2run.python.python_imports import Imported
from paper2run.python.python_modules import modules_of

NAME: Final = "imports"

MAX_MODULES: Final = 20_000
"""Distinct third-party modules of one repository; large ones import some 200, and every stage walks over all."""
MAX_TAKEN: Final = 100
"""Names taken of one module; large programs take some 50."""


@dataclass(slots=True)
class Tally:
    """What is known so far of one module in one kind of place."""

    source: Source
    guarded: bool
    paths: set[str] = field(default_factory=set)
    below: set[str] = field(default_factory=set)
    taken: set[str] = field(default_factory=set)


class Tallies:
    """The third-party modules of a repository, by name and kind of place."""

    def __init__(self, tree: RepoTree) -> None:
        self._tree = tree
        self._found: dict[tuple[str, Where], Tally] = {}
        self._beyond: Source | None = None

    def add(self, imported: Imported, where: Where, path: str, *, note: str = "") -> None:
        """Count one import; own and standard modules do not count."""
        if imported.module in ONE_EACH and not imported.level:
            for inner in imported.names:
                alone = replace(imported, module=f"{imported.module}.{inner}", names=())
                self.add(alone, where, path, note=note)
            return
        name = third_party(self._tree, imported, path)
        if not name:
            return
        tally = self._found.get((name, where))
        # A source is made where it is kept: thousands of files import the same few modules.
        if tally is None or (tally.guarded and not imported.guarded):
            line = 0 if note else imported.line
            source = Source(kind="import", path=path, line=line, note=note)
            if tally is None and len(self._found) >= MAX_MODULES:
                self._beyond = self._beyond or source
                return
            if tally is None:
                tally = self._found[name, where] = Tally(source, imported.guarded)
            tally.source, tally.guarded = source, imported.guarded
        tally.paths.add(path)
        below = imported.module.removeprefix(name).removeprefix(".").partition(".")[0]
        if below:
            tally.below.add(below)
        if not imported.guarded and len(tally.taken) < MAX_TAKEN:
            names = [name for name in imported.names if name != "*"]
            tally.taken.update(f"{imported.module}:{name}" for name in names)
            if "." in imported.module and not names:
                tally.taken.add(imported.module)

    def facts(self) -> Iterable[Fact]:
        """Yield one fact per module and kind of place; unguarded if any file there needs it; by name."""
        if self._beyond is not None:
            why = f"more than {MAX_MODULES} imported modules: further ones are left out"
            yield Unreadable(path=self._beyond.path, cause="limit", why=why, source=self._beyond)
        for (name, where), tally in sorted(self._found.items()):
            yield Import(
                module=name,
                where=where,
                guarded=tally.guarded,
                files=len(tally.paths),
                below=tuple(sorted(tally.below)),
                taken=tuple(sorted(tally.taken)),
                source=tally.source,
            )


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield the modules that Python files import."""
    found = Tallies(tree)
    for module in modules_of(tree):
        for imported in module.source.imports:
            found.add(imported, module.role, module.path)
    yield from found.facts()


def third_party(tree: RepoTree, imported: Imported, path: str) -> str:
    """Return the module that an import needs from elsewhere; empty for own and standard modules."""
    if imported.level or not imported.module:
        return ""
    name = third_party_name(imported.module)
    if not name or own_names(tree).provider_of(imported, path) or name in left_out_modules(tree):
        return ""
    return name
