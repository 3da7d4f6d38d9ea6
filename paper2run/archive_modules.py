"""Tells from the names of an archive's members which modules an install of it makes importable.

Wheels: https://packaging.python.org/en/latest/specifications/binary-distribution-format/. Of a source
archive only the layout speaks, so that its answer may lack what setup.py makes up.
"""

import re
from collections.abc import Iterable
from typing import Final

WHEEL_FOLDERS: Final = re.compile(r"^[^/]+\.data/(?:purelib|platlib)/")
NOT_CODE: Final = re.compile(r"^[^/]+\.(?:dist-info|data|libs|egg-info)/")
MODULE_FILE: Final = re.compile(r"\.(?:py|so|pyd|abi3\.so)$")
SOURCE_ROOTS: Final = re.compile(r"^(?:src|lib|python)/")
NOT_INSTALLED: Final = frozenset(
    {"setup", "conftest", "tests", "test", "docs", "doc", "examples", "benchmarks", "scripts", "tools"}
)  # fmt: skip
"""Top-level names of source archives that an install leaves out."""


def wheel_modules(members: Iterable[str]) -> tuple[str, ...]:
    """Return the top-level modules of a wheel, sorted; two levels for a folder without `__init__.py`."""
    files = [WHEEL_FOLDERS.sub("", member) for member in members]
    return _modules([file for file in files if not NOT_CODE.match(file)])


def source_modules(members: Iterable[str]) -> tuple[str, ...]:
    """Return the top-level modules that the layout of a source archive shows, sorted."""
    inner = [member.partition("/")[2] for member in members]
    files = [SOURCE_ROOTS.sub("", file) for file in inner if not NOT_CODE.match(file)]
    packages = {file.partition("/")[0] for file in files if re.match(r"[^/]+/__init__\.py$", file)}
    kept = [file for file in files if "/" not in file or file.partition("/")[0] in packages]
    return tuple(name for name in _modules(kept) if name not in NOT_INSTALLED)


def _modules(files: list[str]) -> tuple[str, ...]:
    packages = {file.rpartition("/")[0] for file in files if re.search(r"/__init__\.\w", file)}
    found: set[str] = set()
    for file in files:
        if not MODULE_FILE.search(file):
            continue
        parts = file.split("/")
        parts[-1] = parts[-1].partition(".")[0]
        if not all(part.isidentifier() for part in parts[:2]):
            continue
        is_namespace = len(parts) > 1 and parts[0] not in packages
        found.add(".".join(parts[:2]) if is_namespace else parts[0])
    return tuple(sorted(found))
