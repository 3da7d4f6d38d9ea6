"""Puts one known fault or harmless change into working repositories and measures the verdicts.

`python -m benchmarks.negatives CORPUS.yaml [--negatives N] [--positives N] [--select PATTERN …] [--seed N]`.
The entries must be reproducible; they are cloned into the folder of results. No code of theirs runs on the host.
"""

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from random import Random
from typing import Final

from benchmarks import corpus_run
from benchmarks.constructed import UNCHANGED, Case, Works, choose, selected
from benchmarks.corpus import measure
from benchmarks.corpus_entries import Entry, Selection, read_corpus, select
from benchmarks.corpus_table import Report
from benchmarks.faults import FAULTS, dead_download
from benchmarks.harmless_changes import HARMLESS
from benchmarks.negatives_table import as_csv, judge, summarise, table
from paper2run.errors import UserError
from tasks.running.records import RunFolder

NEGATIVES: Final = 60
POSITIVES: Final = 30
CLONES: Final = "repositories"


def cases_of(options: argparse.Namespace, works: Works) -> list[Case]:
    """Return the cases that the options ask for, each repository without a change first.

    UserError if there are none.
    """
    entries = _bases(options)
    faults = dict(FAULTS)
    if options.gone:
        faults["dead-download"] = dead_download(options.gone)
    if options.select:
        chosen = list(selected(works, entries, {**faults, **HARMLESS}, options.select))
    else:
        order = Random(options.seed)
        chosen = choose(works, entries, faults, options.negatives, order)
        chosen += choose(works, entries, HARMLESS, options.positives, order)
        # A run that is ended early has measured a fair part.
        order.shuffle(chosen)
    if not chosen:
        raise UserError(
            "no case is asked for",
            hint="see --negatives and --positives, or give --select another pattern of ENTRY.KIND",
        )
    changed = {case.base for case in chosen}
    unchanged = [works.unchanged(entry) for entry in entries if entry.id in changed]
    return [*([] if options.without_unchanged else unchanged), *chosen]


def _bases(options: argparse.Namespace) -> list[Entry]:
    """Return the Python entries that somebody made work by hand: of those a fault's place is known."""
    kept = select(
        read_corpus(options.corpus),
        options.only,
        heavy=options.include_heavy,
        missing_blobs=options.include_missing_blobs,
    )
    return [
        entry
        for entry in kept.entries
        if entry.expectation.reproducible and entry.proven and entry.language == "python"
    ]


def parser() -> argparse.ArgumentParser:
    """Return the options of all ways, and what this one asks beside."""
    options = corpus_run.parser(__doc__.partition("\n")[0])
    options.add_argument(
        "--negatives", type=int, default=NEGATIVES, help=f"cases with a fault (default: {NEGATIVES})"
    )  # fmt: skip
    options.add_argument(
        "--positives", type=int, default=POSITIVES, help=f"harmless ones (default: {POSITIVES})"
    )
    options.add_argument("--seed", type=int, default=1, help="chooses cases and variants")
    options.add_argument(
        "--select", nargs="+", default=[], metavar="PATTERN",
        help="every case ENTRY.KIND that matches, instead of so many",
    )  # fmt: skip
    options.add_argument(
        "--gone", default="", metavar="ADDRESS",
        help="an address that answers 404 from a build; without it no link is broken",
    )  # fmt: skip
    options.add_argument(
        "--without-unchanged", action="store_true",
        help="do not measure first whether each repository works at all",
    )  # fmt: skip
    return options


def write(out: Path, cases: Sequence[Case], seed: int, report: Report) -> str:
    """Write JSON, CSV and the table to the folder, and return the table."""
    summary = summarise(judge(cases, report.results), seed)
    words = table(summary)
    folder = RunFolder(out)
    folder.write("negatives.json", summary)
    folder.write("negatives.csv", as_csv(summary.cases))
    folder.write("negatives.md", words)
    return words


def main() -> int:
    """Make and measure the cases, and print how often the verdicts are right; 130 if interrupted."""
    options = parser().parse_args()
    out = corpus_run.folder_of(options)
    cases = cases_of(options, Works(out / CLONES, options.seed))
    kinds = {case.kind for case in cases} - {UNCHANGED}
    print(
        f"{len(cases)} cases of {len(kinds)} kinds over {len({c.base for c in cases})} repositories"
    )
    chosen = Selection(tuple(case.entry for case in cases), "")
    report, was_interrupted = corpus_run.take_selected(
        "paper2run", options, chosen, out, partial(measure, flags=())
    )
    print(write(out, cases, options.seed, report))
    return corpus_run.INTERRUPTED if was_interrupted else 0


if __name__ == "__main__":
    corpus_run.run(main)
