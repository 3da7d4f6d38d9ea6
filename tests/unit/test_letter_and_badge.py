"""What is sent to authors, and what stands in a README."""

from datetime import UTC, datetime

import pytest

from paper2run.model.needs import Need
from paper2run.model.repo import Checkout
from paper2run.model.report import Metadata, Versions
from paper2run.model.value import Source
from paper2run.verdicts.badge import AMBER, GREEN, GREY, RED, badge, colour
from paper2run.verdicts.letter import letter
from paper2run.verdicts.state_names import state_name

CHECKOUT = Checkout(
    url="https://forge.test/lab/mesh", name="lab/mesh", commit="1" * 40, mirror="/m"
)


def ended(status: str, **fields: object) -> Metadata:
    given = {
        "status": status, "repo": CHECKOUT.url, "name": "lab/mesh", "commit": "1" * 40, "started_at":
        datetime(2026, 1, 1, tzinfo=UTC), "versions": Versions(paper2run="1.2", rules="0"),
    }  # fmt: skip
    return Metadata.model_validate({**given, **fields})


def test_a_letter_tells_cause_evidence_and_the_smallest_change():
    place = Source(kind="file", path="train.py", line=7)
    need = Need(kind="data", what="mesh/a.h5", hard=True, source=place)
    stop = ended(
        "stopped-by-rule",
        cause="missing_data",
        reason="The command wants mesh/a.h5, wanted by train.py:7.",
        smallest_change="Publish mesh/a.h5.",
        needs=(need, need.changed(what="a GPU", kind="gpu", met=True)),
    )
    text = letter(stop, CHECKOUT)

    assert text.startswith("Subject: lab/mesh at 1111111: ")
    for words in ("https://forge.test/lab/mesh", "train.py:7", "Publish mesh/a.h5.", "could show"):
        assert words in text
    assert "a GPU" not in text, "a need that is met"
    assert "no proof" in letter(stop.changed(status="smoke-failed"), CHECKOUT)
    assert max(map(len, text.splitlines())) < 100
    assert letter(ended("success"), CHECKOUT) == letter(ended("exception"), CHECKOUT) == ""


@pytest.mark.parametrize(
    ("metadata", "words", "fill"),
    [
        (ended("success", grade="tests"), "Runs: tests", GREEN),
        (ended("success", grade="imports"), "Runs: imports", AMBER),
        (ended("stopped-by-rule", cause="needs_gpu"), "Cannot run: needs_gpu", AMBER),
        (ended("smoke-failed", cause="code_error"), "Does not run: code_error", RED),
        (ended("exception"), "No verdict", GREY),
    ],
)
def test_the_badge_says_what_the_state_says(metadata, words, fill):
    assert state_name(metadata) == words
    assert colour(metadata) == fill
    assert f">{words.replace('_', ' ')}</text>" in badge(metadata)
