"""Measures a corpus the naive way, as a baseline: `python:3.11-slim`, `pip install`, same oracles.

`python benchmarks/naive.py CORPUS.yaml …` with the options of `corpus.py`; `--against results.json`
prints both ways side by side. Cloning, build and access to the index are the tool's own drivers, so
only the plan differs.
"""

import shutil
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from benchmarks import corpus_run
from benchmarks.corpus_entries import Entry
from benchmarks.corpus_results import Duration, Result
from benchmarks.corpus_run import Bench
from benchmarks.corpus_table import Report, side_by_side
from benchmarks.list_table import both_ways, whole_table
from benchmarks.oracles import Interrupted, check
from paper2run.errors import UserError
from paper2run.model.image import SOURCE_FOLDER
from paper2run.model.outcome import BuildFailed, Built
from paper2run.rendering.injection import Injection
from paper2run.settings import Settings
from paper2run.source import parse
from tasks.drivers.engine import buildkit
from tasks.drivers.engine.build_context import BuildInput
from tasks.drivers.git import git, layout
from tasks.drivers.git.mirror import MIRRORS
from tasks.running.log_file import LogFile
from tasks.running.records import RunFolder

BASE_IMAGE: Final = "python:3.11-slim"
BYTES_PER_MB: Final = 1024 * 1024
NEED_PYTEST: Final = ("collection", "tests")
LAST_LINES: Final = 3
"""Of a failed build's log."""


def measure(entry: Entry, bench: Bench) -> Result:
    """Return what the naive way makes of the entry and what its oracles say of the image.

    HostError if engine, network or disk fail, Interrupted when the benchmark is to end.
    """
    settings = Settings()
    folder = bench.out / "runs" / entry.id
    run_id = f"naive-{uuid.uuid4().hex}"
    tag = f"paper2run-naive/{entry.id.lower()}:{entry.commit[:12]}"
    started = time.monotonic()
    try:
        repo = _checkout(entry, folder / "repo", settings)
    except UserError as error:
        return Result.of(entry, "clone-failed").changed(reason=error.what)
    collects = any(command.measures in NEED_PYTEST for command in entry.oracle.values())
    text = dockerfile(repo, with_pytest=collects)
    RunFolder(folder).write("Dockerfile", text)
    with LogFile(folder / "build.log") as log:
        built = buildkit.build(
            bench.engine,
            BuildInput(text, repo, tag, Injection.of(settings)),
            run_id=run_id,
            timeout_s=bench.limit_s,
            on_line=_until_interrupted(bench, log.line),
        )
    total_s = time.monotonic() - started
    image = built.image if isinstance(built, Built) else ""
    levels = check(bench.engine, image, entry, run_id, bench.interrupted)
    if bench.remove_images:
        bench.engine.remove_image(tag)
    return _summary(entry, built).changed(
        levels=levels, total_s=round(total_s, 1), folder=str(folder.relative_to(bench.out))
    )


def dockerfile(repo: Path, *, with_pytest: bool = False) -> str:
    """Return what a person writes who has read no further than the names of the files at the top.

    Whoever wants to collect tests installs pytest, too.
    """
    steps = []
    if (repo / "requirements.txt").is_file():
        steps.append("RUN pip install -r requirements.txt")
    if any((repo / name).is_file() for name in ("pyproject.toml", "setup.py")):
        steps.append("RUN pip install .")
    if with_pytest:
        steps.append("RUN pip install pytest")
    lines = [
        f"FROM {BASE_IMAGE}",
        f"COPY repo/ {SOURCE_FOLDER}/",
        f"WORKDIR {SOURCE_FOLDER}",
        *steps,
    ]
    return "\n".join(lines) + "\n"


def _checkout(entry: Entry, folder: Path, settings: Settings) -> Path:
    """Lay the commit out into `folder`, anew; UserError for what cannot be had."""
    mirrors = settings.home / MIRRORS
    timeout_s, max_mb = settings.clone_timeout, settings.max_repo_mb
    source = parse(entry.url)
    located = git.locate(source, entry.commit, mirrors, timeout_s=timeout_s, max_mb=max_mb)
    checkout = git.fetch(source, located, mirrors, timeout_s=timeout_s, max_mb=max_mb)
    if folder.exists():
        shutil.rmtree(folder)
    layout.lay_out(checkout, folder)
    return folder


def _until_interrupted(bench: Bench, on_line: Callable[[str], None]) -> Callable[[str], None]:
    """Return `on_line`, which leaves the build, and so cancels it, when the benchmark is to end."""

    def line(text: str) -> None:
        if bench.interrupted.is_set():
            raise Interrupted
        on_line(text)

    return line


def _summary(entry: Entry, built: Built | BuildFailed) -> Result:
    seconds = Duration(seconds=round(built.seconds, 1))
    if isinstance(built, Built):
        update = {
            "rung": "built",
            "image": built.image,
            "image_mb": built.size_bytes // BYTES_PER_MB,
        }
        result = Result.of(entry, "built").changed(**update)
    else:
        lines = (built.log.stderr or built.log.stdout).splitlines()[-LAST_LINES:]
        reason = "; ".join([built.step, *lines])
        result = Result.of(entry, "build-failed").changed(reason=reason)
    return result.changed(python="3.11", attempts=1, build=seconds)


def _read_report(path: Path) -> Report:
    try:
        return Report.model_validate_json(path.read_text("utf-8"))
    except (OSError, ValidationError) as error:
        raise UserError(
            f"{path} is no results.json of this version: {error}",
            hint="measure again with this version of the benchmark",
        ) from error


def main() -> int:
    """Measure the corpus named on the command line and print the table; 130 if interrupted."""
    parser = corpus_run.parser(__doc__.partition("\n")[0])
    parser.add_argument("--against", type=Path, help="results.json of corpus.py, shown beside")
    options = parser.parse_args()
    ours = _read_report(options.against) if options.against else None
    report, was_interrupted = corpus_run.take("naive", options, measure)
    print(whole_table(report))
    if ours is not None:
        print(side_by_side(ours, report))
        print(both_ways(ours, report))
    return corpus_run.INTERRUPTED if was_interrupted else 0


if __name__ == "__main__":
    corpus_run.run(main)
