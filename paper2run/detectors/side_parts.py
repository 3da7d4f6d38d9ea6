"""Finds parts that are not the authors' code: vendored libraries, and the paper's own sources.

Signs of a vendored part: a submodule, a folder named after holding other people's code, an unpacked release, and a
licence of its own that names another holder beside a README or build file of its own.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Final

from paper2run.formats.tree import RepoTree
from paper2run.knowledge.debian import known_libraries
from paper2run.knowledge.language_endings import ENDINGS
from paper2run.knowledge.side_folders import RELEASE, is_beside, vendored_place
from paper2run.model.facts import Fact, SidePart
from paper2run.model.value import Source

NAME: Final = "side_parts"

MAX_TEXTS: Final = 5
"""LaTeX files looked at in one folder."""
MAX_PARTS: Final = 60
"""Kept for one repository, those nearest to the root first."""
SUBMODULE: Final = re.compile(r"^\s*(path|url)\s*=\s*(\S+)\s*$")
LICENCE: Final = re.compile(r"^(?:licen[cs]e|copying|copyright)(?:[.-].*)?$", re.IGNORECASE)
README: Final = re.compile(r"^readme(?:\..*)?$", re.IGNORECASE)
BUILDS: Final = frozenset(
    {"Makefile", "makefile", "CMakeLists.txt", "configure", "configure.ac", "setup.py", "pyproject.toml",
     "package.json", "meson.build"}
)  # fmt: skip
EVERYDAY: Final = frozenset(
    {"ann", "archive", "benchmark", "boost-test", "check", "cli", "config", "event", "lemon", "magic", "proj", "python",
     "tcl", "xml", "yaml", "zip"}
)  # fmt: skip
"""Libraries with names that authors give to folders of their own."""
HOLDER: Final = re.compile(
    r"copyright\s*(?:\(c\)|©|&copy;)?\s*(?:[\d,\s–-]*)\s*(?:by\s+)?([^\n]{3,120})", re.IGNORECASE
)
DOCUMENT_CLASS: Final = re.compile(r"^[^%\n]*\\documentclass", re.MULTILINE)


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield one fact per part, by folder; a part inside another is not named again."""
    yield from side_parts(tree)


def side_parts(tree: RepoTree) -> tuple[SidePart, ...]:
    """Return the parts, found once per tree."""
    return tree.once(_find)


def side_of(tree: RepoTree, path: str) -> SidePart | None:
    """Return the part that a file belongs to; None for the authors' own."""
    return next((part for part in side_parts(tree) if path.startswith(f"{part.folder}/")), None)


def _find(tree: RepoTree) -> tuple[SidePart, ...]:
    found: dict[str, SidePart] = {}
    for part in _submodules(tree):
        found.setdefault(part.folder, part)
    for part in (*_papers(tree), *_places(tree), *_bundled(tree)):
        if _leaves_code(tree, part.folder) or part.form == "template":
            found.setdefault(part.folder, part)
    kept: list[SidePart] = []
    for part in sorted(found.values(), key=lambda part: (part.folder.count("/"), part.folder)):
        if not any(part.folder.startswith(f"{outer.folder}/") for outer in kept):
            kept.append(part)
    return tuple(kept[:MAX_PARTS])


def _leaves_code(tree: RepoTree, folder: str) -> bool:
    """Whether code stands outside of a folder: one that holds all of it is the repository's own."""
    return any(
        not path.startswith(f"{folder}/") and not is_beside(path) for path in tree.once(_code)
    )


def _code(tree: RepoTree) -> tuple[str, ...]:
    return tuple(path for path in tree.files if PurePosixPath(path).suffix.lower() in ENDINGS)


def _submodules(tree: RepoTree) -> Iterator[SidePart]:
    """Yield submodules, but for those whose address is relative: they are of the same authors."""
    path, line = "", 0
    for number, text in enumerate(tree.text(".gitmodules").splitlines(), 1):
        match = SUBMODULE.match(text[:500])
        if match and match[1] == "path":
            path, line = match[2].strip("/"), number
        elif match and path and not match[2].startswith("."):
            source = Source(kind="file", path=".gitmodules", line=line)
            yield SidePart(folder=path, form="vendored", why="a submodule", source=source)
            path = ""


def _places(tree: RepoTree) -> Iterator[SidePart]:
    seen: set[str] = set()
    for path in tree.files:
        folder, why = vendored_place(path)
        if folder and folder not in seen:
            seen.add(folder)
            yield _part(folder, "vendored", why, path)


def _papers(tree: RepoTree) -> Iterator[SidePart]:
    """Yield folders from which LaTeX makes a paper: their scripts are of its template."""
    texts: dict[str, list[str]] = {}
    for path in tree.matching("*.tex"):
        texts.setdefault(path.rpartition("/")[0], []).append(path)
    templates = {path.rpartition("/")[0] for path in tree.matching("*.cls")}
    folders = {path.rpartition("/")[0] for path in tree.matching("*.bib")} | templates
    for folder in sorted(folders & set(texts) - {""}):
        asked = texts[folder][:MAX_TEXTS]
        first = next((name for name in asked if DOCUMENT_CLASS.search(tree.text(name))), "")
        if first:
            form = "template" if folder in templates else "paper"
            yield _part(folder, form, "LaTeX makes a paper from it", first)


def _bundled(tree: RepoTree) -> Iterator[SidePart]:
    """Yield folders that look like an unpacked release of something else."""
    names: dict[str, list[str]] = {}
    for path in tree.files:
        folder, _, name = path.rpartition("/")
        if LICENCE.match(name) or README.match(name) or name in BUILDS:
            names.setdefault(folder, []).append(name)
    own = _holder(tree, "", names.get("", []))
    for folder, held in sorted(names.items()):
        licences = [name for name in held if LICENCE.match(name)]
        described = any(README.match(name) for name in held)
        if not folder or not (described or licences):
            continue
        last = folder.rpartition("/")[2]
        release = RELEASE.match(last)
        holder = _holder(tree, folder, licences)
        if holder & own:
            continue
        shown = f"{folder}/{(licences or held)[0]}"
        if release and (licences or set(held) & BUILDS):
            yield _part(folder, "vendored", "an unpacked release", shown)
        elif licences and _is_library(last.lower()):
            yield _part(folder, "vendored", "a known library", shown)
        elif licences and (described or set(held) & BUILDS) and holder and own:
            yield _part(folder, "vendored", "a licence of its own names another holder", shown)


def _is_library(name: str) -> bool:
    """Whether Debian has a library of this name."""
    bare = name.removeprefix("lib")
    return bool({bare, bare.rstrip("0123456789")} & (known_libraries() - EVERYDAY))


def _holder(tree: RepoTree, folder: str, names: list[str]) -> set[str]:
    """Return the words that name the holders in a folder's licence; empty where it names none."""
    words: set[str] = set()
    for name in names:
        if LICENCE.match(name):
            text = tree.text(f"{folder}/{name}" if folder else name)[:20_000]
            for match in HOLDER.finditer(text):
                words.update(re.findall(r"[A-Za-z]{3,}", match[1].lower()))
    return words - {"all", "rights", "reserved", "the", "and", "contributors", "authors", "inc"}


def _part(folder: str, form: str, why: str, path: str) -> SidePart:
    return SidePart.model_validate(
        {"folder": folder, "form": form, "why": why, "source": Source(kind="file", path=path)}
    )
