"""Who is next: which repositories a pass of a batch runs, and in which order. Pure decisions over rows."""

from collections.abc import Iterable, Sequence
from typing import Final

from paper2run.batches.batch_input import BatchLine
from paper2run.batches.rows import BatchRow

MAX_STARTS: Final = 3
"""Starts of one repository in a pass whose process is lost each time: it may be what kills them."""


def rows_for(
    lines: Iterable[BatchLine], earlier: Sequence[BatchRow], *, only_failed: bool
) -> tuple[BatchRow, ...]:
    """Return the rows of a pass, in the order of the file: what has a verdict keeps it, all else waits or still runs.

    A row is known again by everything that is asked in its line. With `only_failed`, verdicts other than success
    are run again too.
    """
    known = {row.entry.key: row for row in earlier}
    rows = []
    for line in lines:
        row = known.get(line.entry.key, BatchRow(entry=line.entry))
        done = row.has_verdict and not (only_failed and row.status not in ("success", "planned"))
        if not done and row.status != "running":
            row = BatchRow(entry=line.entry, starts=row.starts)
        rows.append(row.model_copy(update={"line": line.line}))
    return tuple(rows)


def next_waiting(rows: Sequence[BatchRow], jobs: int) -> int | None:
    """Return the place of the row to start; None where none waits or `jobs` run already.

    In the order of the file; those that were lost once go behind those that were not started yet.
    """
    running = sum(row.status == "running" for row in rows)
    waiting = [place for place, row in enumerate(rows) if row.status == "waiting"]
    if running >= jobs or not waiting:
        return None
    return min(waiting, key=lambda place: (rows[place].lost, place))


def after_loss(row: BatchRow, reason: str, folder: str) -> BatchRow:
    """Return the row whose process is dead: it waits for another start, unless it has used them up."""
    if row.lost + 1 < MAX_STARTS:
        return row.model_copy(update={"status": "waiting", "lost": row.lost + 1})
    words = f"its process was lost {MAX_STARTS} times; the last time: {reason}"
    return row.broken_off("exception", words, folder)
