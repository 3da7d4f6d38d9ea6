"""When a batch pauses for this machine's trouble, and which rows it runs again."""

import ast
import errno
import pickle
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath

import pytest

from paper2run.batches.batch_input import read_batch_text
from paper2run.batches.batch_page import as_page
from paper2run.batches.breakdown import (
    LONGEST_REST_S,
    MAX_AGAIN,
    WINDOW,
    is_open,
    left_for_the_end,
    met_by,
    rest_s,
    shared_trouble,
)
from paper2run.batches.queue import next_waiting, rows_for
from paper2run.batches.rows import Batch, BatchRow
from paper2run.errors import EngineError, HostError, Trouble, trouble_of

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ROOT = Path(__file__).parents[2]


def row(number: int, trouble: Trouble = "", minutes: float = 0, again: int = 0) -> BatchRow:
    [line] = read_batch_text(PurePosixPath("/b/list.txt"), f"https://a.example/o/r{number}").lines
    fresh = BatchRow(entry=line.entry, again=again)
    if not trouble:
        return fresh
    ended = fresh.broken_off("exception", "no engine")
    return ended.learnt(NOW + timedelta(minutes=minutes), trouble)


def verdict(number: int) -> BatchRow:
    return row(number).changed(status="success")


@pytest.mark.parametrize("trouble", ["engine", "index", "disk"])
def test_two_rows_with_the_same_trouble_within_minutes_pause_the_batch(trouble: Trouble) -> None:
    assert shared_trouble([row(0, trouble), row(1), row(2, trouble, minutes=9)]) == trouble


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([row(0, "engine")], id="one row alone"),
        pytest.param([row(0, "engine"), row(1, "index")], id="each its own"),
        pytest.param(
            [row(0, "engine"), row(1, "engine", WINDOW.total_seconds() / 60 + 1)], id="far apart"
        ),
        pytest.param([row(0, "network"), row(1, "network")], id="two forges that are gone"),
        pytest.param(
            [row(0, "disk", again=MAX_AGAIN), row(1, "disk", again=MAX_AGAIN)],
            id="rows that were run again often enough",
        ),
    ],
)
def test_other_ends_do_not_pause_it(rows: list[BatchRow]) -> None:
    assert shared_trouble(rows) == ""


def test_rows_that_shared_trouble_ended_wait_behind_those_that_were_not_started() -> None:
    rows = [row(0, "engine"), verdict(1), row(2, "engine"), row(3)]

    assert met_by(rows, "engine") == [0, 2]
    rows[0] = rows[0].once_more()
    assert (rows[0].status, rows[0].trouble, rows[0].again) == ("waiting", "", 1)
    assert next_waiting(rows, jobs=1) == 3


def test_a_row_with_trouble_of_its_own_is_tried_once_more_at_the_end_and_then_left() -> None:
    rows = [row(0, "network"), row(1)]
    assert left_for_the_end(rows) == [], "others come first"

    rows[1] = verdict(1)
    assert is_open(rows)
    assert left_for_the_end(rows) == [0]
    rows[0] = row(0, "network", again=1)
    assert left_for_the_end(rows) == []
    assert not is_open(rows)
    assert not rows[0].has_verdict


def test_a_resumed_batch_counts_anew() -> None:
    rows = [row(0, "engine", again=MAX_AGAIN)]
    asked = read_batch_text(PurePosixPath("/b/list.txt"), "https://a.example/o/r0").lines

    [fresh] = rows_for(asked, rows, only_failed=False)

    assert (fresh.status, fresh.again, fresh.trouble) == ("waiting", 0, "")


def test_rests_between_probes_grow_up_to_a_limit() -> None:
    rests = [rest_s(number) for number in range(12)]

    assert rests == sorted(rests)
    assert rests[0] < rests[1]
    assert rests[-1] == LONGEST_REST_S


def test_the_page_of_a_paused_batch_says_why() -> None:
    batch = Batch(id="1", name="a", source="/b", jobs=2, started_at=NOW, updated_at=NOW)
    batch = batch.with_rows((row(0),), NOW)

    assert "Paused" not in as_page(batch, PurePosixPath("/b"))
    paused = batch.changed(paused="trouble with the engine: <none>")
    assert "trouble with the engine: &lt;none&gt;" in as_page(paused, PurePosixPath("/b"))


def test_trouble_is_a_field_that_survives_the_way_between_processes() -> None:
    error = HostError("no answer", hint="ask again", transient=True, trouble="index")

    assert trouble_of(pickle.loads(pickle.dumps(error))) == "index"
    assert trouble_of(pickle.loads(pickle.dumps(EngineError("gone", hint="start it")))) == "engine"
    assert trouble_of(OSError(errno.ENOSPC, "full")) == "disk"
    assert trouble_of(OSError(errno.EACCES, "denied")) == ""


def test_every_trouble_that_may_pass_is_named_where_it_is_raised() -> None:
    unnamed = []
    for path in (*ROOT.glob("tasks/**/*.py"), *ROOT.glob("paper2run/**/*.py")):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(call, ast.Call) or getattr(call.func, "id", "") != "HostError":
                continue
            given = {keyword.arg for keyword in call.keywords}
            if "transient" in given and "trouble" not in given:
                unnamed.append(f"{path.relative_to(ROOT)}:{call.lineno}")
    assert unnamed == [], "say trouble= so that a batch knows what to wait for"
