"""Finds the numbers of the files that a checkout keeps and a command writes anew: CSV, JSON and text."""

import csv
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

from paper2run.claims.notebooks import MAX_LINE_CHARS, VOLATILE
from paper2run.claims.numbers import numbers_in, skeleton
from paper2run.formats.tree import RepoTree
from paper2run.model.claims import Claim
from paper2run.model.value import Source

ENDINGS: Final = (".csv", ".tsv", ".json", ".txt", ".dat", ".tex", ".md", ".rst", ".out", ".log")
MAX_LINES: Final = 60
"""Lines with numbers of one file that are compared, the first ones."""
MAX_READ: Final = 5_000
"""Lines of a file that are read, the first ones: a claim's place is counted from the top."""
MAX_NUMBERS: Final = 8
"""Of one line."""
BETWEEN: Final = " | "
"""Between the cells of a line of CSV, whose commas would join its numbers."""
TAKEN: Final = re.compile(r"(?i)\b(?:times?|runtime|seconds|duration|elapsed|timestamp|date)\b")
"""Heads of columns that differ each time."""


def result_files(tree: RepoTree) -> tuple[str, ...]:
    """Return the files of a checkout that a command may write anew."""
    return tree.matching(*(f"*{ending}" for ending in ENDINGS))


def lines_of(path: str, text: str) -> str:
    """Return the first lines of a file's text, in a form whose numbers can be told apart."""
    return "\n".join(_readable(path, text).splitlines()[:MAX_READ])


def _readable(path: str, text: str) -> str:
    try:
        if path.endswith(".csv"):
            return "\n".join(BETWEEN.join(row) for row in csv.reader(text.splitlines()))
        if path.endswith(".json"):
            return json.dumps(json.loads(text), indent=1, separators=("", ": "))
    except (csv.Error, ValueError, RecursionError):
        # Another format than its name says, such as JSON of one value a line.
        return text
    return text


def file_claims(path: str, text: str, command: str) -> Iterator[Claim]:
    """Yield the numbers of a file that the checkout keeps; `command` writes it anew."""
    lines = lines_of(path, text).split("\n")
    heads = _heads(path, lines)
    seen: Counter[str] = Counter()
    compared = 0
    for number, line in enumerate(lines, 1):
        if len(line) > MAX_LINE_CHARS:
            # The output that a claim is looked for in has no such lines either.
            continue
        said = skeleton(line)
        seen[said] += 1
        if not numbers_in(line) or VOLATILE.search(line):
            continue
        if compared == MAX_LINES:
            return
        compared += 1
        yield from _of_line(path, line, number, seen[said] - 1, heads, command)


def _of_line(
    path: str, line: str, number: int, before: int, heads: list[str], command: str
) -> Iterator[Claim]:
    is_json = path.endswith(".json")
    for position, one in enumerate(numbers_in(line)[:MAX_NUMBERS]):
        at = line.count(BETWEEN, 0, one.start)
        head = heads[at] if at < len(heads) else ""
        if TAKEN.search(head or line[: one.start]):
            continue
        first = line.split(BETWEEN)[0].strip() if head and at else ""
        yield Claim(
            form="file",
            label=" | ".join(filter(None, (first, head))) or skeleton(line)[:120],
            position=position,
            line=before,
            row=skeleton(line),
            column=head,
            printed=one.printed,
            unit=one.unit,
            command=command,
            # A JSON file has other lines than the text that is compared.
            source=Source(kind="file", path=path, line=0 if is_json else number),
        )


def _heads(path: str, lines: list[str]) -> list[str]:
    """Return the heads of the columns; none for another format, or a first line that has numbers."""
    if PurePosixPath(path).suffix != ".csv" or numbers_in(lines[0]):
        return []
    return [head.strip() for head in lines[0].split(BETWEEN)]
