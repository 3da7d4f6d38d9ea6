"""Knows the published lists: which rows of each are taken, at which commit, and what decides.

What a row is taken for stands in the list's own columns; nothing here looks into a repository.
"""

import csv
import hashlib
import re
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from typing import Final, Literal, NamedTuple

from benchmarks.corpus_entries import Level
from paper2run.errors import UserError

Part = Literal["train", "check"]
Columns = Mapping[str, str]
Oracles = dict[Level, dict[str, str | int]]
CHECK_DIGITS: Final = "789"
SMALL_KB: Final = 300
"""Of a paper's source code."""
PYEGO_DAY: Final = "2021-08-18"
"""When the logs of that study begin."""
PAPERS: Final = ("joss", "rescience")
COLLECT: Final = "python -m pytest --collect-only -q"
COLLECT_LIMIT_S: Final = 600
TESTS_LIMIT_S: Final = 900
PROGRAM_LIMIT_S: Final = 180
# pytest prints its counts when it is interrupted, and nothing when it is killed.
TESTS: Final = (
    f"timeout -s INT {TESTS_LIMIT_S - 60}"
    " python -m pytest -q --tb=line --continue-on-collection-errors"
)
SCRIPT: Final = re.compile(r"\bpython3? (\S+\.py)\b")
"""A Python file that a command starts."""
CHANGES_FOLDER: Final = re.compile(r"\bcd (\S+)")


class Row(NamedTuple):
    """One row of a list."""

    list_name: str
    repo: str
    """`owner/name`; a gist's id."""
    columns: Columns


class PublishedList(NamedTuple):
    """How one list is read."""

    file: str
    commit_column: str = ""
    keep: Callable[[Columns], bool] = lambda columns: True
    kept: str = "all rows"
    """The filter in words."""
    before: Callable[[Columns], str] = lambda columns: ""
    """The day before which the commit lies where the list names none; empty: the newest commit."""
    runs_tests: bool = False
    needs_test_files: bool = False
    """Collection decides only where the repository has tests; the list does not promise any."""
    key: str = "repo"
    """The column by which the part is decided."""


def _is_small_paper(columns: Columns) -> bool:
    size = columns["code_kb"]
    return (
        columns["source"] in PAPERS
        and columns["language"] == "Python"
        and bool(size)
        and float(size) < SMALL_KB
    )


def _is_python(columns: Columns) -> bool:
    return columns["language"] == "Python"


def _end_of_year(columns: Columns) -> str:
    return f"{int(columns['year']) + 1}-01-01" if columns["year"] else ""


LISTS: Final[Mapping[str, PublishedList]] = {
    "gists": PublishedList("gists.csv", key="gist_id"),
    "repo2run": PublishedList("repo2run.csv", "commit_prefix"),
    "installamatic": PublishedList("installamatic.csv", "commit_prefix", runs_tests=True),
    "executionagent": PublishedList(
        "executionagent.csv", "commit", _is_python, "language Python", runs_tests=True
    ),
    "researchenvbench": PublishedList("researchenvbench.csv", "commit", needs_test_files=True),
    "pyego_github": PublishedList("pyego_github.csv", before=lambda columns: PYEGO_DAY),
    "papers": PublishedList(
        "papers.csv",
        keep=_is_small_paper,
        kept=f"source {' or '.join(PAPERS)}, language Python, code_kb below {SMALL_KB}",
        before=_end_of_year,
        needs_test_files=True,
    ),
    "aec": PublishedList(
        "aec.csv", "ref", _is_python, "language Python", needs_test_files=True
    ),
}  # fmt: skip


def part_of(name: str) -> Part:
    """Return the part to which an `owner/name`, or another row's id, belongs."""
    digest = hashlib.sha256(name.lower().encode()).hexdigest()
    return "check" if digest[-1] in CHECK_DIGITS else "train"


def read_rows(folder: Path, name: str, part: Part) -> list[Row]:
    """Return the rows of that part, sorted by repository, one for each repository.

    UserError for a list that is not known or cannot be read.
    """
    if name not in LISTS:
        raise UserError(f"there is no list {name}", hint=f"name one of {', '.join(LISTS)}")
    rules = LISTS[name]
    path = folder / rules.file
    try:
        with path.open(encoding="utf-8", newline="") as file:
            found = [
                columns
                for columns in csv.DictReader(file)
                if (key := columns[rules.key]) and part_of(key) == part and rules.keep(columns)
            ]
    except OSError as error:
        raise UserError(
            f"the list {path} cannot be read: {error.strerror}", hint="name the folder of the lists"
        ) from error
    first: dict[str, Row] = {}
    for columns in found:
        key = columns[rules.key]
        first.setdefault(key.lower(), Row(name, key, columns))
    return [first[key] for key in sorted(first)]


def oracles(row: Row, paths: set[str]) -> tuple[Oracles, str]:
    """Return what decides a row in the image, and a remark; `paths` are the repository's files.

    L2 is the list's own command. L1 stands in where that command is not to be had.
    """
    if row.list_name == "pyego_github":
        return _program(row.columns, paths)
    rules = LISTS[row.list_name]
    if rules.needs_test_files and not any(_is_test(path) for path in paths):
        return {}, "no file of tests: nothing but the hand-over is counted"
    found: Oracles = {
        "L2": {"cmd": COLLECT, "measures": "collection", "timeout_s": COLLECT_LIMIT_S}
    }
    if rules.runs_tests:
        found["L3"] = {"cmd": TESTS, "measures": "tests", "timeout_s": TESTS_LIMIT_S}
    return found, ""


def _program(columns: Columns, paths: set[str]) -> tuple[Oracles, str]:
    """Return the row's command, or the import of the analysed folder where its script was never published."""
    command, checkout = columns["run_cmd"], PurePosixPath(columns["folder"]).parts[0]
    script, folder = SCRIPT.search(command), CHANGES_FOLDER.search(command)
    if script:
        path = PurePosixPath(folder.group(1) if folder else "", script.group(1))
        if str(PurePosixPath(*path.parts[1:])) not in paths:
            return _import(columns, paths, str(path))
    # The commands start where the checkout lies under its own name.
    linked = f'ln -sfn "$REPO" {shlex.quote(checkout)} && {{ {command}; }}'
    run: dict[str, str | int] = {"cmd": linked, "cwd": "outside"}
    return {"L2": {**run, "measures": "program", "timeout_s": PROGRAM_LIMIT_S}}, ""


def _import(columns: Columns, paths: set[str], script: str) -> tuple[Oracles, str]:
    """Return the import of the package that the row's `folder` is; nothing if it is none."""
    remark = f"{script} is not in the repository at this commit"
    parts = PurePosixPath(columns["folder"]).parts[1:]
    if not parts or f"{'/'.join(parts)}/__init__.py" not in paths:
        return {}, f"{remark}: nothing but the hand-over is counted"
    look: dict[str, str | int] = {
        "cmd": f"python -c 'import {parts[-1]}'",
        "cwd": "/".join(("repo", *parts[:-1])),
        "measures": "program",
        "timeout_s": PROGRAM_LIMIT_S,
    }
    return {"L1": look}, f"{remark}: the import of {parts[-1]} instead"


def _is_test(path: str) -> bool:
    name = PurePosixPath(path).name
    return name.endswith("_test.py") or (name.startswith("test_") and name.endswith(".py"))
