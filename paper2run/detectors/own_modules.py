"""Finds the top-level packages and modules that the repository provides, and their folders."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, Literal

from paper2run.formats.tree import RepoTree
from paper2run.knowledge.distributions import is_known, stdlib_span
from paper2run.knowledge.language_endings import ENDINGS
from paper2run.model.facts import Fact, OwnModule
from paper2run.model.value import Source
from paper2run.python.beside_names import beside_names, defines
from paper2run.python.install_roots import (
    NOT_INSTALLED,
    PACKAGE_DIR,
    install_roots_of,
    project_folders,
    takes_all,
)
from paper2run.python.python_imports import Imported
from paper2run.python.python_modules import PythonModule, modules_of, role_of

NAME: Final = "own_modules"

CODE: Final = (*ENDINGS, ".so", ".pyd")
NATIVE: Final = tuple(ending for ending, name in ENDINGS.items() if name in ("c", "c++"))
WORKS: Final = re.compile(
    r"\bPyInit_|\bPyMODINIT_FUNC\b|\bPy_InitModule|\bPYBIND11_|\bBOOST_PYTHON_MODULE\b|\bNB_MODULE\b|\bmain\s*\("
)
"""Defines a module of Python: in C, or with pybind11, Boost.Python or nanobind; or a program of its own."""
FINDS_PACKAGES: Final = re.compile(
    r"find(?:_namespace)?_packages|packages\s*=\s*find|packages\.find"
)
DOES_SOMETHING: Final = re.compile(
    r"^(?:(?:def|class|exec)\b|from\s+(?!__future__|importlib|pkg_resources|[\w.]*?_*(?:version|about)_*\s)"
    r"|import\s+(?!importlib|pkg_resources))",
    re.MULTILINE,
)
"""A line of `__init__.py` that loads or makes more than the package's version."""
MAX_INNER: Final = 12

Form = Literal["package", "module", "namespace"]


@dataclass(frozen=True, slots=True)
class OwnName:
    """A name that becomes importable when `root` is on `sys.path`."""

    root: str
    path: str
    form: Form


@dataclass(frozen=True)
class OwnNames:
    """All names that the repository could provide, and the folders that an install starts from."""

    by_name: dict[str, tuple[OwnName, ...]]
    beside: dict[str, tuple[OwnName, ...]]
    """Packages inside packages, and files of pytest and setuptools: names for scripts that lie beside them."""
    install_roots: dict[str, str]
    """Folder that holds packages, and the text of the metadata that makes it one."""
    _packages: frozenset[str] = field(repr=False)
    _paths: frozenset[str] = field(repr=False)
    _tree: RepoTree = field(repr=False)

    def provider_of(self, imported: Imported, importer: str) -> OwnName | None:
        """Return what the file `importer` gets for an absolute import, or None where it comes from elsewhere.

        Names of well-known distributions and of the standard library are held to what Python itself would
        find; any other name that exists in the repository is its own, as research code puts all sorts of
        folders on `sys.path`.
        """
        name, _, rest = imported.module.partition(".")
        inner = (rest.partition(".")[0],) if rest else imported.names
        here = _folder_of(importer)
        known = is_known(name) or stdlib_span(name) is not None
        if name not in self.by_name:
            return None if known else self._beside(imported, importer, inner)
        # No plain module has another one inside, so `from a.b import c` means a folder `a` that holds it.
        inside = {own for own in self.by_name[name] if rest and self._holds(own, inner)}
        for own in sorted(self.by_name[name], key=lambda own: own not in inside):
            if own.path == importer and own.form == "module":
                continue
            if not known or self._is_found(own, here, inner):
                return own
        return None if known else self._beside(imported, importer, inner)

    def _beside(self, imported: Imported, importer: str, inner: tuple[str, ...]) -> OwnName | None:
        """Return what a script finds beside itself, or above, if all that it wants of it is there.

        A subpackage may bear the name of the library that it wraps, and of that its neighbours want other things.
        """
        here = _folder_of(importer)
        for own in self.beside.get(imported.module.partition(".")[0], ()):
            above = own.root == here or here.startswith(f"{own.root}/")
            if not above or own.path == importer or not (inner or own.form == "module"):
                continue
            if self._holds(own, inner) or defines(self._tree.text(own.path), inner):
                return own
        return None

    def _is_found(self, own: OwnName, here: str, inner: tuple[str, ...]) -> bool:
        """Whether Python would find it before an installed distribution of that name.

        `inner` is what is wanted of it: `b` in `import a.b` and in `from a import b`.
        """
        above = own.root in {here, ""} or here.startswith(f"{own.root}/")
        if own.form == "namespace":
            # An installed package beats a folder without __init__.py (PEP 420), also for the code inside of it, such
            # as tensorflow/train.py. Code that puts a folder on `sys.path` imports by the names of the files inside.
            places = [f"{own.path}/{name}" for name in inner]
            return any(
                f"{place}.py" in self._paths or (above and place in self._packages)
                for place in places
            )
        if own.root in self.install_roots:
            return True
        # Inside a package an absolute import does not see the siblings (PEP 328).
        return above and not (own.root == here and here in self._packages)

    def _holds(self, own: OwnName, inner: tuple[str, ...]) -> bool:
        """Whether it is a folder with one of these modules or packages in it."""
        if own.form == "module":
            return False
        folder = own.path.removesuffix("/__init__.py")
        places = [f"{folder}/{name}" for name in inner]
        return any(f"{place}.py" in self._paths or place in self._packages for place in places)


def own_names(tree: RepoTree) -> OwnNames:
    """Return the names that the repository could provide, found once per tree."""
    return tree.once(_find)


def imported_own(tree: RepoTree) -> frozenset[OwnName]:
    """Return the repository's own modules that its Python files import by absolute imports.

    They are searched once per tree.
    """
    return tree.once(_find_imported)


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield top-level packages, and plain modules and folders that other code imports; by root, then name."""
    names = own_names(tree)
    imported = imported_own(tree)
    for name, own in sorted(
        ((name, own) for name, found in names.by_name.items() for own in found),
        key=lambda pair: (pair[1].root, pair[0], pair[1].path),
    ):
        installed = _is_installed(name, own, names.install_roots)
        if own.form == "package" or installed or own in imported:
            yield OwnModule(
                module=name,
                root=own.root,
                installed=installed,
                hollow=_is_hollow(tree, own),
                inner=tuple(islice(_inner(tree, own), MAX_INNER)),
                source=Source(kind="file", path=own.path),
            )


def _find_imported(tree: RepoTree) -> frozenset[OwnName]:
    names = own_names(tree)
    providers = (
        names.provider_of(imported, module.path)
        for module in modules_of(tree)
        for imported in module.source.imports
        if imported.level == 0
    )
    return frozenset(provider for provider in providers if provider)


def _find(tree: RepoTree) -> OwnNames:
    by_name: dict[str, list[OwnName]] = {}
    paths = [path for path in tree.files if path.endswith((".py", ".pyx"))]
    install_roots = dict(install_roots_of(tree))
    packages = {_folder_of(path) for path in paths if path.endswith("/__init__.py")}
    # No import names a folder such as `a-demo`: what lies in it is found from that folder itself.
    packages = {folder for folder in packages if folder.rpartition("/")[2].isidentifier()}
    packages -= set(install_roots)
    projects = project_folders(paths)
    for name, own in _names_of(paths, packages):
        if own.path not in projects:
            by_name.setdefault(name, []).append(own)
    beside: dict[str, list[OwnName]] = {}
    for name, folder, path in beside_names(paths, packages):
        form: Form = "package" if path.endswith("/__init__.py") else "module"
        beside.setdefault(name, []).append(OwnName(folder, path, form))
    return OwnNames(
        {name: tuple(sorted(found, key=_nearest)) for name, found in by_name.items()},
        {name: tuple(sorted(found, key=_nearest)) for name, found in beside.items()},
        install_roots,
        frozenset(packages),
        frozenset(paths),
        tree,
    )


def _names_of(paths: list[str], packages: set[str]) -> Iterator[tuple[str, OwnName]]:
    folders: set[str] = set()
    for path in paths:
        folder, _, file = path.rpartition("/")
        stem = file.rpartition(".")[0]
        if stem not in {"__init__", "__main__", "setup", "conftest"} and stem.isidentifier():
            yield stem, OwnName(folder, path, "module")
        while folder and folder not in folders:
            folders.add(folder)
            folder = _folder_of(folder)
    for folder in folders:
        root, _, name = folder.rpartition("/")
        if not name.isidentifier() or (folder in packages and root in packages):
            continue
        if folder in packages:
            yield name, OwnName(root, f"{folder}/__init__.py", "package")
        else:
            yield name, OwnName(root, folder, "namespace")


def _is_hollow(tree: RepoTree, own: OwnName) -> bool:
    """Whether it holds modules and not a byte of code; an empty `__init__.py` alone is usual."""
    if own.form == "module":
        # One empty module says nothing of the others: none but tests holds any code.
        return not any(tree.size_bytes(path) for path in tree.files if _is_work(tree, path))
    code = [path for path in tree.below(_folder_of(own.path)) if _may_work(tree, path)]
    has_modules = any(not path.endswith("/__init__.py") for path in code)
    return own.form == "package" and has_modules and not any(map(tree.size_bytes, code))


def _may_work(tree: RepoTree, path: str) -> bool:
    """Whether a file is code that does something: C and C++ only as a module of Python, or as a program."""
    return path.endswith(CODE) and (
        not path.endswith(NATIVE) or WORKS.search(tree.text(path)) is not None
    )


def _inner(tree: RepoTree, own: OwnName) -> Iterator[str]:
    """Yield the modules of a package that its `__init__.py` does not load, largest first.

    Those that work as they are imported are scripts, whatever they lie in.
    """
    if own.form != "package" or DOES_SOMETHING.search(tree.text(own.path)):
        return
    folder = _folder_of(own.path)
    found = [
        module
        for module in tree.once(_by_folder).get(folder, ())
        if module.role == "package" and not module.source.work_line
    ]
    for module in sorted(found, key=lambda one: (-tree.size_bytes(one.path), one.path)):
        stem = module.path.rpartition("/")[2].removesuffix(".py")
        if stem.isidentifier() and not stem.startswith("_"):
            yield stem


def _by_folder(tree: RepoTree) -> dict[str, list[PythonModule]]:
    found: dict[str, list[PythonModule]] = {}
    for module in modules_of(tree):
        found.setdefault(_folder_of(module.path), []).append(module)
    return found


def _is_work(tree: RepoTree, path: str) -> bool:
    """Whether a file is code that is neither a test nor part of a build."""
    name = path.rpartition("/")[2]
    is_test = role_of(tree, path) in ("test", "build") or name == "test.py"
    return path.endswith(CODE) and not is_test


def _is_installed(name: str, own: OwnName, install_roots: dict[str, str]) -> bool:
    text = install_roots.get(own.root)
    if text is None or own.form == "namespace" or name in NOT_INSTALLED:
        return False
    if any(match[1].strip("./") == name for match in PACKAGE_DIR.finditer(text)):
        # A folder that holds the packages is none itself, whatever lies in it.
        return False
    if takes_all(own.root, text):
        return True
    quoted = re.search(rf"""["']{re.escape(name)}["'.]""", text) is not None
    if own.form == "module":
        return quoted and re.search(r"py[_-]modules|flit", text) is not None
    return quoted or "setup(" not in text or FINDS_PACKAGES.search(text) is not None


def _folder_of(path: str) -> str:
    return path.rpartition("/")[0]


def _nearest(own: OwnName) -> tuple[int, int, str]:
    forms = ("package", "module", "namespace")
    return forms.index(own.form), own.path.count("/"), own.path
