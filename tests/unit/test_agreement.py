"""Verdicts are compared with committees' badges; what one side leaves open counts for neither."""

import pytest

from benchmarks.agreement import compared, report, said_of
from benchmarks.corpus_entries import Entry
from benchmarks.corpus_results import FAILED_TO_MEASURE, Result
from benchmarks.list_rows import Row


def entry(name: str) -> Entry:
    url, commit = f"https://github.com/Lab/{name}", "a" * 40
    return Entry(id=f"aec-Lab-{name}", url=url, commit=commit, from_list="aec", oracle={})


def row(name: str, badges: str) -> Row:
    return Row("aec", f"lab/{name}", {"badges": badges})


@pytest.mark.parametrize(
    ("verdict", "fields", "said"),
    [
        ("success", {"grade": "documented-run"}, "functional"),
        ("success", {"grade": "imports"}, "not functional"),
        ("stopped-by-rule", {"cause": "needs_gpu", "grade": "tests"}, "not from here"),
        ("stopped-by-rule", {"cause": "missing_data"}, "not functional"),
        ("max-attempts-exhausted", {}, "not functional"),
        (FAILED_TO_MEASURE, {}, "undecided"),
        ("over the limit", {}, "undecided"),
    ],
)
def test_a_verdict_says_whether_the_artifact_works(verdict, fields, said):
    assert said_of(Result.of(entry("waves"), verdict).changed(**fields)) == said


def test_agreement_counts_what_both_sides_decided_and_tells_each_disagreement():
    entries = [entry(name) for name in ("a", "b", "c", "d", "e")]
    results = [
        Result.of(entries[0], "success").changed(grade="tests"),
        Result.of(entries[1], "success").changed(grade="imports", reason="it imports"),
        Result.of(entries[2], "stopped-by-rule").changed(cause="needs_gpu"),
        Result.of(entries[3], "success").changed(grade="tests"),
    ]
    rows = [
        row("a", "available;functional"),
        row("b", "reproduced"),
        row("c", "functional"),
        row("d", ""),
        row("e", "available"),
    ]

    text = report(compared(entries, results, rows))

    assert "agreement on functional: 1 of 2: 50 %" in text
    assert "not decided: 2" in text
    assert "- Lab/b: reproduced, ours not functional (imports, success): it imports" in text
    assert "- Lab/a" not in text
    assert "Lab/e" not in text, "it has no result"
