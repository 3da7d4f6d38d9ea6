"""Says which repairs and candidates a run tried, and what became of each."""

from collections.abc import Sequence
from itertools import pairwise

from paper2run.model.report import Attempt
from paper2run.planning.candidates import WAYS
from paper2run.verdicts.failure_words import failure_line
from paper2run.verdicts.progress import IN_SHORT, progress


def repairs_tried(attempts: Sequence[Attempt]) -> tuple[str, ...]:
    """Return one line per repair that was tried: the failure, the change, and its effect."""
    lines = []
    for before, after in pairwise(attempts):
        found = before.diagnosis
        if after.planned.candidate != before.planned.candidate:
            lines.append(
                f"attempt {before.number}: {failure_line(before)}; next candidate:"
                f" {WAYS[after.planned.candidate]}; then: {IN_SHORT[progress(before, after)]}"
            )
        elif found is not None and found.decision.new_plan is not None:
            base = f", on the plan of attempt {found.of_attempt}" if found.of_attempt else ""
            lines.append(
                f"attempt {before.number}: {_ended(before)}; {found.by}: {found.decision.reason}{base};"
                f" then: {IN_SHORT[progress(before, after)]}"
            )
    return tuple(lines)


def _ended(attempt: Attempt) -> str:
    return failure_line(attempt) if attempt.failure else "its command passed and shows little"
