"""Reads from build descriptions which programs and libraries they make: Make, CMake, Automake, Meson.

Only what the default goal reaches; what lies in folders of others' code or of tests is left out. Where nothing
describes a build of C or C++, each source with a `main` is a program.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from paper2run.formats.makefile import default_recipes, products
from paper2run.formats.tree import RepoTree
from paper2run.model.facts import BuildProduct, Fact
from paper2run.model.value import Source

NAME: Final = "build_products"

ELSEWHERE: Final = re.compile(
    r"(?i)(?:^|/)(?:third[-_]?party|external|extern|vendor|deps|contrib|docs?|tests?|test[-_]?suite|testing|examples?)(?:/|$)"
)
"""Folders whose products are not what the repository is about."""
MAKEFILES: Final = ("Makefile", "makefile", "GNUmakefile")
MAX_PRODUCTS: Final = 40
"""Looked at in one file, and kept for one repository."""
CMAKE: Final = re.compile(
    r"^[ \t]*add_(executable|library)[ \t]*\([ \t\n]*([\w.+${}-]+)(?![^)]{0,500}\b(?:IMPORTED|INTERFACE|ALIAS)\b)",
    re.MULTILINE | re.IGNORECASE,
)
CMAKE_PROJECT: Final = re.compile(r"^[ \t]*project[ \t]*\([ \t\n]*\"?([\w.+-]+)", re.M | re.I)
CMAKE_SET: Final = re.compile(
    r"^[ \t]*set[ \t]*\([ \t\n]*(\w+)[ \t\n]+\"?([\w.+-]+)\"?[ \t\n]*\)", re.M | re.I
)
AUTOMAKE: Final = re.compile(
    r"^(bin_PROGRAMS|noinst_PROGRAMS|lib_LTLIBRARIES|lib_LIBRARIES)[ \t]*\+?=(.*)$", re.M
)
MESON: Final = re.compile(
    r"^[^#\n]*?\b(executable|library|shared_library|static_library)\([ \t\n]*'([\w.+-]+)'", re.M
)


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield the products of each build description, in path order.

    Those of a Makefile come in the order of its goals.
    """
    found: dict[tuple[str, str], BuildProduct] = {}
    top = next((name for name in MAKEFILES if tree.has(name)), "")
    recipes = default_recipes(tree.text(top)) if top else ""
    for path in tree.matching(*MAKEFILES, *READERS):
        folder, _, name = path.rpartition("/")
        if ELSEWHERE.search(folder):
            continue
        if folder and top and name in MAKEFILES and not _enters(recipes, folder):
            continue
        reader = READERS.get(name, _make)
        for product in islice(reader(tree, path), MAX_PRODUCTS):
            found.setdefault((product.system, product.path or product.name), product)
    if not tree.matching(*BUILD_FILES):
        found |= {("main", product.path): product for product in _plain_programs(tree)}
    yield from list(found.values())[:MAX_PRODUCTS]


def _plain_programs(tree: RepoTree) -> Iterator[BuildProduct]:
    """Yield a program for each source of C or C++ with a `main`: no description says how it is built."""
    for path in tree.matching(*SOURCES):
        folder, _, name = path.rpartition("/")
        text = tree.text(path)
        match = None if ELSEWHERE.search(folder) else MAIN.search(text)
        if match:
            line = text.count("\n", 0, match.start()) + 1
            source = Source(kind="file", path=path, line=line)
            stem = name.rpartition(".")[0]
            yield BuildProduct(form="program", name=stem, path=path, system="main", source=source)


def _enters(recipes: str, folder: str) -> bool:
    """Whether the top Makefile's default goal goes on in a folder; a loop of the shell may enter any."""
    named = {part for word in re.findall(r"[\w./-]+", recipes) for part in word.split("/")}
    return "$$" in recipes or folder.rpartition("/")[2] in named


def _make(tree: RepoTree, path: str) -> Iterator[BuildProduct]:
    folder = path.rpartition("/")[0]
    for product in products(tree.text(path)):
        place = f"{folder}/{product.path}" if folder else product.path
        yield BuildProduct(
            form="library" if product.path.endswith((".a", ".so")) else "program",
            name=product.path.rpartition("/")[2],
            path=place,
            system="make",
            source=Source(kind="file", path=path, line=product.line),
        )


def _cmake(tree: RepoTree, path: str) -> Iterator[BuildProduct]:
    text = tree.text(path)
    known = {match[1]: match[2] for match in CMAKE_SET.finditer(text)}
    for lists in ("CMakeLists.txt", path):
        project = CMAKE_PROJECT.search(tree.text(lists) if tree.has(lists) else "")
        known |= {"PROJECT_NAME": project[1]} if project else {}
    for match in CMAKE.finditer(text):
        name = re.sub(r"\$\{(\w+)\}", lambda found: known.get(found[1], found[0]), match[2])
        if "$" not in name:
            form = "program" if match[1].lower() == "executable" else "library"
            yield BuildProduct(
                form=form, name=name, system="cmake", source=_source(text, path, match)
            )


def _automake(tree: RepoTree, path: str) -> Iterator[BuildProduct]:
    text, folder = tree.text(path), path.rpartition("/")[0]
    for match in AUTOMAKE.finditer(text.replace("\\\n", "  ")):
        form = "program" if match[1].endswith("PROGRAMS") else "library"
        for name in match[2].split():
            if re.fullmatch(r"[\w.+-]+", name):
                # libtool leaves its libraries in .libs, whatever the description says.
                place = f"{folder}/{name}".lstrip("/") if form == "program" else ""
                source = Source(kind="file", path=path, note=match[1])
                yield BuildProduct(
                    form=form, name=name, path=place, system="autotools", source=source
                )


def _meson(tree: RepoTree, path: str) -> Iterator[BuildProduct]:
    text = tree.text(path)
    for match in MESON.finditer(text):
        form = "program" if match[1] == "executable" else "library"
        yield BuildProduct(
            form=form, name=match[2], system="meson", source=_source(text, path, match)
        )


def _source(text: str, path: str, match: re.Match[str]) -> Source:
    return Source(kind="file", path=path, line=text.count("\n", 0, match.start()) + 1)


SOURCES: Final = ("*.c", "*.cc", "*.cpp", "*.cxx")
MAIN: Final = re.compile(
    r"^(?:int|void|auto|signed)?[ \t]*\b(?:w?main|_tmain)[ \t]*\([^;{]{0,200}\)\s*\{", re.MULTILINE
)
BUILD_FILES: Final = (
    *MAKEFILES, "*.mk", "Makefile.*", "makefile.*", "CMakeLists.txt", "configure*", "meson.build", "SConstruct",
    "wscript", "setup.py", "pyproject.toml", "Cargo.toml", "DESCRIPTION", "package.json", "build.xml", "pom.xml",
    "BUILD", "BUILD.bazel", "Jamfile", "premake*.lua", "*.cabal", "build.sh", "compile.sh",
)  # fmt: skip
READERS: Final = {"CMakeLists.txt": _cmake, "Makefile.am": _automake, "meson.build": _meson}
"""By exact file name; a Makefile has several."""
