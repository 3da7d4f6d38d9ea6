"""Finds what can be started: scripts, `__main__.py`, notebooks.

A script counts if it has a `__main__` guard that calls something, or works at the top level. Console scripts are
declared in manifests and found there.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from paper2run.detectors.own_modules import imported_own
from paper2run.formats.tree import RepoTree
from paper2run.model.facts import EntryPoint, Fact, Unreadable
from paper2run.model.value import Source
from paper2run.python.notebook_source import Notebook, notebooks_of
from paper2run.python.python_modules import (
    SIDE_FOLDERS,
    PythonModule,
    is_package_folder,
    modules_of,
)

NAME: Final = "entry_points"


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield entry points: modules, then scripts, then notebooks, each in path order.

    A script without content is `Unreadable`: starting it exits 0 and does nothing. Documentation and other
    people's code are left out.
    """
    modules = [
        module
        for module in modules_of(tree)
        if module.role in {"package", "script"} and not SIDE_FOLDERS & set(module.path.split("/"))
    ]
    yield from _package_modules(tree, modules)
    # What another file imports is a library, even where it does work at the top level.
    imported = {found.path for found in imported_own(tree) if found.form == "module"}
    for module in modules:
        # A main block that calls nothing starts nothing.
        started = 0 if module.source.idle else module.source.main_line
        if not started and module.path not in imported and _is_script(module):
            # What no Python reads is started by people, too, and fails.
            started = module.source.work_line or module.source.broken_line
        if module.role == "script" and tree.size_bytes(module.path) == 0:
            where = Source(kind="file", path=module.path)
            why = "empty: nothing to start"
            yield Unreadable(path=module.path, cause="empty", why=why, source=where)
        if started and not module.path.endswith(("/__main__.py", "__init__.py")):
            yield EntryPoint(
                name=module.path,
                form="script",
                required_arguments=module.source.arguments,
                without_parser=module.source.without_parser,
                source=Source(kind="file", path=module.path, line=started),
            )
    for notebook in notebooks_of(tree):
        if isinstance(notebook, Notebook) and notebook.cells:
            source = Source(kind="file", path=notebook.path)
            yield EntryPoint(
                name=notebook.path, form="notebook", language=notebook.language, source=source
            )


def _is_script(module: PythonModule) -> bool:
    """Whether a file without a guard is meant to be started: outside packages, or parsing arguments."""
    return module.role == "script" or any(
        called.name.endswith("parse_args") for called in module.source.calls
    )


def _package_modules(tree: RepoTree, modules: Iterable[PythonModule]) -> Iterator[Fact]:
    """Yield packages that `python -m` starts, by their dotted name."""
    for module in modules:
        folder, _, name = module.path.rpartition("/")
        if name != "__main__.py" or not folder:
            continue
        dotted, above = [folder.rpartition("/")[2]], folder.rpartition("/")[0]
        while is_package_folder(tree, above):
            dotted.insert(0, above.rpartition("/")[2])
            above = above.rpartition("/")[0]
        yield EntryPoint(
            name=".".join(dotted),
            form="module",
            required_arguments=module.source.arguments,
            without_parser=module.source.without_parser,
            source=Source(kind="file", path=module.path, line=1),
        )
