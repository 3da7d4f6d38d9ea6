from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.corpus import result_of
from benchmarks.corpus_entries import Entry, Expectation, read_corpus, select
from benchmarks.corpus_results import FAILED_TO_MEASURE, Duration, LevelResult, Outcome, Result
from benchmarks.corpus_table import Report, count, side_by_side, table
from benchmarks.oracles import working_folder
from paper2run.errors import UserError
from tasks.drivers.host.process import Finished

COMMIT = "a" * 40


def entry(name: str, expected: str = "reproducible", **changes: object) -> Entry:
    return Entry.model_validate(
        {
            "id": name,
            "url": f"https://example.org/{name}",
            "commit": COMMIT,
            "expected": expected,
            "oracle": {"L1": {"cmd": "true"}, "L2": {"cmd": "true"}},
            **changes,
        }
    )


def result(of: Entry, verdict: str, *outcomes: Outcome, **changes: object) -> Result:
    levels = tuple(
        LevelResult(level=level, outcome=outcome)
        for level, outcome in zip(("L1", "L2", "L3"), outcomes, strict=False)
    )
    return Result.of(of, verdict).changed(levels=levels, **changes)


def report(way: str, *results: Result) -> Report:
    return Report(
        way=way,
        corpus="some.yaml",
        ended_at=datetime(2024, 1, 1, tzinfo=UTC),
        left_out="left out: 1 heavy (big)",
        totals=count(results),
        results=results,
    )


@pytest.mark.parametrize(
    ("words", "causes"),
    [
        ("not-reproducible:needs-gpu/cuda", ("needs_gpu",)),
        ("not-reproducible:needs-gpu/cuda+weights", ("missing_data", "needs_gpu")),
        ("not-reproducible:private-data", ("missing_data",)),
        ("not-reproducible:dead-dependency:lua", ("dead_dependency", "registry_unreachable")),
        ("not-reproducible:no-code", ("no_code",)),
        ("not-reproducible:missing-entrypoint:empty-file", ("missing_entrypoint",)),
        ("not-reproducible:registry-unreachable:the crates registry", ("registry_unreachable",)),
        ("not-reproducible:the moon was full", ()),
    ],
)
def test_words_of_a_corpus_mean_cause_codes(words: str, causes: tuple[str, ...]) -> None:
    expected = Expectation.of(words)

    assert not expected.reproducible
    assert expected.causes == causes


def test_entry_that_is_reproducible_at_some_levels_is_excused_from_the_others() -> None:
    expected = Expectation.of("reproducible at L1; L2 not-reproducible:network-data (a download)")

    assert expected.reproducible
    assert expected.excused == ("L2",)


def test_heavy_and_damaged_entries_are_left_out_in_words_unless_asked_for() -> None:
    entries = [entry("small"), entry("big", heavy=True), entry("holed", missing_blobs=True)]

    default = select(entries, [], heavy=False, missing_blobs=False)
    everything = select(entries, [], heavy=True, missing_blobs=True)
    named = select(entries, ["big"], heavy=False, missing_blobs=False)

    assert [chosen.id for chosen in default.entries] == ["small"]
    assert default.left_out == "left out: 1 heavy (big); 1 with missing blobs (holed)"
    assert len(everything.entries) == 3
    assert everything.left_out == ""
    assert [chosen.id for chosen in named.entries] == ["big"]


def test_id_that_the_corpus_does_not_have_is_named() -> None:
    with pytest.raises(UserError, match="has no other"):
        select([entry("one")], ["one", "other"], heavy=False, missing_blobs=False)


def test_fields_and_remarks_of_other_people_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "corpus.yaml"
    path.write_text(
        f"- {{id: a, url: x, commit: {COMMIT}, tags: [old], levels_passed: [L1, L3(a subset)],"
        " oracle: {L3: {cmd: make test, observed: fine}}}\n"
    )

    (read,) = read_corpus(path)

    assert read.proven == ("L1", "L3")
    assert read.oracle["L3"].cwd == "repo"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("- {id: a", "malformed"),
        ("- {id: a, url: x, commit: short, oracle: {}}", "malformed"),
        ("- {id: ../a, url: x, commit: " + COMMIT + ", oracle: {}}", "malformed"),
        (f"- &a {{id: a, url: x, commit: {COMMIT}, oracle: {{}}}}\n- *a", "twice: a"),
    ],
)
def test_malformed_corpus_is_a_user_error(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "corpus.yaml"
    path.write_text(text)

    with pytest.raises(UserError, match=words):
        read_corpus(path)


@pytest.mark.parametrize(
    ("cwd", "folder"), [("repo", "/repo"), ("repo/a/b", "/repo/a/b"), ("outside", "/tmp")]
)
def test_folder_of_an_oracle_lies_in_the_checkout_or_outside(cwd: str, folder: str) -> None:
    assert working_folder(cwd) == folder


def test_level_counts_only_in_an_image_that_was_handed_over() -> None:
    totals = count(
        [
            result(entry("good", levels_passed=["L1"]), "success", "pass", "pass"),
            result(entry("hidden", levels_passed=["L1"]), "smoke-failed", "pass", "FAIL"),
            result(entry("slow"), "success", "pass", "timeout"),
            result(entry("none"), "max-attempts-exhausted", "no image", "no image"),
        ]
    )

    first, second, third = totals.levels
    assert (first.passed, first.asked) == (2, 4)
    assert (first.proven_passed, first.proven_asked) == (1, 2)
    assert (second.passed, second.asked) == (1, 4)
    assert (third.passed, third.asked) == (0, 0)
    assert totals.passed_unseen == 1
    assert totals.handed_over == 2
    assert totals.hollow == 1


def test_excused_level_is_neither_asked_nor_hollow() -> None:
    excused = entry("offline", "reproducible at L1; L2 not-reproducible:network-data")

    totals = count([result(excused, "success", "pass", "FAIL")])

    assert totals.levels[1].asked == 0
    assert totals.hollow == 0


def test_heavy_entries_are_shown_and_not_counted() -> None:
    shown = report("paper2run", result(entry("big", heavy=True), "success", "pass", "pass"))

    assert shown.totals.reproducible == 0
    assert "| big (not counted) | success |" in table(shown)


def test_reproducible_entry_that_was_stopped_is_a_false_impossible() -> None:
    totals = count(
        [
            result(entry("a"), "stopped-by-rule", "no image", cause="no_code"),
            result(entry("b"), "max-attempts-exhausted", "no image"),
        ]
    )

    assert totals.false_impossible == 1


@pytest.mark.parametrize(
    ("verdict", "cause", "right"),
    [
        ("stopped-by-rule", "needs_gpu", True),
        ("max-attempts-exhausted", "needs_gpu", True),
        ("stopped-by-rule", "missing_data", False),
        ("smoke-failed", "undiagnosed", False),
        ("success", "", False),
        ("exception", "", False),
    ],
)
def test_negative_is_right_with_the_cause_that_the_corpus_names(
    verdict: str, cause: str, right: bool
) -> None:
    negative = entry("gpu", "not-reproducible:needs-gpu")

    totals = count([result(negative, verdict, "no image", cause=cause)])

    assert totals.negatives == 1
    assert totals.negatives_right == right
    assert totals.negatives_handed_over == (verdict == "success")


def test_negative_of_an_unknown_cause_is_right_with_any_stop() -> None:
    strange = entry("strange", "not-reproducible:bewitched")

    assert result(strange, "stopped-by-rule", cause="no_code").is_right_negative
    assert not result(strange, "smoke-failed", cause="undiagnosed").is_right_negative


def test_table_has_one_row_for_each_entry_and_says_why_it_failed() -> None:
    text = table(
        report(
            "paper2run",
            result(
                entry("good"),
                "success",
                "pass",
                "FAIL",
                rung="smoke",
                attempts=2,
                plan=Duration(seconds=1.25, cached=True),
                build=Duration(seconds=20.04),
                total_s=33.3,
                image_mb=150,
            ),
            result(
                entry("bad", "not-reproducible:private-data"),
                "stopped-by-rule",
                cause="missing_data",
                reason="a | b\nc",
            ),
        )
    )

    assert (
        "| good | success | – | smoke | pass | FAIL | – | 2 | cached | 20.0 | – | 33 | 150 |"
        in text
    )
    assert "| bad | stopped-by-rule | missing_data (missing_data) | none | – |" in text
    assert "left out: 1 heavy (big)." in text
    assert "- bad: a | b c" in text
    assert "| L1 passes in the image handed over | 1 of 1 (100 %) |" in text


def test_two_ways_are_compared_over_the_entries_that_both_have() -> None:
    both, once = entry("both"), entry("once")
    ours = report("ours", result(both, "success", "pass"), result(once, "success", "pass"))
    naive = report("naive", result(both, "build-failed", "no image"))

    text = side_by_side(ours, naive)

    assert "| both | build-failed → success | no image → pass |" in text
    assert "| L1 passes in the image handed over | 0 of 1 (0 %) | 1 of 1 (100 %) |" in text
    assert "once" not in text


def test_result_survives_its_line_in_the_file() -> None:
    kept = result(
        entry("a", "not-reproducible:no-code"), "success", "pass", plan=Duration(seconds=1)
    )

    assert Result.model_validate_json(kept.model_dump_json()) == kept


@pytest.mark.parametrize(
    ("exit_code", "timed_out", "verdict"),
    [(130, False, FAILED_TO_MEASURE), (130, True, "over the limit"), (3, False, "exit 3")],
)
def test_run_that_somebody_else_ended_is_measured_again(
    exit_code: int, timed_out: bool, verdict: str
) -> None:
    ended = Finished(exit_code, "", "interrupted", timed_out=timed_out, seconds=5)

    assert result_of(entry("some"), ended, None).verdict == verdict
