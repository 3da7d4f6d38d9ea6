"""Reads all Python files and notebooks of a repository once, for every detector that looks at code."""

import re
from dataclasses import dataclass
from typing import Final

from paper2run.formats.tree import RepoTree
from paper2run.model.facts import Where
from paper2run.python.python_imports import scan_imports
from paper2run.python.python_source import PythonSource, parse

MAX_PARSED_BYTES: Final = 2_000_000
"""Text parsed in full, most telling files first; of the rest only import lines and `__main__` guards are read.

Parsing costs 30 x reading. 2 MB are about 50,000 lines: nearly every research repository is parsed whole.
"""
LARGE_TREE_FILES: Final = 3000
LARGE_TREE_PARSED_BYTES: Final = 200_000
"""The same for trees of more files: there facts must not cost more than 3 x reading (facts_speed.py)."""
FILE_COST_BYTES: Final = 500
"""What parsing even an empty file costs, in bytes that could be parsed instead."""
MAIN_GUARD: Final = re.compile(r"""^if[ \t(]+__name__[ \t]*==[ \t]*["']__main__""", re.MULTILINE)
TEST_FOLDERS: Final = frozenset(
    {"test", "tests", "testing", "unittests", "unit_tests", "test_suite"}
)
SIDE_FOLDERS: Final = frozenset(
    {"doc", "docs", "third_party", "thirdparty", "vendor", "_vendor", "vendored", "external", "extern", "deprecated"}
)  # fmt: skip
"""Folders of other people's code and of documentation."""
BUILD_FILES: Final = frozenset(
    {"setup.py", "noxfile.py", "fabfile.py", "versioneer.py", "ez_setup.py", "distribute_setup.py"}
)
TEST_FILE: Final = re.compile(r"conftest\.py$|tests?_.*\.py$|.*_tests?\.py$|tests\.py$")
"""A plain `test.py` is not among them: in research code that is the script which evaluates a model."""


@dataclass(frozen=True, slots=True)
class PythonModule:
    """One Python file of the repository."""

    path: str
    role: Where
    source: PythonSource
    parsed: bool
    """False where only its import lines were read."""


def modules_of(tree: RepoTree) -> tuple[PythonModule, ...]:
    """Return all Python files in path order, read once per tree."""
    return tree.once(_read_all)


def is_package_folder(tree: RepoTree, folder: str) -> bool:
    """Whether a folder below the root (empty for the root itself) holds an `__init__.py`."""
    return bool(folder) and tree.has(f"{folder}/__init__.py")


def role_of(tree: RepoTree, path: str) -> Where:
    """Return what a Python file is for, by its name and folders."""
    folder, _, name = path.rpartition("/")
    folders = set(folder.lower().split("/"))
    name = name.lower()
    if folders & TEST_FOLDERS or TEST_FILE.match(name):
        return "test"
    if name in BUILD_FILES or (name == "conf.py" and folders & SIDE_FOLDERS):
        return "build"
    return "package" if is_package_folder(tree, folder) else "script"


def _read_all(tree: RepoTree) -> tuple[PythonModule, ...]:
    left = MAX_PARSED_BYTES
    if len(tree.files) > LARGE_TREE_FILES:
        left = LARGE_TREE_PARSED_BYTES
    read: dict[str, PythonModule] = {}
    paths = [path for path in tree.files if path.endswith((".py", ".pyw"))]
    for path in sorted(paths, key=_least_telling):
        text = tree.text(path)
        cost = len(text) + FILE_COST_BYTES
        parsed = cost <= left
        if parsed:
            left -= cost
        source = parse(text) if parsed else _scanned(text)
        read[path] = PythonModule(path, role_of(tree, path), source, parsed)
    return tuple(read[path] for path in paths)


def _scanned(text: str) -> PythonSource:
    guard = MAIN_GUARD.search(text) if "__main__" in text else None
    line = text.count("\n", 0, guard.start()) + 1 if guard else 0
    return PythonSource(imports=scan_imports(text), main_line=line)


def _least_telling(path: str) -> tuple[bool, int, str]:
    folders = {part.lower() for part in path.split("/")[:-1]}
    return bool(folders & (TEST_FOLDERS | SIDE_FOLDERS)), path.count("/"), path
