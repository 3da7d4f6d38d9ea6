"""Which repositories a pass of a batch runs, in which order, and what its page says."""

import csv
import io
import re
from datetime import UTC, datetime
from pathlib import PurePosixPath
from xml.etree import ElementTree

from paper2run.batches.batch_input import read_batch_text
from paper2run.batches.batch_page import as_csv, as_junit, as_markdown, as_page
from paper2run.batches.queue import (
    MAX_STARTS,
    after_loss,
    next_waiting,
    parameters_of,
    rows_for,
    share_of,
)
from paper2run.batches.rows import Batch, BatchRow
from paper2run.model.claims import ClaimCounts
from paper2run.model.diagnosis import Blame
from paper2run.model.report import Metadata, Versions
from paper2run.model.usage import Budget
from tasks.batches.batch_board import _cells

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def lines(*addresses: str):
    return read_batch_text(PurePosixPath("/b/list.txt"), "\n".join(addresses)).lines


def rows(*statuses: str) -> list[BatchRow]:
    asked = lines(*(f"https://a.example/o/r{n}" for n in range(len(statuses))))
    return [
        BatchRow(entry=line.entry, status=status)
        for line, status in zip(asked, statuses, strict=True)
    ]


def batch(*given: BatchRow) -> Batch:
    empty = Batch(
        id="1", name="a <b>", source="/b/list.txt", jobs=2, started_at=NOW, updated_at=NOW,
        ui="http://127.0.0.1:4200",
    )  # fmt: skip
    return empty.with_rows(given, NOW)


def test_a_batch_says_what_changed_since_the_one_that_it_is_compared_with():
    asked = lines(*(f"https://a.example/o/r{n}" for n in range(5)))
    before = ("smoke-failed", "success", "success", "stopped-by-rule")
    compared = {line.entry.key: status for line, status in zip(asked, before, strict=False)}
    now = ("success", "smoke-failed", "success", "smoke-failed", "success")
    given = [
        row.changed(status=status)
        for row, status in zip(
            rows_for(asked, (), only_failed=False, compared=compared), now, strict=True
        )
    ]

    assert [row.change for row in given] == ["fixed", "newly broken", "", "another verdict", ""]
    page = as_page(batch(*given), PurePosixPath("/b/out"))
    assert 'data-pick="fixed"' in page
    assert "newly broken: was success" in page
    [first, *_] = csv.DictReader(io.StringIO(as_csv(batch(*given))))
    assert (first["before"], first["change"]) == ("smoke-failed", "fixed")
    kept = rows_for(asked, given, only_failed=True)
    assert [row.before for row in kept] == [*before, None], "a later pass still knows"


def test_the_page_tells_who_runs_and_how_long_it_will_take():
    given = [row.changed(seconds=60) for row in rows("success", "success")]
    given += [rows("waiting")[0].started("run", Budget()), *rows("waiting", "waiting")]
    page = as_page(batch(*given), PurePosixPath("/b/out"))

    assert "Running now: o/r0 (since " in page
    assert "about 90.0 s left" in page, "three rows, two at a time"


def test_a_row_unfolds_to_what_its_command_printed():
    shown = rows("success")[0].changed(output="loss 0.1\n<b>done</b>")
    page = as_page(batch(shown), PurePosixPath("/b/out"))

    assert ">loss 0.1\n&lt;b&gt;done&lt;/b&gt;</pre>" in page


def test_the_summary_of_a_batch_is_a_table_with_the_first_error():
    failed = rows("success", "smoke-failed")
    blame = Blame(error="KeyError: 'a | b'", cause="code_error", confidence="low")
    failed[1] = failed[1].changed(cause="code_error", blame=blame)
    failed[0] = failed[0].changed(folder="/b/out/runs/r0 (1)")
    lines = as_markdown(batch(*failed), PurePosixPath("/b/out")).splitlines()

    assert lines[0] == "# a <b>: 2 repositories".replace("<b>", "&lt;b>")
    assert lines[2] == "1 success, 1 smoke-failed"
    answers = "[answers](runs/r0%20%281%29/report.html#committee)"
    assert lines[-2:] == [
        f"| o/r0 | success |  |  |  | {answers} |",
        "| o/r1 | smoke-failed |  | code_error | KeyError: 'a \\| b' |  |",
    ]


def test_rows_start_in_the_order_of_the_file_and_no_more_than_the_jobs():
    given = rows("success", "running", "waiting", "waiting")

    assert next_waiting(given, jobs=2) == 2
    given[2] = given[2].started("run", Budget())
    assert next_waiting(given, jobs=2) is None
    assert next_waiting(given, jobs=3) == 3


def test_a_lost_run_waits_behind_those_that_were_not_tried_and_is_given_up_after_some_losses():
    given = rows("waiting", "waiting")
    given[0] = after_loss(given[0].started("run", Budget()), "killed", "/runs/r0")
    assert given[0].status == "waiting"
    assert next_waiting(given, jobs=1) == 1

    row = given[0]
    for _ in range(MAX_STARTS - 1):
        row = after_loss(row.started("run", Budget()), "killed", "/runs/r0")
    assert row.status == "exception"
    assert "killed" in row.reason
    assert row.attempts == 0


def test_a_resumed_batch_keeps_verdicts_and_runs_all_else_again():
    asked = lines(*(f"https://a.example/o/r{n}" for n in range(6)))
    earlier = rows(
        "success", "stopped-by-rule", "exception", "interrupted", "running", "preflight-failed"
    )

    again = rows_for(asked, earlier, only_failed=False)
    assert [row.status for row in again] == [
        "success", "stopped-by-rule", "waiting", "waiting", "running", "waiting",
    ]  # fmt: skip
    failures = rows_for(asked, earlier, only_failed=True)
    assert [row.status for row in failures] == ["success", *["waiting"] * 3, "running", "waiting"]


def test_a_changed_line_is_run_again_and_a_new_one_is_added():
    earlier = [row.changed(status="success") for row in rows("success", "success")]
    asked = lines("https://a.example/o/new", "https://a.example/o/r0", "https://a.example/o/r1 v2")

    assert [row.status for row in rows_for(asked, earlier, only_failed=False)] == [
        "waiting", "success", "waiting",
    ]  # fmt: skip


def test_the_page_fetches_nothing_escapes_what_repositories_say_and_links_relative():
    metadata = Metadata(
        status="stopped-by-rule", cause="missing_data", repo="x", name="o/r0", attempts=2, seconds=130,
        reason="<script>alert(1)</script>", started_at=NOW, versions=Versions(paper2run="1", rules="1"),
    )  # fmt: skip
    ended = rows("running")[0].started("0123", Budget()).ended(metadata, "/b/out/runs/r0-1")

    page = as_page(batch(ended), PurePosixPath("/b/out"))

    assert "<script>alert" not in page
    assert "a &lt;b&gt;" in page
    assert 'href="runs/r0-1/report.html"' in page
    assert 'href="runs/r0-1/report.html#committee"' in page
    assert "http://127.0.0.1:4200/runs/flow-run/0123" in page
    assert "2 min 10 s" in page
    assert not re.findall(r'(?:src|@import|url\()\s*=?\s*["\']?https?:', page)
    assert "reload every" not in page
    assert "reload every 10 s" in as_page(batch(*rows("running")), PurePosixPath("/b/out"))


def test_the_table_in_prefect_has_no_empty_columns_and_its_links_last():
    waiting = batch(*rows("waiting", "waiting"))
    assert [*_cells(waiting)[0]] == ["repository", "verdict"]

    done = batch(*rows("success", "stopped-by-rule"))
    done = done.changed(
        ui="http://p.test",
        rows=(
            done.rows[0].changed(flow_run_id="7", reason="it ran"),
            done.rows[1].changed(tokens=9),
        ),
    )
    first, second = _cells(done)
    assert [*first] == [*second]
    assert [*first][-3:] == ["tokens", "reason", "run"]
    assert first["run"] == "http://p.test/runs/flow-run/7"
    assert not {"covers", "MB"} & {*first}


def test_the_csv_has_one_row_a_repository():
    [row, _] = csv.DictReader(io.StringIO(as_csv(batch(*rows("success", "waiting")))))

    assert (row["repository"], row["verdict"]) == ("https://a.example/o/r0", "success")


def with_columns() -> Batch:
    text = "paper_id,cause,repo\n=12,<b>,https://a.example/o/r0\n,,https://a.example/o/r1\n"
    found = read_batch_text(PurePosixPath("/b/list.csv"), text).lines
    first, second = rows_for(found, (), only_failed=False)
    failed = first.changed(
        status="smoke-failed", cause="code_error", reason="it <fails>", commit="1" * 40
    )
    return batch(failed, second.changed(status="success"))


def test_the_users_own_columns_come_back_in_every_form():
    [row, other] = csv.DictReader(io.StringIO(as_csv(with_columns())))
    assert (row["paper_id"], row["own_cause"], row["cause"]) == ("'=12", "<b>", "code_error")
    assert (row["commit"], other["paper_id"]) == ("1" * 40, "")

    page = as_page(with_columns(), PurePosixPath("/b/out"))
    assert "paper_id: =12" in page
    assert "cause: &lt;b&gt;" in page

    [again, _] = rows_for(
        read_batch_text(PurePosixPath("/b/list.csv"), "paper_id,repo\n13,https://a.example/o/r0\n,x\n").lines,
        with_columns().rows, only_failed=False,
    )  # fmt: skip
    assert (again.status, again.own["paper_id"]) == ("smoke-failed", "13"), (
        "a new number runs nothing again"
    )


def test_build_servers_get_a_test_case_for_each_repository():
    suite = ElementTree.fromstring(
        as_junit(batch(*with_columns().rows, *rows("waiting", "exception")))
    )

    assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "4", "failures": "1", "errors": "1", "skipped": "1",
    }  # fmt: skip
    [failure] = suite.iter("failure")
    assert (failure.get("type"), failure.get("message")) == (
        "smoke-failed (code_error)",
        "it <fails>",
    )
    assert [each.get("value") for each in suite.iter("property")] == ["=12", "<b>"]


def test_a_batch_survives_its_own_record():
    kept = batch(*rows("success", "waiting", "success"))

    assert Batch.model_validate_json(kept.model_dump_json()) == kept
    assert dict(kept.totals) == {"waiting": 1, "success": 2}


def test_a_budget_is_shared_by_the_jobs_and_never_overspent():
    budget = Budget(max_tokens=1000, max_cost_usd=1.0)
    given = rows("waiting", "waiting", "waiting")
    first = share_of(given, 2, budget)
    assert (first.max_tokens, first.max_cost_usd) == (500, 0.5)
    given[0] = given[0].started("a", first)
    second = share_of(given, 2, budget)
    assert second.max_tokens == 500
    given[1] = given[1].started("b", second)

    used = {"status": "success", "tokens": 100, "cost_usd": 0.1}
    given[0] = given[0].changed(**used)
    assert share_of(given, 2, budget).max_tokens == 400, "the rest, but for what the second may use"
    given[1] = given[1].broken_off("exception", "lost")
    assert share_of(given, 1, budget).max_tokens == 400, "what a lost run spent is not known"
    assert share_of(given, 2, Budget()) == Budget()


def test_a_run_may_spend_no_more_than_its_line_its_setting_and_its_share_allow():
    asked = lines("https://a.example/o/n max_tokens=50", "https://a.example/o/m")
    flags = {"max_tokens": 200, "timeout": 9}

    own, set_by_flag = (
        parameters_of(BatchRow(entry=line.entry), flags, Budget(max_tokens=100)) for line in asked
    )
    assert own["max_tokens"] == 50
    assert set_by_flag == {"repo": "https://a.example/o/m", "timeout": 9, "max_tokens": 100}


def test_a_batch_adds_up_the_numbers_that_authors_state():
    first, second, third = rows("success", "success", "smoke-failed")
    given = batch(
        first.changed(claims=ClaimCounts(stated=9, reproduced=5, close=1, differing=1, not_run=2)),
        second.changed(claims=ClaimCounts(stated=3, reproduced=1, not_found=2)),
        third,
    )
    said = "12 numbers stated: 6 reproduced, 1 close, 1 differs, 2 not in the output, 2 not run"

    page = as_page(given, PurePosixPath("/b/out"))
    assert said in page
    assert "5 of 9" in page
    assert said in as_markdown(given, PurePosixPath("/b/out"))
    told = list(csv.DictReader(io.StringIO(as_csv(given))))
    assert [row["claims_stated"] for row in told] == ["9", "3", ""]
    assert told[0]["claims_differing"] == "1"
    without = as_page(batch(third), PurePosixPath("/b/out"))
    assert 'id="numbers"' not in without
