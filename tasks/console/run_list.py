"""Lists the runs of a folder of runs, those of its batches included."""

from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from paper2run.errors import UserError
from paper2run.formats.plurals import counted
from paper2run.model.rebuild import Outcome, Rebuild
from paper2run.model.report import Metadata
from paper2run.text_gate import visible
from tasks.console.tables import print_table

RECORD = "metadata.json"
PLACES = (f"*/{RECORD}", f"*/runs/*/{RECORD}")
"""Of a run, and of a run of a batch, below the folder of runs."""


def metadata_of(folder: Path) -> Metadata:
    """Return the summary of a run. UserError if the folder is none, or of another version."""
    path = folder / RECORD
    try:
        return Metadata.model_validate_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(
            f"{folder} is not a run folder: {path.name}: {error.strerror}",
            hint="name a folder that `paper2run run` printed or `paper2run list` shows",
        ) from error
    except ValidationError as error:
        raise UserError(
            f"{path} is of another version or damaged ({counted(error.error_count(), 'wrong field')})",
            hint="run the repository again, or read report.md in the folder",
        ) from None


def last_run(runs: Path) -> Path:
    """Return the folder of the run that was started last. UserError if there is none."""
    found = max(_known(runs), key=lambda run: run[1].started_at, default=None)
    if found is None:
        raise UserError(
            f"no run is in {runs}", hint="start one with `paper2run run REPO`, or name a run folder"
        )
    return found[0]


def runs_in(runs: Path) -> list[tuple[Path, Metadata]]:
    """Return each run folder with its summary, the newest first."""
    return sorted(_known(runs), key=lambda run: run[1].started_at, reverse=True)


def to_check(runs: Path) -> list[tuple[str, Path]]:
    """Return the newest run of each repository that handed an image over, by the repository's name."""
    newest: dict[str, Path] = {}
    for folder, metadata in runs_in(runs):
        if metadata.grade != "none" and metadata.best_attempt:
            newest.setdefault(metadata.name or metadata.repo, folder)
    return sorted(newest.items())


def outcomes_before(runs: Path, name: str) -> tuple[Outcome, ...]:
    """Return the outcomes of all checks of a repository's runs, the oldest first."""
    folders = [
        folder for folder, metadata in _known(runs) if name in (metadata.name, metadata.repo)
    ]
    found = []
    for path in (path for folder in folders for path in folder.glob("verify/*/verify.json")):
        try:
            found.append(Rebuild.model_validate_json(path.read_bytes()))
        except ValidationError:
            # Of another version: a check that cannot be read is none.
            continue
    return tuple(check.outcome for check in sorted(found, key=lambda check: check.started_at))


def print_runs(console: Console, runs: Path, *, most: int | None) -> None:
    """Print a table of the runs, the newest first; at most so many."""
    known = runs_in(runs)
    table = Table(box=None, pad_edge=False)
    for heading in ("started", "verdict", "repository", "folder"):
        table.add_column(heading, overflow="fold")
    for folder, metadata in known[:most]:
        what = metadata.cause or (metadata.grade if metadata.grade != "none" else "")
        cells = (
            metadata.started_at.strftime("%Y-%m-%d %H:%M"),
            f"{metadata.status}{f' ({what})' if what else ''}",
            metadata.name or metadata.repo,
            str(folder.relative_to(runs)),
        )
        table.add_row(*(Text(visible(cell)) for cell in cells))
    if known:
        print_table(console, table)
    left = len(known) - len(known[:most])
    console.print(
        f"{counted(len(known), 'run')} in {runs}" + (f", {left} not shown: --all" if left else ""),
        soft_wrap=True,
        markup=False,
    )


def _known(runs: Path) -> Iterator[tuple[Path, Metadata]]:
    """Yield each run folder with its summary; a folder of another version is passed over."""
    for place in PLACES:
        for path in runs.glob(place):
            try:
                yield path.parent, metadata_of(path.parent)
            except UserError:
                continue
