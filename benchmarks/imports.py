"""Measures import resolution alone, on thousands of single files: the distribution of each import.

`python benchmarks/imports.py FOLDER` takes every Python file below a folder, `… FILE.csv` every
row, by its column `code` or `path` (below the CSV's folder). Each file stands alone; with
`--together` a folder is one repository, whose own modules need no distribution. It runs no code and
needs no engine; only `--check-index` queries the index.
"""

import argparse
import csv
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple, get_args

from benchmarks.corpus_run import run
from paper2run.detectors.imports import third_party
from paper2run.errors import UserError
from paper2run.formats.tree import RepoTree
from paper2run.knowledge.distributions import Certainty, Guess, distribution_for, third_party_name
from paper2run.model.facts import Unreadable
from paper2run.python.python_source import parse
from paper2run.settings import Settings
from tasks.drivers.index.package_index import PackageIndex
from tasks.drivers.index.wheel_contents import provides
from tasks.resolve import CACHE_FOLDER

MAX_FILES: Final = 1_000_000
MAX_CODE_CHARS: Final = 2_000_000
"""Of one row's code, as the tool reads no larger file."""
MAX_LOOKUPS: Final = 50
"""Names that are held against the index in one run, most used first: an index is no place for lists of guesses."""
SHOWN: Final = 40
"""Modules that are printed; the file of `--out` has all."""


class Code(NamedTuple):
    """One Python file; in a repository together with the tree that it belongs to."""

    name: str
    text: str
    tree: RepoTree | None = None


class Found(NamedTuple):
    """One third-party module that one file imports."""

    file: str
    line: int
    guarded: bool
    guess: Guess


class Measured(NamedTuple):
    """What came of all files."""

    found: tuple[Found, ...]
    files: int
    broken: int
    """Files that no version of Python parses; their import lines count all the same."""
    unreadable: int
    seconds: float
    """Processor time, reading included."""


def main() -> int:
    """Measure what the command line names and print the totals; return 0."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("path", type=Path, help="folder of Python files, or a CSV file")
    parser.add_argument("--together", action="store_true", help="the folder is one repository")
    parser.add_argument("--out", type=Path, help="CSV file that gets one line per file and module")
    parser.add_argument(
        "--check-index",
        action="store_true",
        help=f"hold the {MAX_LOOKUPS} most used same-name guesses against the index's files",
    )
    options = parser.parse_args()
    measured = measure(codes_of(options.path, together=options.together))
    if options.out is not None:
        write(options.out, measured.found)
    print(report(measured))
    if options.check_index:
        print(checked(measured, Settings()))
    return 0


def codes_of(path: Path, *, together: bool = False) -> Iterator[Code | Unreadable]:
    """Yield the files of a folder or the rows of a CSV file, in order. UserError for anything else."""
    if path.is_dir():
        tree = RepoTree.of(path, max_files=MAX_FILES)
        for name in tree.files:
            if name.endswith((".py", ".pyw")):
                text = tree.read(name)
                if isinstance(text, Unreadable):
                    yield text
                else:
                    yield Code(name, text, tree if together else None)
    elif path.is_file() and not together:
        yield from _rows(path)
    else:
        raise UserError(
            f"{path} is no folder" + ("" if together else " and no CSV file"),
            hint="name the folder of a repository"
            if together
            else "name a folder, or a CSV file with the column `code` or `path`",
        )


def measure(codes: Iterable[Code | Unreadable]) -> Measured:
    """Return the third-party imports of all files, each module once per file, in the order of the files."""
    started = time.process_time()
    found: list[Found] = []
    files = broken = unreadable = 0
    for code in codes:
        if isinstance(code, Unreadable):
            unreadable += 1
            continue
        files += 1
        source = parse(code.text)
        broken += bool(source.broken)
        modules: dict[str, Found] = {}
        for imported in source.imports:
            if code.tree is not None:
                module = third_party(code.tree, imported, code.name)
            else:
                module = "" if imported.level else third_party_name(imported.module)
            if module and (module not in modules or modules[module].guarded):
                guess = distribution_for(module)
                modules[module] = Found(code.name, imported.line, imported.guarded, guess)
        found += modules.values()
    return Measured(tuple(found), files, broken, unreadable, time.process_time() - started)


def report(measured: Measured) -> str:
    """Return the most used modules and the totals per certainty, as text."""
    files = Counter(found.guess for found in measured.found)
    lines = [
        f"{count:7}  {guess.module:28} {guess.name or '-':28} {guess.certainty}"
        for guess, count in _most_used(files)[:SHOWN]
    ]
    lines += [""] if lines else []
    for certainty in get_args(Certainty):
        counts = [count for guess, count in files.items() if guess.certainty == certainty]
        if counts:
            lines.append(f"{certainty:10} {len(counts):6} modules, {sum(counts):7} imports")
    rate = measured.files / measured.seconds if measured.seconds else 0.0
    lines.append(
        f"{measured.files} files ({measured.broken} broken), {measured.unreadable} unreadable, "
        f"{measured.seconds:.1f} s, {rate:.0f} files a second"
    )
    return "\n".join(lines)


def checked(measured: Measured, settings: Settings) -> str:
    """Return what the index's files say of the most used same-name guesses; HostError without an answer."""
    files = Counter(f.guess for f in measured.found if f.guess.certainty == "same-name")
    names = [guess for guess, _ in _most_used(files)]
    cache_dir = settings.home / CACHE_FOLDER
    with PackageIndex(settings, cache_dir) as index:
        wrong = [
            guess.module
            for guess in names[:MAX_LOOKUPS]
            if not provides(index, guess.name, guess.module, cache_dir)
        ]
    asked = min(len(names), MAX_LOOKUPS)
    words = f"same-name guesses: {asked} of {len(names)} asked, {asked - len(wrong)} hold"
    return f"{words}; not: {', '.join(wrong)}" if wrong else words


def write(path: Path, found: Iterable[Found]) -> None:
    """Write one line per file and module."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("file", "line", "module", "distribution", "certainty", "guarded"))
        for each in found:
            guess = each.guess
            writer.writerow(
                (each.file, each.line, guess.module, guess.name, guess.certainty, each.guarded)
            )


def _rows(path: Path) -> Iterator[Code | Unreadable]:
    # The module's own limit is 131,072 characters a field: less than a long script has.
    csv.field_size_limit(MAX_CODE_CHARS)
    tree = RepoTree.of(path.parent, max_files=MAX_FILES)
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        rows = csv.DictReader(file)
        columns = rows.fieldnames or ()
        if "code" not in columns and "path" not in columns:
            raise UserError(
                f"{path} has no column `code` or `path`",
                hint="name the column of the code `code`, or that of its files `path`",
            )
        for row in rows:
            name = row.get("path") or f"line {rows.line_num}"
            text = row["code"] if "code" in columns else tree.read(name)
            yield text if isinstance(text, Unreadable) else Code(name, text or "")


def _most_used(files: Counter[Guess]) -> list[tuple[Guess, int]]:
    return sorted(files.items(), key=lambda pair: (-pair[1], pair[0].module))


if __name__ == "__main__":
    run(main)
