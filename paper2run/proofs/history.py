"""The checks of many runs over time: what each one found, and what has changed since the one before."""

from collections.abc import Sequence
from typing import Final

from paper2run.formats.plurals import counted
from paper2run.model.rebuild import Outcome
from paper2run.model.value import Value
from paper2run.text_gate import cell, code

MARKS: Final[dict[Outcome, str]] = {"verified": "●", "drifted": "◐", "broken": "○", "tampered": "✕"}
SHOWN: Final = 30
"""Checks of one repository that the chart shows."""


class Checked(Value):
    """One repository, checked again."""

    repository: str
    run: str
    """Name of the run folder that was rebuilt."""
    outcomes: tuple[Outcome, ...] = ()
    """Of all checks of the repository, the oldest first; the last one is of now, unless `trouble` says why not."""
    reason: str = ""
    trouble: str = ""
    """What kept this machine from checking it; empty if it was checked."""

    @property
    def now(self) -> Outcome | None:
        """The outcome of this check; None if there is none."""
        return self.outcomes[-1] if self.outcomes and not self.trouble else None

    @property
    def is_news(self) -> bool:
        """Whether it differs from the check before; a first check is compared with `verified`."""
        before = self.outcomes[-2] if len(self.outcomes) > 1 else "verified"
        return self.now is not None and self.now != before


def in_words(rows: Sequence[Checked]) -> str:
    """Return in one line what has changed: `2 of 40 runs changed: owner/name is broken`."""
    changed = [row for row in rows if row.is_news]
    unchecked = sum(bool(row.trouble) for row in rows)
    without = f"; {unchecked} of them could not be checked" if unchecked else ""
    if not changed:
        return f"{counted(len(rows), 'run')}, nothing changed{without}"
    told = ", ".join(f"{row.repository} is {row.now}" for row in changed[:5])
    more = f", {len(changed) - 5} more" if len(changed) > 5 else ""
    return f"{len(changed)} of {counted(len(rows), 'run')} changed: {told}{more}{without}"


def history_page(rows: Sequence[Checked]) -> str:
    """Return the checks as Markdown, what has changed first: a chart of marks for each repository."""
    ordered = sorted(rows, key=lambda row: (not row.is_news, row.now == "verified", row.repository))
    key = ", ".join(f"{mark} {outcome}" for outcome, mark in MARKS.items())
    lines = [
        in_words(rows),
        "",
        f"Oldest check first: {key}.",
        "",
        "| repository | checks | now | reason | run |",
        "|---|---|---|---|---|",
    ]
    for row in ordered:
        chart = "".join(MARKS[outcome] for outcome in row.outcomes[-SHOWN:])
        now = row.now or "not checked"
        cells = (cell(row.repository), chart, now, cell(row.trouble or row.reason), code(row.run))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"
