"""What a run says of itself on the terminal: who must act, and numbers with their nouns."""

import io
import logging
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from prefect.events.worker import EventsWorker
from prefect.logging.handlers import APILogWorker
from rich.console import Console

from paper2run.errors import HostError, UserError
from paper2run.formats.plurals import counted
from paper2run.model.facts import RepoFacts
from paper2run.model.repo import Paper
from paper2run.model.report import Attempt, Metadata
from paper2run.verdicts.attempts_page import attempt_section
from paper2run.verdicts.markdown import report
from paper2run.verdicts.report_page import report_page
from paper2run.verdicts.state_names import state_name
from paper2run.verdicts.verdicts import after_attempts
from tasks.console.show import print_verdict
from tasks.console.terminal import Progress, progress
from tasks.run_instructions import write_executed, write_failed
from tasks.running import artifacts
from tasks.running.caching import stage
from tasks.running.progress_log import PROGRESS
from tasks.running.records import RunFolder
from tests.run_pages import (
    CRASHED,
    DOCUMENTED,
    FAILURE,
    FORGE,
    INCOMPLETE,
    PASSED,
    PLANNED,
    UNBUILT,
    ended,
    page_of,
)


def printed(by_clock_s: float | None = None, **fields) -> list[str]:
    metadata = Metadata.model_validate(
        {"repo": "r", "started_at": datetime(2026, 1, 1, tzinfo=UTC), **VERSIONS, **fields}
    )
    text = io.StringIO()
    print_verdict(Console(file=text), metadata, Path("/runs/a"), by_clock_s=by_clock_s)
    return text.getvalue().splitlines()


VERSIONS = {"versions": {"paper2run": "1", "rules": "r", "prefect": "3"}}


@pytest.mark.parametrize(
    ("status", "cause", "label"),
    [
        ("stopped-by-rule", "code_error", "change   "),
        ("stopped-by-rule", "needs_gpu", "do next  "),
        ("max-attempts-exhausted", "code_error", "do next  "),
        ("preflight-failed", None, "do next  "),
    ],
)
def test_change_is_what_the_authors_would_do(status, cause, label):
    assert f"{label}x y" in printed(status=status, cause=cause, smallest_change="x y")


def test_the_image_line_says_in_words_how_far_the_run_came():
    lines = printed(
        status="success", image="i:1", image_size_bytes=5_000_000, rung="smoke", attempts=1
    )
    assert "image    i:1 (5 MB), reached: smoke run" in lines
    assert any(line.startswith("took     ") and line.endswith("1 attempt") for line in lines)


def test_a_command_tells_its_own_time_beside_the_runs():
    lines = printed(by_clock_s=87.25, status="success", attempts=1, seconds=39.3)
    assert "took     39.3 s, 1 attempt; 87.2 s with the start" in lines


def test_a_part_is_never_told_as_the_whole():
    part = printed(status="success", grade="documented-run", covers="bundled zlib (deps/zlib)")
    assert part[0].endswith("A documented command runs; shown: bundled zlib (deps/zlib) only")
    whole = printed(status="success", grade="documented-run", covers="whole")
    assert whole[0].endswith("A documented command runs")


@pytest.mark.parametrize(
    ("number", "noun", "words"),
    [
        (1, "attempt", "1 attempt"),
        (0, "attempt", "0 attempts"),
        (2, "repository", "2 repositories"),
        (1, "repository", "1 repository"),
    ],
)
def test_a_noun_agrees_with_its_number(number, noun, words):
    assert counted(number, noun) == words


@pytest.mark.parametrize(
    ("cause", "grade", "words"),
    [
        ("needs_gpu", "imports", "Its work needs something that this run lacked; you still get the image"),
        ("needs_gpu", "none", "It does not run, and no repair can change that"),
        ("unknown_toolchain", "none", "Not run: Paper2Run does not support the tool that its code needs"),
    ],
)  # fmt: skip
def test_a_stop_claims_no_more_than_was_shown(cause: str, grade: str, words: str):
    [first, *_] = printed(status="stopped-by-rule", cause=cause, grade=grade)
    assert words in first


@pytest.mark.parametrize("queue", [EventsWorker, APILogWorker])
def test_what_prefects_queues_still_send_is_not_told_after_our_words(queue, caplog, monkeypatch):
    logger = logging.getLogger(queue.__name__)
    monkeypatch.setattr(logger, "level", logging.NOTSET)
    with progress(Console(file=io.StringIO()), "plain"):
        pass

    logger.warning("Still processing items: 3 items remaining...")

    assert caplog.records == []


def test_another_try_is_told_with_its_reason_and_when(monkeypatch):
    told: list[str] = []
    monkeypatch.setattr(PROGRESS, "info", told.append)
    asks = stage("clone", timeout_s=5)(lambda: None).retry_condition_fn

    def again(error: Exception, run_count: int) -> bool:
        state = SimpleNamespace(result=lambda raise_on_failure: error)
        return asks(SimpleNamespace(name="clone"), SimpleNamespace(run_count=run_count), state)

    assert again(HostError("no host", hint="", transient=True), 1)
    assert again(HostError("no host", hint="", transient=True), 2)
    assert not again(HostError("no disk", hint=""), 1)
    assert not again(UserError("no ref", hint=""), 1)
    assert told == [
        "clone: no host; trying again in about 5 s",
        "clone: no host; trying again in about 30 s",
    ]


def test_prefects_client_reports_nothing_of_a_command():
    told = subprocess.run(
        [sys.executable, "-c", LEFT], capture_output=True, text=True, check=True, env={"PATH": ""}
    )
    assert told.stdout == "1\n"


LEFT = (
    "import os, tempfile\nfrom pathlib import Path\n"
    "os.environ['PAPER2RUN_HOME'] = tempfile.mkdtemp()\n"
    "from tasks.console.invocation import leave\nleave()\nprint(os.environ['DO_NOT_TRACK'])\n"
)


def test_a_run_that_was_interrupted_is_called_so():
    metadata = ended("interrupted", reason="the run was interrupted, after stage build")

    assert state_name(metadata) == "Interrupted"
    assert "interrupted: No verdict: the run was interrupted" in printed(status="interrupted")[0]


@pytest.mark.parametrize(
    ("attempt", "rung", "told"), [(UNBUILT, "none", False), (CRASHED, "built", True)]
)
def test_another_smoke_command_is_advised_only_where_there_is_an_image(attempt, rung, told):
    text = report(FAILURE.changed(rung=rung), FORGE, RepoFacts(), [attempt])

    assert ("`--smoke`" in text) is told
    assert "--model" in text
    assert "--smoke" not in page_of("failure")


def test_a_page_links_what_its_folder_holds_and_calls_no_readme_a_paper():
    def page(attempts: list[Attempt], planned: Any, origin: str) -> str:
        readme = Paper(path="README.md", origin=origin, title="Meshes of a title")
        return report_page(
            FAILURE.changed(best_attempt=len(attempts)), FORGE, DOCUMENTED, attempts, planned, readme,
            dockerfile="", files=[],
        )  # fmt: skip

    stopped = page([], None, "readme")
    built = page([UNBUILT], PLANNED, "repository paper")

    for link in ('href="plan.json"', 'href="attempts/"', "Meshes of a title"):
        assert link not in stopped
        assert link in built


def test_a_decision_is_told_in_paragraphs():
    stop = UNBUILT.diagnosis.changed(evidence="make: no rule", smallest_change="Add a rule.")
    section = attempt_section(UNBUILT.changed(diagnosis=stop), None)

    assert (
        "\n\nEvidence: `make: no rule`, from README.md:16\n\nSmallest change: Add a rule."
        in section
    )
    assert "```sh\n# smoke: python train.py\n```" in section


def test_the_table_of_attempts_begins_with_short_cells_and_the_page_has_its_address(monkeypatch):
    made: list[dict[str, Any]] = []
    links: list[dict[str, Any]] = []
    monkeypatch.setattr(artifacts, "create_markdown_artifact", lambda **given: None)
    monkeypatch.setattr(artifacts, "create_link_artifact", lambda **given: links.append(given))
    monkeypatch.setattr(artifacts, "create_table_artifact", lambda **given: made.append(given))
    attempts: list[Attempt] = [UNBUILT.changed(blame=FAILURE.blame), CRASHED]

    artifacts.publish_report(
        "lab/mesh", FAILURE.changed(smallest_change="Add a rule."), "", attempts, "/r"
    )

    [table], [link] = made, links
    assert (link["key"], link["link"]) == ("lab-mesh-page", "file:///r/report.html")
    first, second = table["table"]
    assert [*first][:4] == ["attempt", "result", "reached", "base image"]
    assert (first["result"], second["result"]) == ("build failed", "smoke run failed")
    assert first["first error"] == str(FAILURE.blame)
    assert table["description"] == "lab/mesh: Does not run: build_error. Add a rule."


def test_a_build_is_not_told_as_the_command_that_looks_for_its_files():
    planned = PASSED.planned.changed(
        smoke_kind="compiled", smoke_proves="the build made a program or a library"
    )
    assert after_attempts([PASSED.changed(planned=planned)], 3).reason == planned.smoke_proves


def test_the_instructions_of_a_failure_say_that_it_fails(tmp_path):
    (tmp_path / "INSTRUCTIONS.md").write_text("# mesh\n")
    run = RunFolder(tmp_path)

    write_failed(run, FAILURE, PASSED)

    text = (tmp_path / "INSTRUCTIONS.md").read_text()
    assert "It does not run, and no repair is left to try\n\nbuild failed" in text
    write_executed(run, PASSED)
    assert "The other checks" not in (tmp_path / "INSTRUCTIONS.md").read_text()
    write_executed(run, INCOMPLETE)
    assert "The other checks" in (tmp_path / "INSTRUCTIONS.md").read_text()


def test_the_live_display_says_what_the_running_stage_does():
    shown = io.StringIO()
    console = Console(file=shown, width=100)
    told = Progress(console, live=True)
    for stage_name, attempt in (("look up", 2), ("1 of 3 · running: lab/mesh", 0)):
        record = logging.LogRecord("p", logging.INFO, "", 0, "", (), None)
        record.__dict__.update(stage=stage_name, attempt=attempt, started=True)
        told.handle(record)
        console.print(told)

    assert "looking up what is missing · attempt 2 · 0 s" in shown.getvalue()
    assert "1 of 3 · running: lab/mesh · 0 s" in shown.getvalue()


def test_a_line_of_progress_stays_whole_in_a_file():
    line = (
        "  smoke: python train.py: a documented command that is told in one long line [README.md:7]"
    )
    shown = io.StringIO()
    told = Progress(Console(file=shown, width=40), live=False)

    told.handle(logging.LogRecord("p", logging.INFO, "", 0, line, (), None))

    assert shown.getvalue().splitlines() == [line]
