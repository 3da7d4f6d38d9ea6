"""The table of a sample of published lists, each share with its Wilson 95 % interval, as Markdown."""

from collections import Counter
from collections.abc import Callable, Sequence
from math import sqrt
from statistics import mean, median
from typing import Final

from benchmarks.corpus_results import FAILED_TO_MEASURE, HOLDS, Counts, LevelResult, Result
from benchmarks.corpus_table import Report, rows, table
from paper2run.model.grade import GRADES

Z: Final = 1.959964
"""Of a two-sided interval of 95 %."""
Line = tuple[str, Callable[[Sequence[Result]], str]]


def wilson(passed: int, asked: int) -> tuple[float, float]:
    """Return the bounds of the 95 % interval of a share, 0 to 1; (0, 1) where nothing was asked.

    https://en.wikipedia.org/wiki/Binomial_proportion_confidence_interval#Wilson_score_interval
    """
    if not asked:
        return 0.0, 1.0
    share, squared = passed / asked, Z * Z
    middle = (share + squared / (2 * asked)) / (1 + squared / asked)
    half = Z * sqrt(share * (1 - share) / asked + squared / (4 * asked**2)) / (1 + squared / asked)
    return max(0.0, middle - half), min(1.0, middle + half)


def with_interval(passed: int, asked: int) -> str:
    """Return a share in words: `12 of 20: 60 % (39–78)`; a dash where nothing was asked."""
    if not asked:
        return "–"
    low, high = wilson(passed, asked)
    return f"{passed} of {asked}: {100 * passed / asked:.0f} % ({100 * low:.0f}–{100 * high:.0f})"


def whole_table(report: Report) -> str:
    """Return the table of every corpus, and for a sample of lists the lists' own behind it."""
    sampled = [result for result in report.results if _is_measured(result)]
    return "\n".join([table(report), lists_table(sampled, report.way)] if sampled else [table(report)])  # fmt: skip


def lists_table(results: Sequence[Result], way: str) -> str:
    """Return one column for each list, for all of them, and for those that need no heavy library."""
    columns = {
        name: [result for result in results if result.from_list == name]
        for name in sorted({result.from_list for result in results})
    }
    columns["all"] = list(results)
    if light := [result for result in results if result.counted]:
        columns["all light ones"] = light
    grades = [grade for grade in reversed(GRADES) if any(r.grade == grade for r in results)]
    lines = [*OVERALL, *(_of_grade(grade) for grade in grades), *ORACLES, *COST]
    body = [[words, *(cell(group) for group in columns.values())] for words, cell in lines]
    return f"## Published lists, {way}\n\n{rows(['', *columns], body)}\n"


def both_ways(ours: Report, naive: Report) -> str:
    """Return the tables of both ways over the entries that both have, and where only one passes."""
    others = {result.id: result for result in naive.results if _is_measured(result)}
    pairs = [
        (result, others[result.id])
        for result in ours.results
        if result.id in others and _is_measured(result)
    ]
    if not pairs:
        return ""
    only_naive = [(ours, other) for ours, other in pairs if passes(other) and not passes(ours)]
    only_ours = [ours for ours, other in pairs if passes(ours) and not passes(other)]
    worse = "\n".join(f"- {ours.id}: {_end(ours)}" for ours, _ in only_naive)
    return "\n".join(
        [
            lists_table([ours for ours, _ in pairs], ours.way),
            lists_table([other for _, other in pairs], naive.way),
            f"{naive.way} passes and {ours.way} does not: {len(only_naive)} of {len(pairs)}\n{worse}\n",
            f"{ours.way} passes and {naive.way} does not: {len(only_ours)} of {len(pairs)}"
            f" ({', '.join(result.id for result in only_ours) or '–'})\n",
        ]
    )


def passes(result: Result) -> bool:
    """Return whether the image was handed over and the list's own command holds in it."""
    level = deciding(result)
    return result.handed_over and level is not None and level.outcome in HOLDS


def deciding(result: Result) -> LevelResult | None:
    """Return the list's own command, or the import that stands in for it; None if the entry has neither."""
    return result.level("L2") or result.level("L1")


def _is_measured(result: Result) -> bool:
    """Return whether it is a row of a list about which the benchmark can say something."""
    return bool(result.from_list) and result.verdict != FAILED_TO_MEASURE


def _share(
    asked: Callable[[Result], bool], passed: Callable[[Result], bool]
) -> Callable[[Sequence[Result]], str]:
    def cell(group: Sequence[Result]) -> str:
        those = [result for result in group if asked(result)]
        return with_interval(sum(passed(result) for result in those), len(those))

    return cell


def _measures(*kinds: str) -> Callable[[Result], bool]:
    return lambda result: (level := deciding(result)) is not None and level.measured in kinds


def _ends(*outcomes: str) -> Callable[[Result], bool]:
    """Return whether the deciding command of an image that was handed over ended so."""

    def ends(result: Result) -> bool:
        level = deciding(result)
        return result.handed_over and level is not None and level.outcome in outcomes

    return ends


def _of_grade(grade: str) -> Line:
    return f"grade {grade}", _share(lambda _: True, lambda result: result.grade == grade)


def _valid_tests(group: Sequence[Result]) -> str:
    found = [counts for result in group if (counts := _counts(result))]
    return with_interval(sum(counts.passed for counts in found), sum(c.valid for c in found))


def _mean_share(group: Sequence[Result]) -> str:
    """Return the mean over the repositories; one without an image or counts has a share of 0."""
    asked = [result for result in group if result.level("L3")]
    shares = [c.passed / c.valid if (c := _counts(r)) and c.valid else 0.0 for r in asked]
    return f"{100 * mean(shares):.0f} % of {len(asked)}" if asked else "–"


def _counts(result: Result) -> Counts | None:
    level = result.level("L3")
    return level.tests if level and result.handed_over else None


def _end(result: Result) -> str:
    level = deciding(result)
    return f"{result.verdict} {result.cause}".strip() + (f", {level.outcome}" if level else "")


def _counted(words: Sequence[str]) -> str:
    found = Counter(words).most_common()
    return ", ".join(f"{word} {number}" for word, number in found) or "–"


OVERALL: Final[tuple[Line, ...]] = (
    ("measured", lambda group: str(len(group))),
    ("handed over", _share(lambda _: True, lambda result: result.handed_over)),
)
ORACLES: Final[tuple[Line, ...]] = (
    ("collection or command holds", _share(_measures("collection", "program"), passes)),
    ("collection: exit 0", _share(_measures("collection"), _ends("pass"))),
    ("collection: exit 5, no tests", _share(_measures("collection"), _ends("no tests"))),
    ("collection: no pytest in the image", _share(_measures("collection"), _ends("no pytest"))),
    ("command: exit 0", _share(_measures("program"), _ends("pass"))),
    ("command: waits, or ends from no import", _share(_measures("program"), _ends("ran"))),
    ("valid tests that pass, all together", _valid_tests),
    ("the same, mean over repositories", _mean_share),
)
COST: Final[tuple[Line, ...]] = (
    ("median seconds", lambda group: f"{median(result.total_s for result in group):.0f}"),
    ("median attempts", lambda group: f"{median(result.attempts for result in group):g}"),
    ("candidate handed over", lambda group: _counted([r.candidate or "–" for r in group if r.handed_over])),
    ("not handed over", lambda group: _counted([r.cause or r.verdict for r in group if not r.handed_over])),
)  # fmt: skip
