"""Takes the text of a batch file apart, in each of its forms: YAML, CSV, JSON Lines, a plain list."""

import csv
import json
import shlex
from collections.abc import Iterator
from typing import Any, Final

from paper2run.formats import yaml_text
from paper2run.formats.lined_text import LinedText, line_of
from paper2run.formats.plurals import counted

DELIMITERS: Final = (",", ";", "\t")
"""CSV delimiters: spreadsheets of many countries write semicolons."""


def items_of(suffix: str, text: str) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Yield each repository with its line: its options as written, or what is wrong with the line.

    The file's suffix tells the form; any other means a plain list.
    """
    readers = {".yaml": _yaml, ".yml": _yaml, ".csv": _csv, ".jsonl": _jsonl, ".ndjson": _jsonl}
    return readers.get(suffix.lower(), _plain)(text)


def _plain(text: str) -> Iterator[tuple[int, dict[str, str] | str]]:
    """Yield one repository per line: an address, optionally a ref and options as `name=value`.

    `#` starts a comment.
    """
    for number, line in enumerate(text.split("\n"), 1):
        try:
            words = shlex.split(line, comments=True)
        except ValueError as error:
            yield number, f"the line cannot be split into words: {error}"
            continue
        if not words:
            continue
        options = dict(word.split("=", 1) for word in words[1:] if "=" in word)
        refs = [word for word in words[1:] if "=" not in word]
        if len(refs) > 1:
            yield number, f"{refs[1]!r} is one word too many: an address, a ref, then name=value"
            continue
        # An explicit option overrides a positional word.
        yield number, {"repo": words[0], **({"ref": refs[0]} if refs else {}), **options}


def _csv(text: str) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Yield one repository per row; the first row names the columns."""
    header = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=header.count)
    rows = csv.reader(text.splitlines(keepends=True), delimiter=delimiter)
    columns: list[str] = []
    try:
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            if not columns:
                columns = [cell.strip() for cell in row]
                if "repo" not in columns:
                    yield (
                        rows.line_num,
                        f"the first row names no column `repo`: {', '.join(columns)}",
                    )
                    return
            elif len(row) > len(columns):
                yield (
                    rows.line_num,
                    f"{counted(len(row), 'cell')}, but the first row names {counted(len(columns), 'column')}",
                )
            else:
                cells = (cell.strip() for cell in row)
                yield rows.line_num, dict(zip(columns, cells, strict=False))
    except csv.Error as error:
        yield rows.line_num, f"this is not CSV: {error}"


def _jsonl(text: str) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Yield one repository per line: an object of options, or an address as a string."""
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            item = json.loads(line)
        except (ValueError, RecursionError) as error:
            yield number, f"this is not JSON: {error}"
            continue
        yield number, _item(item)


def _yaml(text: str) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Yield one repository per item of the list: a mapping of options, or an address as a string."""
    try:
        items = yaml_text.parse(text)
    except yaml_text.YamlRefused as error:
        yield error.line, f"this is not YAML: {error.problem}"
        return
    if isinstance(items, LinedText) and not items:
        return
    if not isinstance(items, list):
        yield (
            1,
            "a batch in YAML is a list: `- https://…`, or `- repo: https://…` with options below",
        )
        return
    for item in items:
        yield _first_line(item), _item(item)


def _first_line(item: object) -> int:
    """Return the line on which an item of a YAML list starts; 0 for an empty one."""
    if isinstance(item, str):
        return line_of(item)
    inner = item if isinstance(item, dict | list) else ()
    return next((line for line in map(_first_line, inner) if line), 0)


def _item(item: object) -> dict[str, Any] | str:
    if isinstance(item, dict):
        nested = next((key for key, value in item.items() if isinstance(value, dict | list)), None)
        return f"{str(nested)!r} holds a list or a mapping" if nested is not None else item
    if isinstance(item, str):
        return {"repo": str(item)}
    return f"an address or a mapping is expected, got {item!r}"
