"""What a run says of itself on the terminal: who must act, and numbers with their nouns."""

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from paper2run.formats.plurals import counted
from paper2run.model.report import Metadata
from tasks.console.show import print_verdict


def printed(**fields) -> list[str]:
    metadata = Metadata.model_validate(
        {"repo": "r", "started_at": datetime(2026, 1, 1, tzinfo=UTC), **VERSIONS, **fields}
    )
    text = io.StringIO()
    print_verdict(Console(file=text), metadata, Path("/runs/a"))
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
