"""Prints a verdict or a whole run folder on the terminal."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.markdown import Markdown
from rich.text import Text

from paper2run.batches.batch_page import WORDS
from paper2run.batches.rows import Batch
from paper2run.formats.plurals import counted
from paper2run.model.diagnosis import Cause
from paper2run.model.rebuild import Rebuild
from paper2run.model.report import Metadata
from paper2run.proofs.history import Checked
from paper2run.proofs.history import in_words as in_short
from paper2run.text_gate import visible_lines
from paper2run.verdicts.experiments import in_words
from paper2run.verdicts.headlines import REACHED, headline
from tasks.console.run_list import metadata_of

SHOWN_DRIFTS: Final = 10
CAUSES_OF_AUTHORS: Final[frozenset[Cause]] = frozenset(
    {"build_error", "code_error", "dead_dependency", "dead_link", "no_code", "unsupported_python"}
)
"""Causes that the repository's authors can remove; what helps against all others is the user's to do."""


def print_verdict(
    console: Console, metadata: Metadata, folder: Path, *, by_clock_s: float | None = None
) -> None:
    """Print in a few lines how a run ended: verdict, reason, image, next step, time, folder.

    `by_clock_s` is the time of the whole command, where there was one.
    """
    style = "bold green" if metadata.status in ("success", "planned") else "bold yellow"
    what = metadata.cause or (metadata.grade if metadata.grade != "none" else "")
    _print(console, f"{metadata.status}{f' ({what})' if what else ''}: {headline(metadata)}", style)
    _print(console, metadata.reason)
    if metadata.blame and metadata.status != "success":
        _print(console, f"error    {metadata.blame}")
    if metadata.image:
        size_mb = metadata.image_size_bytes / 1_000_000
        _print(
            console,
            f"image    {metadata.image} ({size_mb:.0f} MB), reached: {REACHED[metadata.rung]}",
        )
    if metadata.smallest_change:
        authors = metadata.status == "stopped-by-rule" and metadata.cause in CAUSES_OF_AUTHORS
        _print(console, f"{'change ' if authors else 'do next'}  {metadata.smallest_change}")
    if metadata.experiment is not None:
        _print(console, f"tried    {in_words(metadata.experiment)}")
    attempts = counted(metadata.attempts, "attempt")
    hits = (
        f", {metadata.cache_hits} of {len(metadata.stages)} stages cached"
        if metadata.cache_hits
        else ""
    )
    took = f"took     {metadata.seconds:.1f} s, {attempts}{hits}"
    _print(console, took if by_clock_s is None else f"{took}; {by_clock_s:.1f} s with the start")
    _print(console, f"folder   {folder}")


def print_next(console: Console, metadata: Metadata, folder: Path, ui: str) -> None:
    """Print what to do next: try the image, read the report, see the run at the address of Prefect's UI."""
    if metadata.image and not metadata.image_removed:
        _print(console, f"try      paper2run shell {folder.name}")
    _print(console, f"read     {folder / 'report.html'}")
    if ui and metadata.flow_run_id:
        _print(console, f"see      {ui}/runs/flow-run/{metadata.flow_run_id}")


def print_batch(console: Console, batch: Batch, folder: Path, by_clock_s: float) -> None:
    """Print a batch's totals, its rows without a verdict and why, and its folder."""
    for status, count in batch.totals.items():
        _print(console, f"{count:6} {status}: {WORDS[status]}")
    for row in batch.rows:
        if not row.has_verdict:
            _print(console, f"without a verdict: {row.title}: {row.reason}")
    together = sum(row.seconds for row in batch.rows)
    _print(console, f"took     {by_clock_s:.0f} s; {together:.0f} s, all runs together")
    _print(console, f"folder   {folder}")
    _print(console, f"page     {folder / 'batch.html'}")


def print_rebuild(console: Console, found: Rebuild, folder: str) -> None:
    """Print in a few lines how a rebuild compares with what was handed over."""
    style = "bold green" if found.outcome == "verified" else "bold yellow"
    _print(console, f"{found.outcome}: {found.reason}", style)
    for drift in found.drifts[:SHOWN_DRIFTS]:
        _print(
            console, f"{drift.cause:8} {drift.item}: {drift.before or '-'} -> {drift.after or '-'}"
        )
    for why in found.statement[:SHOWN_DRIFTS]:
        _print(console, f"signed   {why}")
    for path in found.tampered[:SHOWN_DRIFTS]:
        _print(console, f"folder   {path}")
    for note in found.notes:
        _print(console, f"note     {note}")
    for some in found.explained:
        _print(console, f"no drift {counted(some.count, 'file')}: {some.why}")
    if found.build_seconds:
        _print(
            console,
            f"took     {found.seconds:.0f} s, of these {found.build_seconds:.0f} s for the build",
        )
    _print(console, f"records  {folder}")


def print_checks(console: Console, rows: Sequence[Checked]) -> None:
    """Print what came of the check of each repository's newest run, and what has changed."""
    for row in rows:
        news = " (changed)" if row.is_news else ""
        told = row.trouble or row.reason
        _print(console, f"{row.now or 'not checked':11} {row.repository}{news}: {told}")
    _print(console, in_short(rows))


def print_run(console: Console, folder: Path) -> None:
    """Print a run folder: the verdict, then its report. UserError if it is not one."""
    metadata = metadata_of(folder)
    print_verdict(console, metadata, folder)
    report = folder / "report.md"
    if report.exists():
        text = visible_lines(report.read_text(encoding="utf-8", errors="replace"))
        # Set in columns it is for eyes; a file or pipe gets the lines whole.
        if console.is_terminal:
            console.print(Markdown(text))
        else:
            _print(console, text)
    elif metadata.status == "running":
        log = folder / "run.log"
        console.print("The run is in progress, or was killed. Its log so far:")
        said = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
        _print(console, said or "(nothing yet)")


def _print(console: Console, text: str, style: str = "") -> None:
    """Print a text literally: it contains no markup, and cannot move the cursor or hide text."""
    console.print(Text(visible_lines(text), style=style), soft_wrap=True)
