"""Markup in a repository's names and words shows as text in reports, artifacts and batch pages."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import PurePosixPath
from typing import Any
from xml.etree import ElementTree

import pytest
from markdown_it import MarkdownIt

from paper2run.batches.batch_page import as_csv, as_markdown, as_page
from paper2run.batches.rows import Batch, BatchEntry, BatchRow
from paper2run.model.diagnosis import Blame, Diagnosis, DiagnosisDecision
from paper2run.model.environment import EnvPlan, PlannedEnvironment, Reason
from paper2run.model.facts import Command, RepoFacts, Unreadable
from paper2run.model.needs import Need
from paper2run.model.outcome import Built, Log, Passed, RungResult, SmokeFailed, Verification
from paper2run.model.repo import Checkout, Paper, Submodule
from paper2run.model.report import Attempt, Metadata, StageTiming, Versions
from paper2run.model.resolution import BrokenLock, KeptLocks, Resolution
from paper2run.model.usage import ModelCall
from paper2run.model.value import Source
from paper2run.rendering import dockerfile
from paper2run.verdicts import attempts_page, markdown
from paper2run.verdicts.badge import badge
from paper2run.verdicts.letter import letter
from paper2run.verdicts.report_page import report_page
from tasks.running import artifacts

MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table")
NAMES = {
    "tag out of a code span": "x`<img src=x onerror=alert(1)>`y",
    "link out of a code span": "z`[click](javascript:alert(1))`",
    "link": "[click](javascript:alert(1))",
    "picture": "![x](http://evil.example/x.png)",
    "definition": "[click]: javascript:alert(1)",
    "tag": "<script>alert(1)</script>",
    "comment": "<!-- nothing after this",
    "address": "<javascript:alert(1)>",
    "own lines": "a\n\n# It runs\n\n**Verdict** `success`\n\n- [x](javascript:y)",
    "own fence": "a\n```\n\n<img src=x>\n\n~~~\n",
    "bare fence": "```",
    "other fence": "~~~",
    "cell": "a | b | <img src=x> |\n| c",
    "code and cells": "`a | <img src=x> \\| b`",
    "escaped": "\\`<img src=x>\\` \\[a](javascript:b)",
    "line ends of Unicode": "a\u2028# It runs\x85<img src=x>",
    "terminal": "a\x1b[2J\x1bc",
    "turned": "a\u202egpj.exe",
}
NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Shape(HTMLParser):
    """The tags of a page, its addresses and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.handlers: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [str(value) for name, value in attrs if name in {"href", "src"}]
        self.handlers += [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.text += data


def shape(text: str) -> Shape:
    return Shape(MARKDOWN.render(text))


def line(name: str) -> str:
    """Return a text that a field of one line may hold."""
    return " ".join(name.split()).replace("\x1b", "").replace("\u202e", "")


def attempt(name: str, number: int) -> Attempt:
    source = Source(kind="file", path=name, line=3, note=name)
    planned = PlannedEnvironment(
        plan=EnvPlan(
            base_image="python:3.11-slim",
            install_steps=(f"echo {number} {line(name)}",),
            smoke_command=f"python main.py '{line(name)}'",
        ),
        planner=f"model:{name}",
        reasons=(Reason(topic="python", decision=f"{name} {number}", source=source),),
        smoke_proves=name,
        resolution=Resolution(
            python="3.11",
            date_step="none",
            kept_locks=(KeptLocks(path=name, pins=1),),
            broken_locks=(BrokenLock(wanted=name, chosen=name, why=name, source=source),),
            dropped=(name,),
            channels=(name,),
            conda_packages=1,
        ),
    )
    return Attempt(
        number=number,
        planned=planned,
        built=Built(image="x", image_id="y", size_bytes=1, seconds=1),
        smoke=SmokeFailed(
            exit_code=1, seconds=1, log=Log(stdout=name, stderr=f"```\n{name}"), limit=name
        ),
        verification=Verification(
            rungs=(RungResult(rung="imports", passed=False, command="c", detail=name),)
        ),
        diagnosis=Diagnosis(
            decision=DiagnosisDecision(decision="stop", reason=name, confidence="low"),
            by=f"model:{name}",
            cause="code_error",
            evidence=name,
            source=source,
            smallest_change=name,
            diff=(f"+ {line(name)}",),
        ),
    )


def metadata(name: str, **fields: Any) -> Metadata:
    given = {
        "status": "stopped-by-rule", "cause": "code_error", "reason": name, "smallest_change": name, "tried": (name,),
        "needs": (Need(kind="data", what=name, hard=True, source=Source(kind="file", path=name, note=name)),),
        "repo": name, "name": name, "image": name, "image_pushed": name, "attempts": 2, "best_attempt": 1,
        "planner": name, "model_calls": (ModelCall(purpose="plan", model=name, latency_s=1, failure=name),),
        "notes": (name,), "stages": (StageTiming(stage="clone", seconds=1, cached=False),), "started_at": NOW,
        "versions": Versions(paper2run="0", rules="0", engine=name),
    }  # fmt: skip
    return Metadata.model_validate(given | fields)


def checkout(name: str) -> Checkout:
    return Checkout(
        url=name,
        name=name,
        commit="1" * 40,
        mirror="/m",
        lfs_pointers=(name,),
        submodules=(Submodule(path=name, url=name, commit="1" * 40, fetched=False, why_not=name),),
        notes=(name,),
    )


def report(name: str) -> str:
    source = Source(kind="file", path=name)
    unreadable = Unreadable(path=name, cause="binary", why=name, source=source)
    return markdown.report(
        metadata(name),
        checkout(name),
        RepoFacts(facts=(unreadable,), files=1),
        [attempt(name, 1), attempt(name, 2)],
    )


def plan(name: str) -> str:
    return attempts_page.plan(attempt(name, 1).planned)


def failure(name: str) -> str:
    return attempts_page.failure(attempt(name, 1))


def instructions(name: str) -> str:
    return dockerfile.render(checkout(name), attempt(name, 1).planned).instructions


@pytest.mark.parametrize("page", [report, plan, failure, instructions])
@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_page_has_the_same_shape_as_of_an_ordinary_name(
    page: Callable[[str], str], name: str
) -> None:
    found, ordinary = shape(page(name)), shape(page("ordinary"))
    # `**` and backticks of the name may print; nothing else of it is markup.
    inline = {"code", "em", "strong"}
    assert [tag for tag in found.tags if tag not in inline] == [
        tag for tag in ordinary.tags if tag not in inline
    ]
    assert found.addresses == []
    assert found.handlers == []
    text = page(name)
    assert not [c for c in text if c in "\x1b\x85\u2028\u202e"]


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_the_artifacts_have_the_shape_of_ordinary_ones(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[dict[str, Any]] = []
    for create in (
        "create_markdown_artifact",
        "create_table_artifact",
        "create_link_artifact",
    ):
        monkeypatch.setattr(artifacts, create, lambda **given: made.append(given))

    def shapes(name: str) -> list[list[str]]:
        made.clear()
        one = attempt(name, 1)
        artifacts.publish_plan(name, one.planned)
        artifacts.publish_dockerfile(name, dockerfile.render(checkout(name), one.planned), 1)
        artifacts.publish_failure(name, one)
        artifacts.publish_report(name, metadata(name), report(name), [one], f"/runs/{name}")
        pages = [
            shape(given[field])
            for given in made
            for field in ("markdown", "description")
            if field in given
        ]
        assert all(page.addresses == [] for page in pages)
        inline = {"code", "em", "strong"}
        return [[tag for tag in page.tags if tag not in inline] for page in pages]

    assert shapes(name) == shapes("ordinary")


def test_an_artifact_that_is_cut_is_cut_between_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[dict[str, Any]] = []
    monkeypatch.setattr(artifacts, "create_markdown_artifact", lambda **given: made.append(given))
    monkeypatch.setattr(artifacts, "LIMIT_CHARACTERS", 180)
    unreadable = "<img src=x>" * 20
    artifacts.publish_report("n", metadata("n"), f"# n\n\n- not readable: `{unreadable}`\n", [], "")
    [given] = made
    assert "img" not in shape(given["markdown"]).tags


def page(name: str) -> str:
    return report_page(
        metadata(name),
        checkout(name),
        RepoFacts(
            facts=(
                Command(
                    purpose="run",
                    line=name,
                    source=Source(kind="readme", path=name, line=1),
                ),
            )
        ),
        [
            attempt(name, 1),
            attempt(name, 2).changed(
                smoke=Passed(alive_at_timeout=False, seconds=1, log=Log(stdout=name))
            ),
        ],
        attempt(name, 1).planned,
        Paper(path=name, origin="given", title=name),
        dockerfile=f"FROM x\n# {line(name)}\n",
        files=["LICENSE", line(name).replace("/", "")],
        own={"title": name, f"_{name}": "x"},
    )


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_the_page_of_a_run_has_the_same_shape_as_of_an_ordinary_name(name: str) -> None:
    found, ordinary = Shape(page(name)), Shape(page("ordinary"))

    assert [tag for tag in found.tags if tag != "code"] == [
        tag for tag in ordinary.tags if tag != "code"
    ]
    assert found.addresses == ordinary.addresses
    assert found.handlers == []
    assert not [c for c in page(name) if c in "\x1b\x85\u2028\u202e"]


def test_the_page_of_a_run_shows_what_it_printed_and_loads_nothing():
    text = page("ordinary")
    address = metadata("x", repo="https://forge.test/o/n", attempts=0, best_attempt=0)
    remote = checkout("x").changed(url="https://forge.test/o/n")
    linked = report_page(
        address, remote, RepoFacts(), [], None, Paper(path="", origin="none"),
        dockerfile="", files=[],
    )  # fmt: skip

    assert "script" not in Shape(text).tags
    assert not [found for found in Shape(text).addresses if ":" in found]
    assert "https://forge.test/o/n" in Shape(linked).addresses
    for words in (
        "What to do next",
        "What it needs from outside",
        "Attempt 2",
        "LICENSE",
        "versions of the",
    ):
        assert words in Shape(text).text


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_the_letter_and_the_badge_hide_nothing(name: str) -> None:
    blame = Blame(error=name, cause="code_error", confidence="low", about=name, why=name)
    text = letter(metadata(name, blame=blame), checkout(name))
    ordinary = letter(metadata("ordinary", blame=blame), checkout("ordinary"))
    image = badge(metadata(name, status="success", grade="tests"))

    assert not [c for c in text if c in "\x1b\x85\u2028\u202e"]
    assert text.count("Subject: ") == ordinary.count("Subject: ") == 1
    assert {child.tag.rpartition("}")[2] for child in ElementTree.fromstring(image).iter()} == {
        "svg", "title", "rect", "path", "g", "text",
    }  # fmt: skip


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_the_summary_of_a_batch_has_the_shape_of_an_ordinary_one(name: str) -> None:
    found, ordinary = (
        shape(as_markdown(batch(each), PurePosixPath("/b/out"))) for each in (name, "ordinary")
    )
    inline = {"code", "em", "strong"}

    assert [tag for tag in found.tags if tag not in inline] == [
        tag for tag in ordinary.tags if tag not in inline
    ]
    [address] = found.addresses
    assert address.startswith("runs/") and address.endswith("/report.html#committee")


def batch(name: str) -> Batch:
    row = BatchRow(
        entry=BatchEntry(repo="https://a.example/o/r", ref=name),
        status="stopped-by-llm",
        reason=name,
        smallest_change=name,
        image=name,
        folder=f"/b/out/runs/{name.replace('://', '')}",
        language=name,
        attempts=3,
        seconds=1.5,
    )
    empty = Batch(id="1", name=name, source=name, jobs=2, started_at=NOW, updated_at=NOW)
    return empty.with_rows([row], NOW)


@pytest.mark.parametrize("name", [*NAMES.values(), '" onmouseover="x', "' x='"])
def test_the_page_of_a_batch_has_the_shape_of_an_ordinary_one(name: str) -> None:
    found = Shape(as_page(batch(name), PurePosixPath("/b/out")))
    ordinary = Shape(as_page(batch("ordinary"), PurePosixPath("/b/out")))
    assert [tag for tag in found.tags if tag != "code"] == [
        tag for tag in ordinary.tags if tag != "code"
    ]
    assert found.handlers == []
    assert not [address for address in found.addresses if address.startswith("javascript")]
    assert not [c for c in found.text if c in "\x1b\x85\u2028\u202e"]


@pytest.mark.parametrize(
    "text", ['=HYPERLINK("http://evil.example")', "=cmd|' /C calc'!A0", "+1", "-2", "@x", "\t=1"]
)
def test_no_cell_of_a_batchs_table_is_a_formula(text: str) -> None:
    [row] = csv.DictReader(io.StringIO(as_csv(batch(text))))
    for column in ("ref", "reason", "smallest_change", "image", "language"):
        assert row[column].startswith("'")
        assert row[column].removeprefix("'").strip() == text.strip()
    assert (row["attempts"], row["seconds"], row["tokens"]) == ("3", "1.5", "0")
    assert row["repository"] == "https://a.example/o/r"


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_row_of_a_batchs_table_is_one_line(name: str) -> None:
    text = as_csv(batch(name))
    assert len(text.splitlines()) == 2
    [row] = csv.DictReader(io.StringIO(text))
    assert row["attempts"] == "3"
