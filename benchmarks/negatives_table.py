"""How often the verdicts on repositories with one known change are right, by cause and by kind."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final

from benchmarks.constructed import UNCHANGED, Case
from benchmarks.corpus_results import FAILED_TO_MEASURE, STOPPED, Result
from benchmarks.corpus_table import one_line, rows, share
from paper2run.model.value import Value

COLUMNS: Final = (
    "repository", "kind", "truth", "verdict", "cause", "grade", "right", "names", "seconds", "reason",
    "smallest_change", "gets_past", "counted",
)  # fmt: skip


class Judged(Value):
    """One case, its truth, and what was said of it."""

    repository: str
    kind: str
    truth: tuple[str, ...]
    """Any of these causes is right; empty: the repository works."""
    verdict: str
    cause: str
    grade: str
    right: bool
    names: bool
    """For a negative: reason, first error or smallest change hold a word for what is at fault."""
    counted: bool
    """False where the repository without a change is no success either, or the benchmark failed."""
    seconds: float
    reason: str
    smallest_change: str
    gets_past: bool | None
    """Whether that change, tried with a stand-in, gets past the failure; None if it was not tried."""

    @property
    def handed_over(self) -> bool:
        """True if the run says that the repository works."""
        return self.verdict == "success"

    @property
    def main_truth(self) -> str:
        """The cause that fits best; empty for a repository that works."""
        return self.truth[0] if self.truth else ""


class CauseTotal(Value):
    """How one cause was found."""

    cause: str
    negatives: int
    """Counted negatives for which it is the best answer."""
    right: int
    """Of them: those whose cause is one of the right ones."""
    said: int
    """Counted cases of which a run that handed nothing over said this cause."""
    said_rightly: int


class Summary(Value):
    """`negatives.json`: all cases and what they add up to."""

    seed: int
    negatives: int
    right: int
    named: int
    with_smallest_change: int
    """Stops on negatives that name the least change that would help."""
    stops: int
    tried: int
    """Stops whose smallest change was tried with a stand-in."""
    confirmed: int
    """Of them: it gets past the failure."""
    false_success: int
    positives: int
    positives_right: int
    false_impossible: int
    repositories: int
    not_counted: int
    seconds: float
    causes: tuple[CauseTotal, ...]
    cases: tuple[Judged, ...]


def judge(cases: Sequence[Case], results: Iterable[Result]) -> tuple[Judged, ...]:
    """Return what was said of each measured case, in the order of the cases."""
    by_id = {result.id: result for result in results}
    broken = {
        case.base
        for case in cases
        if case.kind == UNCHANGED
        and case.entry.id in by_id
        and not by_id[case.entry.id].handed_over
    }
    return tuple(
        _judged(case, by_id[case.entry.id], case.base not in broken)
        for case in cases
        if case.entry.id in by_id
    )


def summarise(judged: Sequence[Judged], seed: int) -> Summary:
    """Return the totals over the counted cases; unchanged repositories are no positives of their own."""
    counted = [case for case in judged if case.counted and case.kind != UNCHANGED]
    negatives = [case for case in counted if case.truth]
    positives = [case for case in counted if not case.truth]
    stops = [case for case in negatives if case.verdict in STOPPED]
    causes = sorted({case.main_truth for case in negatives} | {c.cause for c in counted} - {""})
    return Summary(
        seed=seed,
        negatives=len(negatives),
        right=sum(case.right for case in negatives),
        named=sum(case.names for case in negatives),
        with_smallest_change=sum(bool(case.smallest_change) for case in stops),
        stops=len(stops),
        tried=sum(case.gets_past is not None for case in stops),
        confirmed=sum(case.gets_past is True for case in stops),
        false_success=sum(case.handed_over for case in negatives),
        positives=len(positives),
        positives_right=sum(case.right for case in positives),
        false_impossible=sum(case.verdict in STOPPED for case in positives),
        repositories=len({case.repository for case in counted}),
        not_counted=sum(not case.counted for case in judged),
        seconds=round(sum(case.seconds for case in judged), 1),
        causes=tuple(_total(cause, counted) for cause in causes),
        cases=tuple(judged),
    )


def table(summary: Summary) -> str:
    """Return totals, precision and recall by cause and by kind, and every wrong answer, as Markdown."""
    counted = [case for case in summary.cases if case.counted and case.kind != UNCHANGED]
    wrong = [case for case in counted if not case.right]
    left_out = [case for case in summary.cases if not case.counted]
    parts = [
        f"# Repositories with one known change, seed {summary.seed}",
        rows(["", "counted"], _totals(summary)),
        "## By cause",
        rows(["cause", "recall", "precision"], [_cause_row(total) for total in summary.causes]),
        "## By kind",
        rows(["kind", "right"], _by_kind(counted)),
    ]
    if wrong:
        header = ["case", "truth", "verdict", "cause", "grade", "reason"]
        parts += ["## Wrong answers", rows(header, [_wrong_row(case) for case in wrong])]
    if left_out:
        names = ", ".join(f"{case.repository}.{case.kind}" for case in left_out)
        parts.append(f"Not counted, as the repository fails without a change too: {names}.")
    return "\n\n".join(parts) + "\n"


def as_csv(judged: Iterable[Judged]) -> str:
    """Return one line per case."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for case in judged:
        fields = {**dict(case), "truth": " or ".join(case.truth) or "works"}
        writer.writerow([fields[name] for name in COLUMNS])
    return text.getvalue()


def _judged(case: Case, result: Result, works: bool) -> Judged:
    causes = case.change.causes
    words = f"{result.reason}\n{result.blame}\n{result.smallest_change}".lower()
    return Judged(
        repository=case.base,
        kind=case.kind,
        truth=causes,
        verdict=result.verdict,
        cause=result.cause,
        grade=result.grade,
        right=result.is_right_negative if causes else result.handed_over,
        names=any(word.lower() in words for word in case.change.objects),
        counted=works and result.verdict != FAILED_TO_MEASURE,
        seconds=result.total_s,
        reason=result.reason,
        smallest_change=result.smallest_change,
        gets_past=result.gets_past,
    )


def _total(cause: str, counted: Sequence[Judged]) -> CauseTotal:
    asked = [case for case in counted if case.main_truth == cause]
    said = [case for case in counted if case.cause == cause and not case.handed_over]
    return CauseTotal(
        cause=cause,
        negatives=len(asked),
        right=sum(case.right for case in asked),
        said=len(said),
        said_rightly=sum(cause in case.truth for case in said),
    )


def _totals(summary: Summary) -> list[tuple[str, str]]:
    return [
        ("negatives with the right cause", share(summary.right, summary.negatives)),
        ("negatives ended by a stop, not by a class of their error", share(summary.stops, summary.negatives)),
        ("negatives whose explanation names what is at fault", share(summary.named, summary.negatives)),
        ("stops that name the smallest change", share(summary.with_smallest_change, summary.stops)),
        ("stops whose smallest change was tried", share(summary.tried, summary.stops)),
        ("of them: it gets past the failure", share(summary.confirmed, summary.tried)),
        ("false success", str(summary.false_success)),
        ("positives handed over", share(summary.positives_right, summary.positives)),
        ("false impossible", str(summary.false_impossible)),
        ("repositories", str(summary.repositories)),
        ("not counted", str(summary.not_counted)),
        ("minutes of wall time, all runs", f"{summary.seconds / 60:.0f}"),
    ]  # fmt: skip


def _cause_row(total: CauseTotal) -> list[str]:
    return [
        total.cause,
        share(total.right, total.negatives),
        share(total.said_rightly, total.said),
    ]


def _by_kind(counted: Sequence[Judged]) -> list[list[str]]:
    groups: dict[str, list[Judged]] = {}
    for case in counted:
        groups.setdefault(case.kind, []).append(case)
    return [
        [kind, share(sum(case.right for case in group), len(group))]
        for kind, group in sorted(groups.items())
    ]


def _wrong_row(case: Judged) -> list[str]:
    return [
        f"{case.repository}.{case.kind}",
        " or ".join(case.truth) or "works",
        case.verdict,
        case.cause or "–",
        case.grade,
        one_line(case.reason),
    ]
