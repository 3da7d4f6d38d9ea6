"""Decides when a batch pauses and which rows it runs again.

A host error does not end a row. Pure decisions.
"""

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Final

from paper2run.batches.rows import BatchRow
from paper2run.errors import Trouble

PAUSES_FOR: Final[frozenset[Trouble]] = frozenset({"engine", "index", "disk"})
"""What all runs share and a probe can see. Not `network`: several repositories whose forge is gone for good say
nothing about this machine."""
WINDOW: Final = timedelta(minutes=10)
"""Time between two runs with the same trouble: longer than a stage's own retries, shorter than most builds."""
MAX_AGAIN: Final = 3
"""Reruns of a row per pass; the repository itself may cause the trouble, and no probe would show that."""
FIRST_REST_S: Final = 5.0
LONGEST_REST_S: Final = 300.0
"""Between two probes. A restarted engine is back in seconds; freeing a disk by hand takes hours."""


def shared_trouble(rows: Sequence[BatchRow]) -> Trouble:
    """Return the trouble that ended two rows within `WINDOW`; empty without a shared one."""
    for trouble in sorted(PAUSES_FOR):
        moments = sorted(
            row.ended_at
            for row in rows
            if row.trouble == trouble and row.ended_at is not None and row.again < MAX_AGAIN
        )
        if any(later - earlier <= WINDOW for earlier, later in pairwise(moments)):
            return trouble
    return ""


def met_by(rows: Sequence[BatchRow], trouble: Trouble) -> list[int]:
    """Return the places of the rows that ended by this trouble and may be run again."""
    return [
        place for place, row in enumerate(rows) if row.trouble == trouble and row.again < MAX_AGAIN
    ]


def left_for_the_end(rows: Sequence[BatchRow]) -> list[int]:
    """Return the indices of rows that ended in an isolated host error; empty until all rows have ended.

    Each is retried once after all others.
    """
    if not all(row.has_ended for row in rows):
        return []
    return [place for place, row in enumerate(rows) if row.trouble and not row.again]


def is_open(rows: Sequence[BatchRow]) -> bool:
    """Whether a pass has something to wait for or to start."""
    return bool(
        not all(row.has_ended for row in rows) or shared_trouble(rows) or left_for_the_end(rows)
    )


def rest_s(number: int) -> float:
    """Return the seconds to wait after probe `number`, counted from 0, has failed."""
    return min(FIRST_REST_S * 2.0**number, LONGEST_REST_S)
