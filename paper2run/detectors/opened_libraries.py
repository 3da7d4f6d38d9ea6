"""Finds system libraries that Python code opens by name: `find_library("sodium")`.

Only libraries whose Debian package a table knows count, and only calls outside tests and setup scripts.
https://docs.python.org/3/library/ctypes.html#finding-shared-libraries
"""

import re
from collections.abc import Iterable
from typing import Final

from paper2run.formats.tree import RepoTree
from paper2run.knowledge.system_libraries import package_of_opened
from paper2run.model.facts import Fact, SystemPackage
from paper2run.model.value import Source
from paper2run.python.python_modules import modules_of

NAME: Final = "opened_libraries"

FINDS: Final = "find_library"
LOADS: Final = re.compile(r"(?:^|\.)(?:CDLL|LoadLibrary|dlopen)$")
FILE: Final = re.compile(r"lib([\w+-]+(?:\.\d)?[\w+-]*)\.so[.\d]*")
"""A bare file name for Linux: with a folder it is the repository's own, or of another machine."""


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield each package once, with the first call that opens its library, by name."""
    first: dict[str, SystemPackage] = {}
    for module in modules_of(tree):
        for called in module.source.calls if module.role in {"package", "script"} else ():
            name = _library(called.name, called.arguments)
            package = package_of_opened(name) if name else ""
            if package and package not in first:
                note = f"opens {name}"
                place = Source(kind="file", path=module.path, line=called.line, note=note)
                first[package] = SystemPackage(name=package, called=f"lib{name}", source=place)
    yield from (first[name] for name in sorted(first))


def _library(call: str, arguments: tuple[str, ...]) -> str:
    """Return the bare name of the library that a call opens; empty for any other call."""
    wanted = arguments[0] if arguments else ""
    if call.rpartition(".")[2] == FINDS:
        return wanted
    file = FILE.fullmatch(wanted) if LOADS.search(call) else None
    return file[1] if file else ""
