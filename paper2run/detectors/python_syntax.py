"""Tells which versions of Python the repository's own grammar and standard-library imports leave."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from paper2run.detectors.own_modules import own_names
from paper2run.formats.tree import RepoTree
from paper2run.knowledge.distributions import stdlib_span
from paper2run.model.facts import Fact, PythonConstraint, PythonSyntax, Unreadable
from paper2run.model.value import Source
from paper2run.python.python_dialects import Syntax
from paper2run.python.python_modules import PythonModule, modules_of

NAME: Final = "python_syntax"

MAX_BROKEN: Final = 20
"""Broken files reported one by one."""
NEWEST: Final = "3.13"
"""End of the standard-library table: a module of this version may live on."""
UNDATED: Final = frozenset({"2.7", "3.6", "3.10"})
"""First versions that say nothing: both ends of the table, and the version that began to list other platforms."""
SHIMMED: Final = frozenset({"distutils"})
"""Removed modules that setuptools brings back."""


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield the `PythonSyntax` that files need, limits from removed modules, and broken files.

    There is one `PythonSyntax` per version.
    """
    modules = [module for module in modules_of(tree) if module.role != "build"]
    yield from _grammars(modules)
    yield from _removed_words(modules)
    yield from _standard_modules(tree, modules)
    broken = [module for module in modules if module.source.broken]
    for module in broken[:MAX_BROKEN]:
        where = Source(kind="file", path=module.path, line=module.source.broken_line)
        why = f"not Python: {module.source.broken}"
        yield Unreadable(path=module.path, cause="malformed", why=why, source=where)


def need_of(module: PythonModule, *, hints: bool = True) -> Syntax | None:
    """Return the syntax of a file that only the fewest versions accept; None where all do.

    `hints` counts the type hints that the file evaluates.
    """
    syntax = [
        found for found in module.source.syntax if not found.below and (hints or not found.is_hint)
    ]
    newest = max((found for found in syntax if found.major == 3), key=_minor, default=None)
    # `print >> file` also parses today: it tells only where nothing shows Python 3.
    return newest if newest and newest.minor else next(iter(syntax), newest)


def _grammars(modules: Sequence[PythonModule]) -> Iterator[Fact]:
    """Yield what the grammar of any file needs, and the type hints of a package.

    Where no package is, those of half of the scripts count: one script may be out of use.
    """
    needs: dict[tuple[int, int], list[Source]] = {}
    roles = [module.role for module in modules]
    hinted = [any(found.is_hint for found in module.source.syntax) for module in modules]
    scripts = [hint for hint, role in zip(hinted, roles, strict=True) if role == "script"]
    imported = (
        "script" if "package" not in roles and sum(scripts) * 2 >= len(scripts) else "package"
    )
    for module in modules:
        need = need_of(module, hints=module.role == imported)
        if need:
            source = Source(kind="file", path=module.path, line=need.line, note=need.what)
            needs.setdefault((need.major, need.minor), []).append(source)
    for (major, minor), sources in sorted(needs.items()):
        yield PythonSyntax(
            major=2 if major == 2 else 3,
            minor=minor,
            files=len(sources),
            out_of=len(modules),
            source=sources[0],
        )


def _removed_words(modules: Iterable[PythonModule]) -> Iterator[Fact]:
    """Yield one constraint for the first use of a word that later became a keyword."""
    for module in modules:
        for found in module.source.syntax:
            if found.below:
                where = Source(kind="file", path=module.path, line=found.line, note=found.what)
                yield PythonConstraint(
                    specifier=f"<{found.major}.{found.below}", strength="required", source=where
                )
                return


def _standard_modules(tree: RepoTree, modules: Iterable[PythonModule]) -> Iterator[Fact]:
    """Yield one constraint per limit that unguarded imports of the standard library set.

    Each names the first such import. In a package it is binding, and so is that of half of the scripts where no package
    is: one script may be out of use. Where more files are written in Python 3, one of Python 2 binds nothing.
    """
    found: dict[tuple[str, str], PythonConstraint] = {}
    files: dict[str, set[str]] = {}
    own_code = [module for module in modules if module.role in {"package", "script"}]
    for module in own_code:
        for imported in module.source.imports:
            name = imported.module.partition(".")[0]
            limit = _limit(name)
            own = limit and (
                _beside(tree, module.path, name)
                or own_names(tree).provider_of(imported, module.path) is not None
            )
            if not limit or imported.guarded or imported.level or own or name in SHIMMED:
                continue
            need = need_of(module)
            if limit == "<3" and need and need.major == 3:
                continue
            place = Source(
                kind="import", path=module.path, line=imported.line, note=f"import {name}"
            )
            strength = "required" if module.role == "package" else "mentioned"
            files.setdefault(limit, set()).add(module.path)
            found.setdefault(
                (limit, strength),
                PythonConstraint(specifier=limit, strength=strength, source=place),
            )
    scripts_alone = all(module.role == "script" for module in own_code)
    threes = [module for module in own_code if (need := need_of(module)) and need.major == 3]
    for (limit, _), fact in sorted(found.items(), key=lambda one: one[0]):
        if limit == "<3" and len(files[limit]) < len(threes):
            yield fact.changed(strength="mentioned")
        elif scripts_alone and len(files[limit]) * 2 >= len(own_code):
            yield fact.changed(strength="required")
        else:
            yield fact


def _beside(tree: RepoTree, path: str, name: str) -> bool:
    """Whether a module of that name stands in the file's own folder.

    A file that is started as a script imports that module, also inside a package.
    """
    folder = path.rpartition("/")[0]
    stem = f"{folder}/{name}" if folder else name
    return tree.has(f"{stem}.py") or tree.has(f"{stem}/__init__.py")


def _limit(name: str) -> str:
    span = stdlib_span(name)
    if span is None:
        return ""
    first, last = span
    if last == "2.7":
        return "<3"
    if last != NEWEST:
        major, minor = last.split(".")
        return f"<{major}.{int(minor) + 1}"
    return f">={first}" if first not in UNDATED else ""


def _minor(syntax: Syntax) -> int:
    return syntax.minor
