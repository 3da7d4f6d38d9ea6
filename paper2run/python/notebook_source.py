"""Reads Jupyter notebooks of format 3 and 4 as JSON data, each code cell as Python, magics apart.

Format: https://nbformat.readthedocs.io/en/latest/format_description.html. Nothing is run.
"""

import json
import re
from dataclasses import dataclass
from typing import Any, Final

from paper2run.formats.tree import RepoTree
from paper2run.model.facts import Unreadable
from paper2run.model.value import Source
from paper2run.python.python_source import PythonSource, parse

MAX_NOTEBOOK_BYTES: Final = 30_000_000
"""Outputs are images in text form: notebooks of 10 MB are common."""
SHELL_CELLS: Final = ("%%bash", "%%sh", "%%!", "%%system", "%%script bash")
PYTHON_CELLS: Final = ("%%time", "%%timeit", "%%capture", "%%prun", "%%python", "%%px")
"""Cell magics whose body is Python; a cell with any other is left out."""
KERNELS: Final = {"2": "2.7", "3": "3"}
"""Version of the language by the digit in the usual kernels' names."""
MAGIC_LINE: Final = re.compile(r"^([ \t]*)(?:(\w+)[ \t]*=[ \t]*)?([!%])(.*)$", re.MULTILINE)
HELP_LINE: Final = re.compile(r"^[ \t]*\??\??[\w.]+\?{1,2}[ \t]*$", re.MULTILINE)
SHELL_MAGICS: Final = ("pip ", "conda ", "system ", "sx ")
"""Line magics that run a program."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One code cell."""

    number: int
    """1-based among the code cells."""
    source: PythonSource
    commands: tuple[str, ...] = ()
    """Shell commands of `!`, `%pip` and `%%bash`, in order."""


@dataclass(frozen=True, slots=True)
class Notebook:
    """One notebook."""

    path: str
    language: str
    """Lower case; `python` where the notebook says nothing."""
    version: str
    """Version of the language that last ran it, e.g. `3.6.5`; `2.7` or `3` from the kernel's name, or empty."""
    cells: tuple[Cell, ...]


def notebooks_of(tree: RepoTree) -> tuple[Notebook | Unreadable, ...]:
    """Return all notebooks in path order, read once per tree; checkpoints are left out."""
    return tree.once(_read_all)


def _read_all(tree: RepoTree) -> tuple[Notebook | Unreadable, ...]:
    return tuple(
        _read(tree, path)
        for path in tree.files
        if path.endswith(".ipynb") and ".ipynb_checkpoints" not in path
    )


def _read(tree: RepoTree, path: str) -> Notebook | Unreadable:
    text = tree.read(path, limit_bytes=MAX_NOTEBOOK_BYTES)
    if isinstance(text, Unreadable):
        return text
    where = Source(kind="file", path=path)
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        return Unreadable(path=path, cause="malformed", why=f"not JSON: {error}", source=where)
    if not isinstance(document, dict) or not {"cells", "worksheets"} & set(document):
        return Unreadable(path=path, cause="malformed", why="JSON, but no notebook", source=where)
    metadata = _mapping(document.get("metadata"))
    info, kernel = _mapping(metadata.get("language_info")), _mapping(metadata.get("kernelspec"))
    language = str(info.get("name") or kernel.get("language") or "python").lower()
    named = re.fullmatch(r"python([23])", str(kernel.get("name", "")))
    version = str(info.get("version", ""))
    if named and not version.startswith(named[1]):
        # JetBrains' editors write a new notebook with the kernel `python3` and the version 2.7.6.
        version = KERNELS[named[1]]
    codes = [code for code in map(_code, _cells(document)) if code is not None]
    is_python = language in {"python", "ipython"}
    cells = [_cell(number, code, is_python) for number, code in enumerate(codes, start=1)]
    return Notebook(path, "python" if is_python else language, version, tuple(cells))


def _cells(document: dict[str, Any]) -> list[Any]:
    """Return the cells of format 4, or of all worksheets of format 3."""
    sheets = document.get("worksheets")
    holders = [document, *sheets] if isinstance(sheets, list) else [document]
    found = [_mapping(holder).get("cells") for holder in holders]
    return [cell for cells in found if isinstance(cells, list) for cell in cells]


def _code(cell: Any) -> str | None:
    """Return a code cell's text (`source` in format 4, `input` in format 3), or None for other cells."""
    values = _mapping(cell)
    if values.get("cell_type") != "code":
        return None
    text = values.get("source", values.get("input", ""))
    return "".join(map(str, text)) if isinstance(text, list) else str(text)


def _cell(number: int, code: str, is_python: bool) -> Cell:
    first, _, body = code.lstrip().partition("\n")
    if first.startswith(SHELL_CELLS):
        lines = [line.strip() for line in body.splitlines()]
        return Cell(
            number, PythonSource(), tuple(line for line in lines if line and line[0] != "#")
        )
    if first.startswith("%%"):
        code = f"\n{body}" if first.startswith(PYTHON_CELLS) else ""
    commands: list[str] = []

    def without_magic(match: re.Match[str]) -> str:
        indent, target, sign, line = match.groups()
        command = line.lstrip("!").strip()
        if sign == "!" or command.startswith(SHELL_MAGICS):
            commands.append(command.removeprefix("system ").removeprefix("sx "))
        return f"{indent}{target or '_'} = None"

    if not is_python:
        return Cell(number, PythonSource())
    plain = parse(code)
    # A line of a longer expression may well begin with `%`: magics are looked for only where Python fails.
    if not plain.broken:
        return Cell(number, plain)
    return Cell(
        number, parse(HELP_LINE.sub("", MAGIC_LINE.sub(without_magic, code))), tuple(commands)
    )


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
