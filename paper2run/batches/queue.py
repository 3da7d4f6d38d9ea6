"""Decides which repositories a pass of a batch runs, and in which order; pure decisions over rows."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from paper2run.batches.batch_input import BatchLine
from paper2run.batches.rows import BatchRow, RowStatus
from paper2run.model.usage import Budget, Usage

MAX_STARTS: Final = 3
"""Starts of one repository in a pass that may lose their process: the repository may be the cause."""


def rows_for(
    lines: Iterable[BatchLine],
    earlier: Sequence[BatchRow],
    *,
    only_failed: bool,
    compared: Mapping[str, RowStatus] = MappingProxyType({}),
) -> tuple[BatchRow, ...]:
    """Return the rows of a pass, in the file's order: a verdict is kept, all else waits or still runs.

    A row matches an earlier one if everything in its line is the same. With `only_failed`, rows with a verdict other
    than success run again too. `compared` are the statuses of another batch, by key.
    """
    known = {row.entry.key: row for row in earlier}
    rows = []
    for line in lines:
        row = known.get(line.entry.key, BatchRow(entry=line.entry))
        done = row.has_verdict and not (only_failed and row.status not in ("success", "planned"))
        if not done and row.status != "running":
            row = BatchRow(entry=line.entry, starts=row.starts, before=row.before)
        before = compared.get(line.entry.key, row.before)
        fresh = {
            "line": line.line, "own": line.own, "lost": 0, "again": 0, "share": None, "before": before
        }  # fmt: skip
        rows.append(row.changed(**fresh))
    return tuple(rows)


def next_waiting(rows: Sequence[BatchRow], jobs: int) -> int | None:
    """Return the place of the row to start; None if none waits or `jobs` run already.

    In the order of the file; rows that were lost or ended with a host error come after the others.
    """
    running = sum(row.status == "running" for row in rows)
    waiting = [place for place, row in enumerate(rows) if row.status == "waiting"]
    if running >= jobs or not waiting:
        return None
    return min(waiting, key=lambda place: (rows[place].lost + rows[place].again, place))


def share_of(rows: Sequence[BatchRow], jobs: int, budget: Budget) -> Budget:
    """Return what the next run may spend: an equal part per free job of what this pass has left.

    So the batch stays within its budget; what a run does not spend goes to later runs.
    """
    free = max(jobs - sum(row.status == "running" for row in rows), 1)
    spent = sum((row.spent for row in rows if row.share is not None), Usage())
    return budget.left(spent).shared(free)


def parameters_of(row: BatchRow, flags: Mapping[str, Any], share: Budget) -> dict[str, Any]:
    """Return the parameters of the row's run: its line overrides the flags, its share caps the budget."""
    asked = row.entry.over(flags)
    own = Budget(**{name: asked.get(name) for name in Budget.model_fields})
    return {**asked, **own.within(share).model_dump(exclude_none=True)}


def after_loss(row: BatchRow, reason: str, folder: str) -> BatchRow:
    """Return a row whose process died: it waits for another start, unless all starts are used up."""
    if row.lost + 1 < MAX_STARTS:
        return row.changed(status="waiting", lost=row.lost + 1)
    words = f"its process was lost {MAX_STARTS} times; the last time: {reason}"
    return row.broken_off("exception", words, folder)
