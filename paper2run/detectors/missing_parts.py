"""Finds modules that code imports from the repository's own packages, and that are not there.

Only what cannot come from anywhere else counts: never what a build compiles or generates, what a test wants, or what
code can do without. `.gitignore` and `.gitmodules` say why such a part was left out.
https://git-scm.com/docs/gitignore
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import Final

from paper2run.commands.working_folder import folders_of
from paper2run.detectors.own_modules import OwnName, own_names
from paper2run.formats.tree import RepoTree
from paper2run.knowledge.distributions import is_known, third_party_name
from paper2run.model.facts import Fact, MissingPart
from paper2run.model.value import Source
from paper2run.python.own_projects import is_aside
from paper2run.python.python_imports import Imported
from paper2run.python.python_modules import modules_of

NAME: Final = "missing_parts"
GENERATED: Final = re.compile(
    r"_.*|.*_?version(?:_info)?|.*_(?:pb2|pb2_grpc|rc|ui|ext|cy|cython|wrap|swig)|ui_.*|.*(?:Parser|Lexer|Listener|Visitor)|\w*tab"
)
"""Names that setuptools, protoc, Qt's and SWIG's tools, ANTLR and PLY write, and names of compiled parts."""
BUILD_FILES: Final = (
    "setup.py", "setup.cfg", "pyproject.toml", "meson.build", "CMakeLists.txt", "Makefile", "makefile", "*.cmake",
    "build.py", "Cargo.toml", "MANIFEST.in", "*.sh", "*.mk", "Makefile.am", "wscript", "SConstruct", "SConscript",
)  # fmt: skip
BUILT: Final = re.compile(
    r"ext|cython|pybind|cffi|ffi|module|library|write|version|generat|protoc|swig|f2py|maturin|rule\b|target|gen\b|-o\b|>",
    re.I,
)
"""Words beside a name in a build file that say how it comes into being."""
SOURCES: Final = (
    ".pyx", ".c", ".cc", ".cpp", ".cxx", ".cu", ".f", ".f90", ".f95", ".pyf", ".rs", ".i", ".proto", ".g4", ".py.in",
    ".in", ".sage", ".tmpl", ".template", ".ui", ".thrift", ".fbs",
)  # fmt: skip
"""Endings of what a build makes modules from."""
DYNAMIC: Final = re.compile(
    r"sys\.modules|__path__|__getattr__|lazy|importlib|\bsetattr\(|globals\(\)|import_hook"
)
"""What a package does that makes modules, or names of modules, at run time."""
MAX_PARTS: Final = 50
"""More are one folder that was left out."""


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield the missing parts, each with its first import, by file; nothing for a cut listing."""
    if not tree.truncated:
        yield from tree.once(_parts)


def left_out_modules(tree: RepoTree) -> frozenset[str]:
    """Return the top-level modules that `.gitignore` leaves out of the repository: no index has them."""
    parts = () if tree.truncated else tree.once(_parts)
    return frozenset(part.module for part in parts if "." not in part.module)


def _parts(tree: RepoTree) -> tuple[MissingPart, ...]:
    found: dict[str, MissingPart] = {}
    for module in modules_of(tree):
        folder = module.path.rpartition("/")[0]
        if module.role in ("test", "build") or is_aside(folder) or not module.parsed:
            continue
        times = Counter((one.level, one.module) for one in module.source.imports)
        for imported in module.source.imports:
            # What is imported, made by the handler of the failed import, and imported again comes into being.
            is_made = not imported.names and times[imported.level, imported.module] > 1
            if imported.guarded or is_made or len(found) >= MAX_PARTS:
                continue
            for path in _missing(tree, module.path, imported):
                source = Source(kind="file", path=module.path, line=imported.line)
                found.setdefault(path, _part(tree, path, imported, source))
    return tuple(found.values())


def _part(tree: RepoTree, path: str, imported: Imported, source: Source) -> MissingPart:
    name = path.rpartition("/")[2]
    # As written: `.data.loader`, `config`; `from . import loader` becomes `.loader`.
    module = "." * imported.level + imported.module
    if name in imported.names and imported.module.rpartition(".")[2] != name:
        module += f".{name}" if imported.module else name
    return MissingPart(module=module, path=path, left_out=_left_out(tree, path), source=source)


def _missing(tree: RepoTree, importer: str, imported: Imported) -> Iterator[str]:
    """Yield the paths, without ending, of the modules that an import wants and the checkout lacks."""
    if imported.level:
        folder = importer.rpartition("/")[0]
        for _ in range(imported.level - 1):
            if not folder:
                return
            folder = folder.rpartition("/")[0]
        yield from _walked(tree, folder, imported, imported.module)
        return
    first, _, rest = imported.module.partition(".")
    named = own_names(tree).by_name.get(first, ())
    if not named:
        yield from _ignored_beside(tree, importer, first)
        return
    here = importer.rpartition("/")[0]
    if is_known(first) or not all(_is_meant(own, here) for own in named):
        return
    folders = ["/".join(part for part in (own.root, first) if part) for own in named]
    missing = [next(_walked(tree, folder, imported, rest), "") for folder in folders]
    if all(missing):
        yield missing[0]


def _is_meant(own: OwnName, here: str) -> bool:
    """Whether code in the folder `here` means this package: no module, no folder named like a library."""
    return own.form == "package" or (own.form == "namespace" and own.root in ("", here))


def _walked(tree: RepoTree, folder: str, imported: Imported, dotted: str) -> Iterator[str]:
    here = folder
    for part in filter(None, dotted.split(".")):
        place = f"{here}/{part}" if here else part
        if place in tree.once(folders_of):
            here = place
        elif _is_module(tree, place):
            return
        else:
            if not _may_appear(tree, here, part):
                yield place
            return
    if _text_of_package(tree, here).strip():
        return
    for name in imported.names:
        place = f"{here}/{name}" if here else name
        # `from package import name` out of an empty __init__.py can only be a module; those are lower case.
        taken = name.islower() and tree.has(f"{here}/__init__.py") and not _is_there(tree, place)
        if taken and not _may_appear(tree, here, name):
            yield place


def _is_there(tree: RepoTree, place: str) -> bool:
    return place in tree.once(folders_of) or _is_module(tree, place)


def _is_module(tree: RepoTree, place: str) -> bool:
    return any(
        tree.has(f"{place}{ending}") for ending in (".py", ".pyx", ".pyw", ".pyi", ".so", ".pyd")
    )


def _may_appear(tree: RepoTree, folder: str, name: str) -> bool:
    """Whether a module may come into being by a build, or by what its package does when it is imported."""
    if GENERATED.fullmatch(name) or DYNAMIC.search(_text_of_package(tree, folder)):
        return True
    if tree.matching(*(f"{name}{ending}" for ending in SOURCES)):
        return True
    return any(
        re.search(rf"\b{re.escape(name)}\b", line) and BUILT.search(line)
        for path in tree.matching(*BUILD_FILES)
        for line in tree.text(path).splitlines()
    )


def _text_of_package(tree: RepoTree, folder: str) -> str:
    path = f"{folder}/__init__.py" if folder else "__init__.py"
    return tree.text(path) if tree.has(path) else ""


def _ignored_beside(tree: RepoTree, importer: str, name: str) -> Iterator[str]:
    """Yield the module beside its importer that `.gitignore` names: `config.py`, `secrets.py`."""
    if not third_party_name(name) or is_known(name):
        return
    folder = importer.rpartition("/")[0]
    place = f"{folder}/{name}" if folder else name
    if any(named == f"{name}.py" for named, _ in _ignored(tree, f"{place}.py")):
        yield place


def _left_out(tree: RepoTree, path: str) -> Source | None:
    """Return the line that says why a part is not there: a submodule, or what `.gitignore` leaves out."""
    if tree.has(".gitmodules"):
        for number, line in enumerate(tree.text(".gitmodules").splitlines(), start=1):
            name, _, value = line.partition("=")
            inside = f"{path}/".startswith(f"{value.strip().strip('/')}/")
            if name.strip() == "path" and value.strip() and inside:
                return Source(kind="file", path=".gitmodules", line=number, note="a submodule")
    found = (*_ignored(tree, f"{path}.py"), *_ignored(tree, f"{path}/"))
    return found[0][1] if found else None


def _ignored(tree: RepoTree, path: str) -> tuple[tuple[str, Source], ...]:
    """Return the patterns that leave a path out, each with its line; a folder ends with a slash."""
    found = []
    for file in tree.matching(".gitignore"):
        folder = file.rpartition("/")[0]
        if folder and not path.startswith(f"{folder}/"):
            continue
        inside = path.removeprefix(f"{folder}/") if folder else path
        for number, line in enumerate(tree.text(file).splitlines(), start=1):
            pattern = line.strip()
            if pattern and pattern[0] not in "#!" and _fits(pattern, inside):
                source = Source(kind="file", path=file, line=number, note=pattern[:100])
                found.append((pattern.strip("/"), source))
    return tuple(found)


def _fits(pattern: str, path: str) -> bool:
    """Whether a pattern of `.gitignore` fits a path or a folder above it."""
    plain = pattern.strip("/")
    parts = path.rstrip("/").split("/")
    above = ["/".join(parts[: number + 1]) for number in range(len(parts))]
    if pattern.endswith("/") and not path.endswith("/"):
        above.pop()
    if "/" in plain or pattern.startswith("/"):
        return any(fnmatchcase(folder, plain) for folder in above)
    return any(fnmatchcase(folder.rpartition("/")[2], plain) for folder in above)
