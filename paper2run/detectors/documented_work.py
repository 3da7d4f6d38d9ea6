"""Finds the work that documents start, and the Python files that each piece of it loads.

What holds for every piece of work holds for the repository; what a side script wants holds for that script alone.
It follows imports that are needed, so what only a function or a guarded block imports is not loaded.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from paper2run.commands.plain_commands import folder_and_line
from paper2run.detectors import documents
from paper2run.detectors.imported_files import files_of
from paper2run.detectors.own_modules import OwnName, own_names
from paper2run.detectors.own_programs import own_programs
from paper2run.formats.tree import RepoTree
from paper2run.model.facts import Command
from paper2run.model.value import Source
from paper2run.python.python_examples import example_code
from paper2run.python.python_modules import PythonModule, modules_of
from paper2run.python.python_source import parse
from paper2run.python.readme_commands import readme_commands

SCRIPT: Final = re.compile(r"(?:^|[\s'\"=])(?:\./)?([\w./-]+\.py)(?=[\s;'\"\\&|)]|$)")
MODULE: Final = re.compile(r"\s-[a-zA-Z]*m\s+([\w.]+)")
CALLED: Final = re.compile(r"\s*([\w.-]+)(?=\s|$)")
HELP: Final = re.compile(r"\s(?:--help|-h)(?![\w-])")
SHELL_SCRIPT: Final = re.compile(r"^(?:(?:ba|z)?sh\s+|source\s+|\./)?([\w./-]+\.sh)\b")
CONFIGURED: Final = re.compile(r"^configfile:\s*['\"]([\w./-]+)['\"]", re.MULTILINE)
"""The settings of a Snakemake workflow, which may name its scripts."""
MAX_WORKS: Final = 60
MAX_LOADED: Final = 2000


class Work(NamedTuple):
    """One thing that people are told to start."""

    line: str
    source: Source
    starts: tuple[str, ...]
    """The Python files that the line starts, directly or through one shell script.

    Empty for an example, and where several files have the name that the line says.
    """
    loads: frozenset[str]
    """All Python files of the repository that then are loaded, those of `starts` among them."""


def documented_works(tree: RepoTree) -> tuple[Work, ...]:
    """Return what READMEs start of the repository's own Python; empty where they start none."""
    return tree.once(_documented)


def leading_works(tree: RepoTree) -> tuple[Work, ...]:
    """Return what documents start; else what the code itself shows: see `_undocumented`."""
    return documented_works(tree) or tree.once(_undocumented)


def shared_by_most(tree: RepoTree, wants: Callable[[PythonModule], object]) -> PythonModule | None:
    """Return a module that `wants` something if more than half of the leading works load such a one."""
    wanting = {module.path: module for module in modules_of(tree) if wants(module)}
    works = leading_works(tree)
    first: PythonModule | None = None
    count = 0
    for work in works:
        loaded = sorted(
            work.loads & wanting.keys(), key=lambda path: (path not in work.starts, path)
        )
        count += bool(loaded)
        if loaded and first is None:
            first = wanting[loaded[0]]
    return first if 2 * count > len(works) else None


def is_library(tree: RepoTree) -> bool:
    """Whether the repository is an installable package with tests, whose work is what others do."""
    return _is_packaged(tree) and any(module.role == "test" for module in modules_of(tree))


def _is_packaged(tree: RepoTree) -> bool:
    manifest = any(tree.has(name) for name in ("setup.py", "pyproject.toml", "setup.cfg"))
    return manifest and any(own.root in own_names(tree).install_roots for own in _packages(tree))


def is_used_by_others(tree: RepoTree) -> bool:
    """Whether the work is that of others: a library, whose documents start no files of its own."""
    works = documented_works(tree)
    return is_library(tree) and 2 * sum(bool(work.starts) for work in works) <= len(works)


def _packages(tree: RepoTree) -> Iterator[OwnName]:
    for found in own_names(tree).by_name.values():
        yield from (own for own in found if own.form == "package")


def _documented(tree: RepoTree) -> tuple[Work, ...]:
    works = []
    for fact in readme_commands(documents.detect(tree), {"run", "test"}):
        if HELP.search(fact.line):
            continue
        work = _example(tree, fact) if fact.form == "python-example" else _started(tree, fact)
        if work is not None:
            works.append(work)
        if len(works) == MAX_WORKS:
            break
    return tuple(works)


def _undocumented(tree: RepoTree) -> tuple[Work, ...]:
    """Return the workflow, else the scripts at the root that do work, else all such, else all code.

    For a package that gets installed, all code comes after the scripts at the root.
    """
    if workflow := _workflow(tree):
        return (workflow,)
    code = [module for module in modules_of(tree) if module.role in {"package", "script"}]
    working = [
        module.path
        for module in code
        if module.role == "script"
        and (module.source.main_line or module.source.work_line)
        and not module.source.idle
    ]
    leading = [path for path in working if "/" not in path]
    if not leading and not _is_packaged(tree):
        # Beside a package, a script in a folder is a tool of its authors.
        leading = working
    leading = leading or [module.path for module in code]
    return tuple(
        _work(tree, f"python {path}", Source(kind="file", path=path), (path,)) for path in leading
    )[:MAX_WORKS]


def _workflow(tree: RepoTree) -> Work | None:
    """Return all steps of a Snakemake workflow as one work: none is of use without the others."""
    for path in sorted(tree.matching("Snakefile"), key=lambda path: (path.count("/"), path))[:1]:
        folder = path.rpartition("/")[0]
        text = tree.text(path)
        configured = CONFIGURED.search(text)
        settings = _path(tree, configured[1], folder) if configured else ""
        named = SCRIPT.findall(f"{text}\n{tree.text(settings) if settings else ''}")
        steps = {found for name in named if (found := _path(tree, name, folder))}
        code = {module.path for module in modules_of(tree) if module.role in {"package", "script"}}
        if steps & code:
            source = Source(kind="file", path=path)
            return _work(tree, "snakemake", source, tuple(sorted(steps & code)))
    return None


def _started(tree: RepoTree, fact: Command) -> Work | None:
    folder, line = folder_and_line(fact.line)
    shell = SHELL_SCRIPT.match(line)
    if shell:
        script = _path(tree, shell[1], folder)
        text = tree.text(script) if script else ""
        lines = [part for part in text.split("\n") if not part.lstrip().startswith("#")]
        starts = {path for part in lines for path in _scripts(tree, part, folder)}
    else:
        starts = set(_scripts(tree, line, folder)) or _program(tree, line)
    code = {module.path for module in modules_of(tree) if module.role in {"package", "script"}}
    found = tuple(sorted(starts & code))
    if found:
        return _work(tree, fact.line, fact.source, found)
    named = (name.rpartition("/")[2] for name in SCRIPT.findall(line))
    # Which of several files of that name is meant is not known, nor what it needs.
    several = any(len(tree.matching(name)) > 1 for name in named)
    return Work(fact.line, fact.source, (), frozenset()) if several else None


def _scripts(tree: RepoTree, line: str, folder: str) -> Iterator[str]:
    if "python" not in line and not re.match(
        r"\s*(?:\./|torchrun|accelerate|deepspeed|CUDA_)", line
    ):
        return
    found = [(match.start(), [match[1]]) for match in SCRIPT.finditer(line)]
    for match in MODULE.finditer(line):
        stem = match[1].replace(".", "/")
        found.append((match.start(), [f"{stem}.py", f"{stem}/__main__.py"]))
    # What comes later are arguments: `python main.py --config configs/a.py`.
    for _, names in sorted(found):
        for path in filter(None, (_path(tree, name, folder) for name in names)):
            yield path
            return


def _program(tree: RepoTree, line: str) -> set[str]:
    """Return the file behind a line that calls a console script by its name; empty for others."""
    called = CALLED.match(line)
    path = own_programs(tree).get(called[1], "") if called else ""
    return {path} if path else set()


def _path(tree: RepoTree, name: str, folder: str) -> str:
    """Return the file that a name means: below the folder, below the root, else the only one that ends so."""
    plain = name.removeprefix("./")
    for path in (f"{folder}/{plain}" if folder else plain, plain):
        if tree.has(path):
            return path
    last = plain.rpartition("/")[2]
    ending = [path for path in tree.matching(last) if path.endswith(f"/{plain}")]
    return ending[0] if len(ending) == 1 else ""


def _example(tree: RepoTree, fact: Command) -> Work | None:
    code = parse(example_code(fact.line))
    first = {path for imported in code.imports for path in files_of(tree, imported, "")}
    return Work(fact.line, fact.source, (), _closure(tree, first)) if first else None


def _work(tree: RepoTree, line: str, source: Source, starts: tuple[str, ...]) -> Work:
    return Work(line, source, starts, _closure(tree, set(starts)))


def _closure(tree: RepoTree, first: set[str]) -> frozenset[str]:
    by_path = tree.once(_by_path)
    found, waiting = set(first), sorted(first)
    while waiting and len(found) < MAX_LOADED:
        importer = waiting.pop()
        imports = by_path[importer].source.imports if importer in by_path else ()
        needed = [imported for imported in imports if not imported.guarded]
        new = {path for imported in needed for path in files_of(tree, imported, importer)} - found
        found |= new
        waiting += sorted(new)
    return frozenset(found)


def _by_path(tree: RepoTree) -> dict[str, PythonModule]:
    return {module.path: module for module in modules_of(tree)}
