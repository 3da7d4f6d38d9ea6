"""The table and the totals of one way through a corpus, and two ways side by side, as Markdown."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from benchmarks.corpus_entries import LEVELS, Level
from benchmarks.corpus_results import FAILED_TO_MEASURE, STOPPED, Result
from paper2run.model.value import Value

HEADER: Final = (
    "id", "verdict", "cause (expected)", "rung", *LEVELS, "attempts",
    "plan s", "build s", "smoke s", "total s", "MB",
)  # fmt: skip
MAX_REASON: Final = 300
"""Characters of a reason below the table."""


class LevelTotal(Value):
    """One level over the counted reproducible entries that have an oracle of it."""

    level: Level
    passed: int
    """Passed in an image that was handed over."""
    asked: int
    proven_passed: int
    proven_asked: int
    """Only levels that somebody passed by hand before."""


class Totals(Value):
    """What a corpus says about a way."""

    levels: tuple[LevelTotal, ...]
    reproducible: int
    """Counted entries that are reproducible."""
    handed_over: int
    hollow: int
    """Of them: handed over, although L1 or L2 does not pass."""
    false_impossible: int
    """Reproducible entries that were said to be impossible."""
    passed_unseen: int
    """Oracles that passed in images of runs that did not hand them over; they count as failed."""
    negatives: int
    negatives_right: int
    negatives_handed_over: int
    not_measured: int


class Report(Value):
    """`results.json`: everything that one way made of one corpus."""

    way: str
    corpus: str
    """Name of the file."""
    ended_at: datetime
    left_out: str
    totals: Totals
    results: tuple[Result, ...]


def count(results: Sequence[Result]) -> Totals:
    """Return the totals over the counted entries."""
    counted = [result for result in results if result.counted]
    positives = [result for result in counted if result.expected.reproducible]
    negatives = [result for result in counted if not result.expected.reproducible]
    return Totals(
        levels=tuple(_level_total(positives, level) for level in LEVELS),
        reproducible=len(positives),
        handed_over=sum(result.handed_over for result in positives),
        hollow=sum(result.is_hollow for result in positives),
        false_impossible=sum(result.verdict in STOPPED for result in positives),
        passed_unseen=sum(
            level.outcome == "pass"
            for result in positives
            for level in result.levels
            if not result.handed_over
        ),
        negatives=len(negatives),
        negatives_right=sum(result.is_right_negative for result in negatives),
        negatives_handed_over=sum(result.handed_over for result in negatives),
        not_measured=sum(result.verdict == FAILED_TO_MEASURE for result in counted),
    )


def table(report: Report) -> str:
    """Return the table, the totals and what failed, as Markdown."""
    failures = [result for result in report.results if result.reason and not result.handed_over]
    parts = [
        f"# {report.way}: {report.corpus}",
        rows(HEADER, [_row(result) for result in report.results]),
        *([f"{report.left_out}."] if report.left_out else []),
        "## Totals",
        rows(["over the reproducible entries", report.way], total_rows(report.totals)),
    ]
    if failures:
        lines = [f"- {result.id}: {one_line(result.reason)}" for result in failures]
        parts += ["## Why", "\n".join(lines)]
    return "\n\n".join(parts) + "\n"


def total_rows(totals: Totals) -> list[tuple[str, str]]:
    """Return the totals in order: what is counted, and the count."""
    lines = []
    for total in totals.levels:
        passed = share(total.passed, total.asked)
        lines.append((f"{total.level} passes in the image handed over", passed))
        proven = share(total.proven_passed, total.proven_asked)
        lines.append((f"{total.level}, where somebody passed it by hand before", proven))
    handed_over = share(totals.handed_over, totals.reproducible)
    return [
        *lines,
        ("reproducible entries handed over", handed_over),
        ("of them hollow: L1 or L2 does not pass", str(totals.hollow)),
        ("false impossible", str(totals.false_impossible)),
        ("negatives right", share(totals.negatives_right, totals.negatives)),
        ("negatives handed over as if they worked", str(totals.negatives_handed_over)),
        (
            "oracles that pass in images not handed over, counted as failed",
            str(totals.passed_unseen),
        ),
        ("not measured: the benchmark itself failed", str(totals.not_measured)),
    ]


def side_by_side(ours: Report, other: Report) -> str:
    """Return a table of both ways over the common entries, each cell `other → ours`, and both totals."""
    others = {result.id: result for result in other.results}
    pairs = [(others[result.id], result) for result in ours.results if result.id in others]
    header = ["id", "verdict", *LEVELS, "total s", "MB"]
    lines = [
        [
            after.id,
            *(
                f"{cell} → {new}"
                for cell, new in zip(_compared(before), _compared(after), strict=True)
            ),
        ]
        for before, after in pairs
    ]
    totals = zip(
        total_rows(count([before for before, _ in pairs])),
        total_rows(count([after for _, after in pairs])),
        strict=True,
    )
    parts = [
        f"# {other.way} → {ours.way}: {ours.corpus}",
        rows(header, lines),
        "## Totals over the entries that both have",
        rows(
            ["over the reproducible entries", other.way, ours.way],
            [[what, before, after] for (what, before), (_, after) in totals],
        ),
    ]
    return "\n\n".join(parts) + "\n"


def rows(header: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    parts = [header, ["---"] * len(header), *lines]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in part)} |" for part in parts)


def share(passed: int, asked: int) -> str:
    """Return a part of a whole in words: `3 of 4 (75 %)`."""
    return f"{passed} of {asked} ({100 * passed / asked:.0f} %)" if asked else "0 of 0"


def _row(result: Result) -> list[str]:
    cause = result.cause or "–"
    if not result.expected.reproducible:
        cause += f" ({' or '.join(result.expected.causes) or 'any stop'})"
    return [
        result.id if result.counted else f"{result.id} (not counted)",
        result.verdict,
        cause,
        result.rung,
        *(result.shown(level) for level in LEVELS),
        str(result.attempts),
        *(str(part or "–") for part in (result.plan, result.build, result.smoke)),
        f"{result.total_s:.0f}",
        str(result.image_mb or "–"),
    ]


def _compared(result: Result) -> list[str]:
    levels = [result.shown(level) for level in LEVELS]
    return [result.verdict, *levels, f"{result.total_s:.0f}", str(result.image_mb or "–")]


def _level_total(positives: Sequence[Result], level: Level) -> LevelTotal:
    asked = [
        result
        for result in positives
        if result.level(level) and level not in result.expected.excused
    ]
    passed = [result for result in asked if result.handed_over and result.shown(level) == "pass"]
    return LevelTotal(
        level=level,
        passed=len(passed),
        asked=len(asked),
        proven_passed=sum(level in result.proven for result in passed),
        proven_asked=sum(level in result.proven for result in asked),
    )


def one_line(text: str) -> str:
    """Return a reason as a line of a table has it: without line ends, cut where it is long."""
    words = " ".join(text.split())
    return words if len(words) <= MAX_REASON else f"{words[: MAX_REASON - 1]}…"
