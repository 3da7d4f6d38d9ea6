"""Runs the real command line for each entry of a corpus, then the entry's oracles in its image.

`python benchmarks/corpus.py CORPUS.yaml [--only ID …] [--jobs N] [--out DIR] [--resume]`. The tool
gets only the address and the commit, never an oracle, a tag or an expectation.
"""

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from benchmarks import corpus_run
from benchmarks.corpus_entries import Entry
from benchmarks.corpus_results import FAILED_TO_MEASURE, Duration, Result
from benchmarks.corpus_run import Bench
from benchmarks.list_table import whole_table
from benchmarks.oracles import Interrupted, check
from paper2run.model.report import Metadata, StageTiming
from tasks.drivers.engine.engine import RUN_LABEL, Engine, engine_faults
from tasks.drivers.engine.leftovers import sweep
from tasks.drivers.host import process
from tasks.drivers.host.process import Finished
from tasks.running.records import RunFolder

PLAN_STAGES: Final = ("extract", "plan", "channels", "conda", "resolve")
BYTES_PER_MB: Final = 1024 * 1024
TAIL_CHARACTERS: Final = 1000
"""Of the tool's last words, where it left no run folder."""


def measure(entry: Entry, bench: Bench, flags: Sequence[str]) -> Result:
    """Return what the tool makes of the entry and what its oracles say of the image.

    HostError if the engine fails, Interrupted when the benchmark is to end; no container is left in any case.
    """
    runs = bench.out / "runs" / entry.id
    before = set(runs.glob("*/metadata.json"))
    finished = _reproduce(entry, runs, bench, flags)
    RunFolder(runs).write("output.log", finished.stdout + finished.stderr)
    metadata = _metadata(sorted(set(runs.glob("*/metadata.json")) - before))
    if metadata is not None:
        # A tool that was ended by us may have had no time to remove its containers.
        sweep(bench.engine, metadata.flow_run_id)
    if finished.stopped:
        raise Interrupted
    result = result_of(entry, finished, metadata)
    levels = check(bench.engine, result.image, entry, f"oracle-{entry.id}", bench.interrupted)
    if bench.remove_images and metadata is not None:
        _remove_images(bench.engine, metadata)
    return result.changed(
        levels=levels, total_s=round(finished.seconds, 1), folder=str(runs.relative_to(bench.out))
    )


def command_for(entry: Entry, runs: Path) -> list[str]:
    """Return the command that runs the tool on the entry; the run folder comes below `runs`."""
    command = [sys.executable, "-m", "flows.cli", "run", "--repo", entry.url, "--ref", entry.commit]
    return [*command, "--out", str(runs)]


def _reproduce(entry: Entry, runs: Path, bench: Bench, flags: Sequence[str]) -> Finished:
    return process.run(
        [*command_for(entry, runs), *flags],
        timeout_s=bench.limit_s,
        watch=lambda: "interrupted" if bench.interrupted.is_set() else None,
    )


def _metadata(paths: Sequence[Path]) -> Metadata | None:
    """Return what the newest of the records says; None if there is none of this version."""
    if not paths:
        return None
    try:
        return Metadata.model_validate_json(paths[-1].read_text("utf-8"))
    except ValidationError:
        return None


def result_of(entry: Entry, finished: Finished, metadata: Metadata | None) -> Result:
    """Return what the run recorded, without the oracles; a missing record and a timeout are verdicts too."""
    if finished.timed_out:
        words = f"ended by the benchmark after {finished.seconds:.0f} s"
        return Result.of(entry, "over the limit").changed(reason=words)
    if finished.exit_code == corpus_run.INTERRUPTED:
        words = "the tool was ended from outside, not by the benchmark"
        return Result.of(entry, FAILED_TO_MEASURE).changed(reason=words)
    if metadata is None:
        words = finished.stderr[-TAIL_CHARACTERS:]
        return Result.of(entry, f"exit {finished.exit_code}").changed(reason=words)
    return Result.of(entry, metadata.status).changed(
        cause=metadata.cause or "",
        reason=metadata.reason,
        blame=str(metadata.blame or ""),
        smallest_change=metadata.smallest_change,
        gets_past=metadata.experiment.gets_past if metadata.experiment else None,
        grade=metadata.grade,
        rung=metadata.rung,
        python=metadata.python,
        planner=metadata.model or metadata.planner,
        attempts=metadata.attempts,
        candidate=metadata.candidate,
        plan=_duration(metadata.stages, PLAN_STAGES),
        build=_duration(metadata.stages, ("build",)),
        smoke=_duration(metadata.stages, ("smoke",)),
        image=metadata.image,
        image_mb=metadata.image_size_bytes // BYTES_PER_MB,
    )


def _duration(stages: Sequence[StageTiming], names: Sequence[str]) -> Duration | None:
    """Return what the stages of those names took in all attempts; None if none of them ran."""
    those = [stage for stage in stages if stage.stage in names]
    if not those:
        return None
    seconds = sum(stage.seconds for stage in those)
    return Duration(seconds=round(seconds, 1), cached=all(stage.cached for stage in those))


def _remove_images(engine: Engine, metadata: Metadata) -> None:
    """Remove all images that the run built, and the final image, which an earlier run may have built.

    Images of failed attempts are included.
    """
    with engine_faults("listing the run's images"):
        built = engine.client.images.list(filters={"label": f"{RUN_LABEL}={metadata.flow_run_id}"})
    for name in {tag for image in built for tag in image.tags} | {metadata.image} - {""}:
        engine.remove_image(name)


def main() -> int:
    """Measure the corpus named on the command line and print the table; 130 if interrupted."""
    parser: argparse.ArgumentParser = corpus_run.parser(__doc__.partition("\n")[0])
    parser.add_argument(
        "--no-cache", action="store_true", help="the tool computes every stage anew"
    )
    parser.add_argument(
        "--max-attempts",
        type=int,
        help="builds in all; 1: no repair is tried (default: the tool's)",
    )
    options = parser.parse_args()
    flags = ["--no-cache"] if options.no_cache else []
    if options.max_attempts:
        flags += ["--max-attempts", str(options.max_attempts)]
    report, was_interrupted = corpus_run.take("paper2run", options, partial(measure, flags=flags))
    print(whole_table(report))
    return corpus_run.INTERRUPTED if was_interrupted else 0


if __name__ == "__main__":
    corpus_run.run(main)
