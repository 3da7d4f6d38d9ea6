"""Lists build descriptions of other languages, and the commands that Makefiles offer.

Make, CMake, Autotools, Meson, Ant, Maven, Gradle, Visual Studio for C and C++; MATLAB sources, which have no build
file, are listed once.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from paper2run.formats.tree import RepoTree
from paper2run.model.facts import BuildFile, Command, Fact, Purpose
from paper2run.model.value import Source

NAME: Final = "build_files"

SYSTEMS: Final[dict[str, str]] = {
    "Makefile": "make",
    "makefile": "make",
    "GNUmakefile": "make",
    "CMakeLists.txt": "cmake",
    "configure.ac": "autotools",
    "configure.in": "autotools",
    "configure": "autotools",
    "meson.build": "meson",
    "build.xml": "ant",
    "pom.xml": "maven",
    "build.gradle": "gradle",
    "build.gradle.kts": "gradle",
}
"""By exact file name."""
TARGET: Final = re.compile(r"^([A-Za-z][\w.-]*)\s*:(?![=:])")
TARGET_PURPOSES: Final[dict[str, Purpose]] = {
    "test": "test",
    "tests": "test",
    "check": "test",
    "all": "install",
    "install": "install",
    "build": "install",
    "run": "run",
    "demo": "run",
    "example": "run",
    "examples": "run",
    "data": "download",
    "download": "download",
}
DOC_FOLDER: Final = re.compile(r"(?:^|/)docs?(?:umentation)?(?:/|$)")
MATLAB_START: Final = re.compile(
    r"\s*(?:%|function\b|classdef\b|clear\b|clc\b|close all|addpath\b|pkg load\b|[A-Za-z]\w*\s*=[^=])"
)
MAX_MATLAB_FILES: Final = 20
"""Files looked at for the question whether `.m` means MATLAB here; Objective-C has the same ending."""


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield one fact per build file in path order, each Makefile followed by its commands.

    MATLAB comes last, if the code uses it.
    """
    for path in tree.files:
        folder, _, name = path.rpartition("/")
        system = SYSTEMS.get(name)
        if system is None:
            continue
        yield BuildFile(system=system, path=path, source=Source(kind="file", path=path))
        if system == "make" and not DOC_FOLDER.search(folder):
            yield from _targets(tree.text(path), path, folder)
    # Each beside a solution that names it.
    for path in tree.matching("*.vcxproj", "*.vcproj"):
        yield BuildFile(system="visual-studio", path=path, source=Source(kind="file", path=path))
    sources = tree.matching("*.m")[:MAX_MATLAB_FILES]
    first = next((path for path in sources if MATLAB_START.match(tree.text(path))), None)
    if first:
        yield BuildFile(system="matlab", path=first, source=Source(kind="file", path=first))


def _targets(text: str, path: str, folder: str) -> Iterator[Command]:
    seen: set[str] = set()
    in_folder = f" -C {folder}" if folder else ""
    for number, line in enumerate(text.splitlines(), 1):
        match = TARGET.match(line[:200])
        target = match[1] if match else ""
        purpose = TARGET_PURPOSES.get(target)
        if purpose and target not in seen:
            seen.add(target)
            source = Source(kind="file", path=path, line=number)
            yield Command(purpose=purpose, line=f"make{in_folder} {target}", source=source)
