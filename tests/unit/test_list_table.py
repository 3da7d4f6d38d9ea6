from datetime import UTC, datetime

import pytest

from benchmarks.corpus_entries import Entry, Measured
from benchmarks.corpus_results import FAILED_TO_MEASURE, Counts, LevelResult, Outcome, Result
from benchmarks.corpus_table import Report, count
from benchmarks.list_table import both_ways, lists_table, whole_table, wilson, with_interval
from benchmarks.oracle_outcomes import counts_of, outcome_of

PAPERS, PROGRAMS = "papers", "pyego_github"


def result(
    name: str,
    verdict: str,
    outcome: Outcome,
    *,
    of: str = PAPERS,
    heavy: bool = False,
    tests: Counts | None = None,
    **changes: object,
) -> Result:
    measured: Measured = "program" if of == PROGRAMS else "collection"
    levels = [LevelResult(level="L2", outcome=outcome, measured=measured)]
    if tests is not None:
        levels.append(LevelResult(level="L3", outcome="FAIL", measured="tests", tests=tests))
    entry = Entry.model_validate(
        {
            "id": name,
            "url": f"https://example.org/{name}",
            "commit": "a" * 40,
            "from_list": of,
            "heavy": heavy,
            "oracle": {},
        }
    )
    return Result.of(entry, verdict).changed(levels=tuple(levels), **changes)


def report(way: str, *results: Result) -> Report:
    return Report(
        way=way,
        corpus="sample.yaml",
        ended_at=datetime(2024, 1, 1, tzinfo=UTC),
        left_out="",
        totals=count(results),
        results=results,
    )


def line(text: str, begin: str) -> list[str]:
    [found] = [row for row in text.splitlines() if row.startswith(f"| {begin} |")]
    return [cell.strip() for cell in found.strip("|").split("|")][1:]


@pytest.mark.parametrize(
    ("passed", "asked", "low", "high"),
    # Brown, Cai, DasGupta 2001, and R's prop.test without continuity correction.
    [(8, 10, 0.4902, 0.9433), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (50, 100, 0.4038, 0.5962)],
)  # fmt: skip
def test_wilson_interval_has_the_published_bounds(
    passed: int, asked: int, low: float, high: float
) -> None:
    assert wilson(passed, asked) == pytest.approx((low, high), abs=1e-4)


def test_share_of_nothing_is_a_dash_and_no_certainty() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert with_interval(0, 0) == "–"
    assert with_interval(8, 10) == "8 of 10: 80 % (49–94)"


def test_table_counts_lists_apart_and_heavy_rows_in_the_whole() -> None:
    text = lists_table(
        [
            result("a", "success", "pass", grade="tests", total_s=10, attempts=1, candidate="dated"),
            result("b", "success", "no tests", grade="imports", total_s=30, attempts=3, candidate="ci"),
            result("c", "smoke-failed", "pass", cause="undiagnosed", total_s=50, attempts=2),
            result("d", "success", "no pytest", heavy=True, total_s=70, candidate="ci"),
            result("e", "success", "ran", of=PROGRAMS, total_s=90, candidate="naive"),
        ],
        "paper2run",
    )  # fmt: skip

    # Columns: papers, pyego_github, all, all light ones.
    assert line(text, "measured") == ["4", "1", "5", "4"]
    assert line(text, "handed over")[2] == "4 of 5: 80 % (38–96)"
    assert line(text, "grade tests")[2].startswith("1 of 5:")
    assert [cell[:6] for cell in line(text, "collection or command holds")] == [
        "2 of 4", "1 of 1", "3 of 5", "3 of 4",
    ]  # fmt: skip
    # A level counts only in an image that was handed over: c's does not.
    assert line(text, "collection: exit 0")[0].startswith("1 of 4:")
    assert line(text, "collection: exit 5, no tests")[0].startswith("1 of 4:")
    assert line(text, "collection: no pytest in the image")[0].startswith("1 of 4:")
    assert line(text, "command: waits, or ends from no import")[:2] == ["–", "1 of 1: 100 % (21–100)"]  # fmt: skip
    assert line(text, "median seconds")[2] == "50"
    assert line(text, "median attempts")[0] == "1.5"
    assert line(text, "candidate handed over")[2] == "ci 2, dated 1, naive 1"
    assert line(text, "not handed over")[2] == "undiagnosed 1"


def test_valid_tests_are_those_that_were_not_skipped_and_a_lost_image_passes_none() -> None:
    text = lists_table(
        [
            result("most", "success", "pass", tests=Counts(passed=90, failed=5, errors=5)),
            result("few", "success", "pass", tests=Counts(passed=1, failed=1, errors=0)),
            result("lost", "smoke-failed", "pass", tests=Counts(passed=10, failed=0, errors=0)),
        ],
        "paper2run",
    )

    assert line(text, "valid tests that pass, all together")[1].startswith("91 of 102: 89 %")
    assert line(text, "the same, mean over repositories")[1] == "47 % of 3"


def test_repositories_are_named_that_only_the_naive_way_passes() -> None:
    ours = report(
        "paper2run",
        result("both", "success", "pass"),
        result("lost", "stopped-by-rule", "no image", cause="dead_link"),
        result("won", "success", "pass"),
    )
    naive = report(
        "naive",
        result("both", "built", "pass"),
        result("lost", "built", "pass"),
        result("won", "built", "FAIL"),
    )

    text = both_ways(ours, naive)

    assert "naive passes and paper2run does not: 1 of 3\n" in text
    assert "\n- lost: stopped-by-rule dead_link, no image\n" in text
    assert "paper2run passes and naive does not: 1 of 3 (won)" in text


def test_row_that_the_benchmark_failed_to_measure_is_no_failure_of_the_way() -> None:
    good, lost = result("a", "success", "pass"), result("b", FAILED_TO_MEASURE, "no image")
    naive = report("naive", result("a", "built", "pass"), result("b", "built", "pass"))

    assert line(whole_table(report("paper2run", good, lost)), "handed over")[1].startswith(
        "1 of 1:"
    )
    assert "naive passes and paper2run does not: 0 of 1" in both_ways(
        report("paper2run", good, lost), naive
    )


def test_corpus_of_ones_own_has_no_table_of_lists() -> None:
    own = result("own", "success", "pass", of="")

    assert "Published lists" not in whole_table(report("paper2run", own))
    assert both_ways(report("paper2run", own), report("naive", own)) == ""
    assert "Published lists" in whole_table(report("paper2run", result("a", "success", "pass")))


def test_image_without_tests_is_not_hollow_and_one_without_pytest_is() -> None:
    assert not result("a", "success", "no tests").is_hollow
    assert not result("a", "success", "ran", of=PROGRAMS).is_hollow
    assert result("a", "success", "no pytest").is_hollow


@pytest.mark.parametrize(
    ("measured", "exit_code", "output", "outcome"),
    [
        ("command", 0, "ImportError", "pass"),
        ("command", 5, "", "FAIL"),
        ("command", None, "", "timeout"),
        ("collection", 0, "3 tests collected", "pass"),
        ("collection", 5, "no tests collected in 0.01s", "no tests"),
        ("collection", 2, "ERROR tests/test_a.py - ModuleNotFoundError: No module named 'x'", "FAIL"),
        ("collection", 1, "/usr/local/bin/python: No module named pytest\n", "no pytest"),
        ("collection", 2, "E   ModuleNotFoundError: No module named 'pytest_asyncio'", "FAIL"),
        ("collection", None, "", "timeout"),
        ("tests", 1, "1 failed, 2 passed in 0.5s", "FAIL"),
        ("tests", 124, "!!! KeyboardInterrupt !!!\n2 passed in 840.02s", "timeout"),
        ("program", 0, "warning: ImportError was ignored", "pass"),
        ("program", 1, "ModuleNotFoundError: No module named 'attr'", "FAIL"),
        ("program", 1, "ImportError: libGL.so.1: cannot open shared object file", "FAIL"),
        ("program", 1, '  File "a.py", line 1\nSyntaxError: invalid syntax', "FAIL"),
        ("program", 2, "python: can't open file '/repo/a.py'", "FAIL"),
        ("program", 1, "/usr/bin/python3: No module named app", "FAIL"),
        ("program", 127, "sh: 1: mitm6: not found", "FAIL"),
        ("program", 2, "usage: a.py [-h] file", "ran"),
        ("program", 1, "FileNotFoundError: [Errno 2] No such file: 'data.csv'", "ran"),
        ("program", None, "Listening on port 8000", "ran"),
    ],
)  # fmt: skip
def test_outcome_follows_from_what_the_command_measures(
    measured: Measured, exit_code: int | None, output: str, outcome: Outcome
) -> None:
    assert outcome_of(measured, exit_code, output) == outcome


@pytest.mark.parametrize(
    ("output", "counts"),
    [
        ("== 1 failed, 2 passed, 3 skipped, 1 warning, 2 errors in 61.20s (0:01:01) ==", (2, 1, 2)),
        ("1 error in 0.05s", (0, 0, 1)),
        ("5 passed in 0.1s\nname: 7 failed downloads", (5, 0, 0)),
        ("no tests ran in 0.01s", None),
        ("Traceback", None),
    ],
)
def test_counts_are_those_of_the_last_summary(
    output: str, counts: tuple[int, int, int] | None
) -> None:
    found = counts_of("tests", output)

    assert found == (counts and Counts(passed=counts[0], failed=counts[1], errors=counts[2]))
    assert counts_of("collection", output) is None
