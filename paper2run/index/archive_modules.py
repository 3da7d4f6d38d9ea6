"""Derives the modules that an archive installs from the names of its members.

Wheels: https://packaging.python.org/en/latest/specifications/binary-distribution-format/. Of a source
archive only the layout is read, so the answer may lack what setup.py generates.
"""

import re
from collections.abc import Iterable
from typing import Final

WHEEL_FOLDERS: Final = re.compile(r"^[^/]+\.data/(?:purelib|platlib)/")
NOT_CODE: Final = re.compile(r"^[^/]+\.(?:dist-info|data|libs|egg-info)/")
MODULE_FILE: Final = re.compile(r"\.(?:py|pyx|so|pyd|abi3\.so)$")
COMPILED_FILE: Final = re.compile(r"\.(?:c|cc|cpp|cxx)$")
SOURCE_ROOTS: Final = re.compile(r"^(?:src|lib|python)/")
NOT_INSTALLED: Final = frozenset(
    {"setup", "conftest", "tests", "test", "docs", "doc", "examples", "benchmarks", "scripts", "tools"}
)  # fmt: skip
"""Top-level names of source archives that an install leaves out."""


Modules = dict[str, tuple[str, ...]]
"""Top-level modules, two levels for a folder without `__init__.py`, each with the names directly below it; sorted."""


def wheel_modules(members: Iterable[str]) -> Modules:
    """Return the modules of a wheel."""
    files = [WHEEL_FOLDERS.sub("", member) for member in members]
    return _modules([file for file in files if not NOT_CODE.match(file)])


def source_modules(members: Iterable[str]) -> Modules:
    """Return the modules that the layout of a source archive shows; compiled ones by their sources' names."""
    names = list(members)
    # Old archives lack the folder that holds everything.
    inner = names if "setup.py" in names else [name.partition("/")[2] for name in names]
    inner = [COMPILED_FILE.sub(".pyx", name) for name in inner]
    files = [SOURCE_ROOTS.sub("", file) for file in inner if not NOT_CODE.match(file)]
    packages = {file.partition("/")[0] for file in files if re.match(r"[^/]+/__init__\.py$", file)}
    kept = [file for file in files if "/" not in file or file.partition("/")[0] in packages]
    return {name: below for name, below in _modules(kept).items() if name not in NOT_INSTALLED}


def _modules(files: list[str]) -> Modules:
    packages = {file.rpartition("/")[0] for file in files if re.search(r"/__init__\.\w", file)}
    found: dict[str, set[str]] = {}
    for file in files:
        if not MODULE_FILE.search(file):
            continue
        parts = file.split("/")
        parts[-1] = parts[-1].partition(".")[0]
        if not all(part.isidentifier() for part in parts[:2]):
            continue
        depth = 2 if len(parts) > 1 and parts[0] not in packages else 1
        below = found.setdefault(".".join(parts[:depth]), set())
        if len(parts) > depth and parts[depth] != "__init__":
            below.add(parts[depth])
    return {name: tuple(sorted(below)) for name, below in sorted(found.items())}
