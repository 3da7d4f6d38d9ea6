"""Numbers of outputs with what they are called: tables, logs, lines that wide spaces part, and JSON."""

import json

import pytest

from paper2run.claims.printed_entries import entries_of

PANDAS = """\
              mean     std     n
wage        2.2854  0.4425  1600
experience  14.170  7.7216  1600
"""
PARTED = """\
== dna.txt (20,000 bytes)
   huffman     4,876 bytes   ratio 4.102
   lzw         5,590 bytes   ratio 3.578
"""
LOGGED = """\
2024-05-01 10:00:00,120 INFO fit: slope = 1.41
2024-05-01 10:00:01,240 INFO fit: offset = 0.52
2024-05-01 10:00:02,360 INFO fit: error = 0.03
"""
VOTES = "vote | plurality  wins 0.61\nvote | borda      wins 0.87\nvote | approval   wins 0.76\n"
CELLS = "Cell means (SD), ms\n  high  plain      588.9 (64.0)\n  low   plain      559.9 (62.8)\n"
RICH = """\
sigma = 15
┏━━━━━━━━┳━━━━━━━━┳━━━━━━━━┓
┃ method ┃ blocks ┃ waves  ┃
┡━━━━━━━━╇━━━━━━━━╇━━━━━━━━┩
│ Gauss  │ 27.321 │ 34.334 │
│ NLM    │ 34.569 │ 34.404 │
└────────┴────────┴────────┘
"""
LONG = "game | algorithm | value\nRPS | FP | +0.07151\nRPS | MWU | +0.07081\n"
PAIRED = "outlier rate: 0.2\n  EKF rmse_m: 0.26396 ± 0.02626  heading_deg: 7.5111\n"
APART = "--- tablet (n=18) ---\nCmax     geo.mean    604.732   geo.CV%  15.93\n"
RATIO = "Cmax: ratio 78.01% (90% CI 75.42-80.69), intra-subject CV 5.83%\n"
SPREAD = "a=2.0: mean steps to 0.999 = 3.906\n"
PARTS = "scenario;cases;peak week\nno closure;6352.3;18\n"
MATRIX = "         ant   log   net\nant      NaN  0.79  0.74\nlog     0.75   NaN  0.74\nmean cross-project AUC: 0.766\n"
RECORDS = [
    {"L": 8, "T": 1.8, "kind": "scan", "mag": 0.91, "chi": 0.25},
    {"L": 8, "T": 2.2, "kind": "scan", "mag": 0.79, "chi": 2.66},
]
NESTED = {"graph": "road", "settled": {"dijkstra": 2537.3, "alt_16": 143.5}, "mean": 56.2}


def names(output: str) -> list[tuple[str, ...]]:
    """Return row, column, what is above, and the number of each entry."""
    return [(one.row, one.column, *one.above, one.number.printed) for one in entries_of(output)]


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (PANDAS, ("experience", "std", "7.7216")),
        (PARTED, ("lzw", "bytes", "dna.txt (20,000 bytes)", "5,590")),
        (PARTED, ("huffman", "ratio", "dna.txt (20,000 bytes)", "4.102")),
        (LOGGED, ("slope", "", "1.41")),
        (VOTES, ("borda", "wins", "0.87")),
        (CELLS, ("high", "plain", "Cell means (SD), ms", "588.9")),
        ("Flanker, low load: diff = 72.56 ms, t(35) = 13.949, p = 0.02\n", ("Flanker, low load", "t(35)", "13.949")),
        ("Trials: 2592; participants: 36; mean age 26.64\n", ("Trials", "", "2592")),
        ("Trials: 2592; participants: 36; mean age 26.64\n", ("mean age", "", "26.64")),
        ("Outliers removed: 31 (1.20%)\n", ("Outliers removed", "", "1.20")),
        ("order-0 entropy 4.54\n", ("order-0 entropy", "", "4.54")),
        (RICH, ("NLM", "waves", "34.404")),
        (LONG, ("RPS", "value", "MWU", "+0.07081")),
        (PAIRED, ("EKF", "heading_deg", "outlier rate: 0.2", "7.5111")),
        (APART, ("Cmax", "geo.CV%", "tablet (n=18)", "15.93")),
        (RATIO, ("Cmax", "ratio", "78.01")),
        (RATIO, ("Cmax", "intra-subject CV", "5.83")),
        (SPREAD, ("a=2.0", "mean steps to 0.999", "3.906")),
        (MATRIX, ("mean cross-project AUC", "", "0.766")),
        (PARTS, ("no closure", "peak week", "18")),
        (json.dumps(RECORDS), ("8", "chi", "scan", "2.66")),
        (json.dumps(NESTED), ("settled", "alt_16", "road", "143.5")),
        (json.dumps(NESTED), ("mean", "", "road", "56.2")),
    ],
)  # fmt: skip
def test_what_a_number_is_called(output, expected):
    assert expected in names(output)


def test_a_line_above_sets_what_holds_below_it():
    entries = [one for one in entries_of(PAIRED) if one.column == "rmse_m"]

    assert [one.settings for one in entries] == [(("outlier rate", "0.2"),)]


def test_the_number_of_a_row_stands_at_its_place_in_the_line():
    [one] = [one for one in entries_of(LONG) if "MWU" in one.above]

    assert one.line[one.number.start : one.number.end] == "+0.07081"


def test_the_other_numbers_of_a_record_say_which_one_it_is():
    [entry] = [one for one in entries_of(json.dumps(RECORDS)) if one.number.printed == "2.66"]

    assert entry.settings == (("L", "8"), ("T", "2.2"), ("mag", "0.79"))
    assert entry.key == "L"
    assert entry.line == "L: 8, T: 2.2, kind: scan, mag: 0.79, chi: 2.66"
    assert entry.line[entry.number.start : entry.number.end] == "2.66"


def test_the_name_of_a_record_is_its_row_wherever_it_stands():
    records = [
        {"acc": 0.5, "name": "base", "folds": [{"k": 1, "f1": 0.4}]},
        {"acc": 0.6, "name": "ours"},
    ]

    found = names(json.dumps({"runs": records}))

    assert ("base", "acc", "runs", "0.5") in found
    assert ("ours", "acc", "runs", "0.6") in found
    assert ("1", "f1", "runs", "base", "folds", "0.4") in found


@pytest.mark.parametrize(
    "output", ["[]", "{}", "[1, {}]", '{"a": null, "b": true}', "[[[[[[[[1]]]]]]]]", "{" * 5_000]
)
def test_json_without_named_numbers_gives_none_with_names(output):
    assert all(one.row for one in entries_of(output))
