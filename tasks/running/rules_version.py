"""Computes the version of a stage's rules: a digest of all our modules and tables behind its answer.

Imports lead to them. The modules are read in their compiled form and not imported.
"""

import hashlib
from collections.abc import Iterator
from functools import cache
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parents[2]
"""The folder that holds `flows/`, `tasks/` and `paper2run/`."""
OURS: Final = ("flows", "paper2run", "tasks")
PLUMBING: Final = frozenset(
    {
        "paper2run.errors",
        "paper2run.settings",
        # What a look shows is a part of the talk with a model, whose answer is kept, and no rule.
        "tasks.beyond",
        "tasks.running.caching",
        "tasks.running.engine_slot",
        "tasks.running.keep_space",
        "tasks.running.key_block",
        "tasks.running.records",
        "tasks.running.log_file",
        "tasks.running.progress_log",
        "tasks.running.rules_version",
        "tasks.running.stages",
    }
)
"""Modules that run a stage but do not affect its answer; their imports are not followed."""


@cache
def rules_version(module: str, root: Path = ROOT) -> str:
    """Return the digest, 12 hex digits, of the files of `closure(module)`: their paths and their texts.

    Within a process a file is read once: stages share most of theirs.
    """
    digest = hashlib.sha256()
    for path in closure(module, root):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + _digest(path))
    return digest.hexdigest()[:12]


@cache
def _digest(path: Path) -> bytes:
    return hashlib.sha256(path.read_bytes()).digest()


def closure(module: str, root: Path = ROOT) -> tuple[Path, ...]:
    """Return the files that make the answer of the stage in `module`, a dotted name, sorted.

    These are the module, the modules of ours that it imports, directly or not, anywhere in their text, without
    PLUMBING, and the tables and templates that any of them names. FileNotFoundError if there is no such module.
    """
    files: set[Path] = set()
    waiting, seen = [module], set(PLUMBING)
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        found = _read(name, root)
        files.update(found.files)
        waiting += found.imports
    return tuple(sorted(files))


class _Module(NamedTuple):
    files: tuple[Path, ...]
    """Its own, and the tables and templates that it names."""
    imports: tuple[str, ...]
    """Our own modules that it imports."""


@cache
def _read(name: str, root: Path) -> _Module:
    ours = _modules(root)
    if name not in ours:
        raise FileNotFoundError(f"no module {name} below {root}")
    # Its compiled form, which Python keeps: parsing all modules takes a second.
    code = SourceFileLoader(name, str(ours[name])).get_code(name)
    words, lists = set(_words(code)), set(_from_lists(code))
    packages = words & ours.keys()
    members = {f"{package}.{word}" for package in packages for word in lists} & ours.keys()
    # A child process may run a file that lies beside this one.
    beside = {ours[name].with_name(word) for word in words if word.endswith(".py")}
    beside = {path for path in beside if path in _paths(root)}
    tables = {_tables(root)[word] for word in words & _tables(root).keys()}
    files = (ours[name], *tables, *beside)
    return _Module(files, (*packages, *members))


def _words(value: object) -> Iterator[str]:
    """Yield the names in compiled code, those of imported modules among them, and its strings of one word."""
    match value:
        case CodeType():
            yield from value.co_names
            for constant in value.co_consts:
                yield from _words(constant)
        case tuple() | frozenset():
            for part in value:
                yield from _words(part)
        case str() if value.replace(".", "").isidentifier():
            yield value


def _from_lists(code: object) -> Iterator[str]:
    """Yield what the code takes out of modules by `from`, and what is in its other constant tuples."""
    if isinstance(code, CodeType):
        for constant in code.co_consts:
            yield from _words(constant) if isinstance(constant, tuple) else _from_lists(constant)


@cache
def _modules(root: Path) -> dict[str, Path]:
    """Return the files of our modules and packages, by dotted name."""
    found = {}
    for path in (path for folder in OURS for path in (root / folder).rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def _paths(root: Path) -> frozenset[Path]:
    return frozenset(_modules(root).values())


@cache
def _tables(root: Path) -> dict[str, Path]:
    """Return the files of `paper2run/` that hold no Python code, by name."""
    found = (root / "paper2run").rglob("*.*")
    return {path.name: path for path in found if path.suffix not in {".py", ".pyc"}}
