"""Measures the entries of a corpus one way, several at a time, and saves each result at once."""

import argparse
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from benchmarks.corpus_entries import LEVELS, Entry, Selection, read_corpus, select
from benchmarks.corpus_results import FAILED_TO_MEASURE, Result
from benchmarks.corpus_table import Report, count
from benchmarks.list_table import whole_table
from paper2run.errors import Paper2RunError, UserError
from tasks.drivers.engine.engine import Engine
from tasks.drivers.engine.engine_connection import connect
from tasks.running.records import RunFolder

RESULTS: Final = Path(__file__).parent / "results"
LINES: Final = "results.jsonl"
RUN_LIMIT_S: Final = 3600
"""For one entry without its oracles."""
INTERRUPTED: Final = 130


@dataclass(frozen=True)
class Bench:
    """What the way of an entry is given beside the entry."""

    engine: Engine
    out: Path
    interrupted: threading.Event
    """Set when the benchmark is to end; what waits looks at it."""
    limit_s: int
    remove_images: bool


Measure = Callable[[Entry, Bench], Result]


def parser(description: str) -> argparse.ArgumentParser:
    """Return the options that all ways have."""
    options = argparse.ArgumentParser(description=description)
    options.add_argument("corpus", type=Path, help="YAML file of entries")
    options.add_argument("--only", nargs="+", default=[], metavar="ID", help="these entries alone")
    options.add_argument("--jobs", type=int, default=1, help="entries at a time (default: 1)")
    options.add_argument("--out", type=Path, help="folder of results (default: a new one)")
    options.add_argument("--resume", action="store_true", help="skip what --out has already")
    options.add_argument(
        "--include-heavy", action="store_true", help="entries with torch or tensorflow too"
    )
    options.add_argument(
        "--include-missing-blobs", action="store_true", help="entries with missing files too"
    )
    options.add_argument(
        "--remove-images",
        action="store_true",
        help="remove each entry's images when its oracles have run",
    )
    options.add_argument(
        "--limit", type=int, default=RUN_LIMIT_S, help=f"seconds per entry (default: {RUN_LIMIT_S})"
    )
    return options


def take(way: str, options: argparse.Namespace, measure: Measure) -> tuple[Report, bool]:
    """Measure the corpus, write results and table to the folder, and return the report.

    The second value says whether the measurement was interrupted. UserError for a corpus, an id or
    a folder that cannot be used; EngineError without an engine.
    """
    chosen = select(
        read_corpus(options.corpus),
        options.only,
        heavy=options.include_heavy,
        missing_blobs=options.include_missing_blobs,
    )
    return take_selected(way, options, chosen, folder_of(options), measure)


def folder_of(options: argparse.Namespace) -> Path:
    """Return the folder of results, which may not be there yet.

    UserError if --resume has none to go on with.
    """
    if options.resume and options.out is None:
        raise UserError(
            "--resume needs the --out of the run to go on with", hint="add --out FOLDER"
        )
    named: Path = options.out or RESULTS / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    return named.resolve()


def take_selected(
    way: str, options: argparse.Namespace, chosen: Selection, out: Path, measure: Measure
) -> tuple[Report, bool]:
    """Measure the chosen entries into the folder `out`; see `take`."""
    kept = _kept(out, options.resume)
    bench = Bench(connect(), out, threading.Event(), options.limit, options.remove_images)
    out.mkdir(parents=True, exist_ok=True)
    todo = [entry for entry in chosen.entries if (entry.id, entry.commit) not in kept]
    print(f"{len(todo)} of {len(chosen.entries)} entries to measure into {out}", chosen.left_out)
    was_interrupted = _take_all(todo, bench, measure, options.jobs, kept)
    report = _report(way, options.corpus.name, chosen, kept)
    folder = RunFolder(out)
    folder.write("results.json", report)
    folder.write("table.md", whole_table(report))
    return report, was_interrupted


def run(main: Callable[[], int]) -> None:
    """Exit with what `main` returns; our errors and Ctrl-C, which SIGTERM equals, set the exit code."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        sys.exit(main())
    except Paper2RunError as error:
        print(f"error: {error.what}\n  hint: {error.hint}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def _take_all(
    entries: list[Entry],
    bench: Bench,
    measure: Measure,
    jobs: int,
    kept: dict[tuple[str, str], Result],
) -> bool:
    """Measure the entries, add each result to `kept` and the JSON lines file; return True if interrupted."""
    executor = ThreadPoolExecutor(max_workers=max(jobs, 1))
    futures = {executor.submit(measure, entry, bench): entry for entry in entries}
    try:
        with (bench.out / LINES).open("a", encoding="utf-8") as lines:
            for number, future in enumerate(as_completed(futures), 1):
                result = _result(futures[future], future)
                kept[result.id, result.commit] = result
                lines.write(result.model_dump_json() + "\n")
                lines.flush()
                print(f"{number}/{len(entries)} {_in_words(result)}", flush=True)
    except KeyboardInterrupt:
        bench.interrupted.set()
        print("interrupted: ending what runs; continue with --resume", file=sys.stderr)
        return True
    finally:
        executor.shutdown(wait=True, cancel_futures=True)
    return False


def _result(entry: Entry, future: "Future[Result]") -> Result:
    """Return the result, or the one that says why there is none: one entry never stops the others."""
    error = future.exception()
    if error is None:
        return future.result()
    return Result.of(entry, FAILED_TO_MEASURE).changed(reason=f"{type(error).__name__}: {error}")


def _kept(out: Path, resume: bool) -> dict[tuple[str, str], Result]:
    """Return the results that the folder already has, by id and commit.

    Entries to be measured again are left out.
    """
    path = out / LINES
    if not path.exists():
        return {}
    if not resume:
        raise UserError(f"{out} holds results already", hint="add --resume, or name another --out")
    kept = {}
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        try:
            result = Result.model_validate_json(line)
        except ValidationError:
            print(f"{path.name}:{number} is not a whole result; measured again", file=sys.stderr)
            continue
        kept[result.id, result.commit] = result
    return {key: result for key, result in kept.items() if result.verdict != FAILED_TO_MEASURE}


def _report(
    way: str, corpus: str, chosen: Selection, kept: dict[tuple[str, str], Result]
) -> Report:
    keys = [(entry.id, entry.commit) for entry in chosen.entries]
    results = tuple(kept[key] for key in keys if key in kept)
    return Report(
        way=way,
        corpus=corpus,
        ended_at=datetime.now(UTC),
        left_out=chosen.left_out,
        totals=count(results),
        results=results,
    )


def _in_words(result: Result) -> str:
    levels = ", ".join(f"{level} {result.shown(level)}" for level in LEVELS if result.level(level))
    cause = f" ({result.cause})" if result.cause else ""
    return f"{result.id}: {result.verdict}{cause}, {levels or 'no oracle'}, {result.total_s:.0f} s"
