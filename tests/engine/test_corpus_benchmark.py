import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import corpus_run
from benchmarks.corpus_entries import Entry
from benchmarks.corpus_results import FAILED_TO_MEASURE, Result
from benchmarks.corpus_run import Bench
from benchmarks.naive import dockerfile
from benchmarks.oracles import Interrupted, check
from paper2run.errors import HostError, UserError
from tasks.drivers.engine.engine import Engine
from tasks.drivers.engine.leftovers import sweep

pytestmark = pytest.mark.docker
COMMIT = "b" * 40


@pytest.fixture
def label(engine: Engine, run_id: str) -> Iterator[str]:
    label = f"{run_id}-oracles"
    yield label
    assert sweep(engine, label) == 0, "a container was left behind"


def entry(name: str = "some", **oracle: dict[str, object]) -> Entry:
    return Entry.model_validate(
        {"id": name, "url": "https://example.org/x", "commit": COMMIT, "oracle": oracle}
    )


def test_exit_status_alone_decides_whether_an_oracle_passes(
    engine: Engine, base: str, label: str
) -> None:
    asked = entry(
        L1={"cmd": "echo FAILED", "cwd": "outside"},
        L2={"cmd": "echo all tests passed; exit 3", "cwd": "outside"},
        L3={"cmd": "sleep 60", "cwd": "outside", "timeout_s": 1},
    )

    first, second, third = check(engine, base, asked, label, threading.Event())

    assert (first.outcome, first.exit_code, first.tail) == ("pass", 0, "FAILED\n")
    assert (second.outcome, second.exit_code) == ("FAIL", 3)
    assert (third.outcome, third.exit_code) == ("timeout", None)
    assert 1 <= third.seconds < 20


def test_oracle_is_root_in_its_folder_with_the_checkout_named_and_no_network(
    engine: Engine, base: str, label: str
) -> None:
    script = 'test "$PWD" = /repo/sub && test "$REPO" = /repo && touch /usr/x && ! grep -q eth /proc/net/dev'
    asked = entry(
        L1={"cmd": f"mkdir /repo/own && chown 1000 /repo/own && touch /repo/own/x && {script}",
            "cwd": "repo/sub"},
    )  # fmt: skip

    (only,) = check(engine, base, asked, label, threading.Event())

    assert only.outcome == "pass", only.tail


def test_without_an_image_no_oracle_is_run(engine: Engine, label: str) -> None:
    (only,) = check(engine, "", entry(L2={"cmd": "true"}), label, threading.Event())

    assert only.outcome == "no image"


def test_interrupted_oracle_leaves_no_container(engine: Engine, base: str, label: str) -> None:
    interrupted = threading.Event()
    threading.Timer(1, interrupted.set).start()
    started = time.monotonic()

    with pytest.raises(Interrupted):
        check(engine, base, entry(L1={"cmd": "sleep 60"}), label, interrupted)

    assert time.monotonic() - started < 30


def test_failing_entry_stops_no_other_and_is_measured_again_on_resume(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus.yaml"
    corpus.write_text(
        "".join(f"- {{id: {name}, url: x, commit: {COMMIT}, oracle: {{}}}}\n" for name in "abc")
    )
    out = tmp_path / "out"
    options = corpus_run.parser("").parse_args([str(corpus), "--out", str(out), "--jobs", "2"])
    measured: list[str] = []

    def measure(entry: Entry, bench: Bench) -> Result:
        measured.append(entry.id)
        if entry.id == "b" and measured.count("b") == 1:
            raise HostError("the disk is full", hint="free space")
        return Result.of(entry, "success")

    report, was_interrupted = corpus_run.take("some way", options, measure)

    assert not was_interrupted
    assert [result.verdict for result in report.results] == [
        "success",
        FAILED_TO_MEASURE,
        "success",
    ]
    assert "the disk is full" in report.results[1].reason
    with pytest.raises(UserError, match="holds results already"):
        corpus_run.take("some way", options, measure)

    with (out / corpus_run.LINES).open("a") as lines:
        lines.write('{"id": "c", "commit"')
    options.resume = True
    report, _ = corpus_run.take("some way", options, measure)

    assert sorted(measured) == ["a", "b", "b", "c"]
    assert [result.verdict for result in report.results] == ["success"] * 3
    assert "| b | success |" in (out / "table.md").read_text()


def test_naive_dockerfile_follows_the_files_at_the_top(tmp_path: Path) -> None:
    assert "RUN" not in dockerfile(tmp_path)

    (tmp_path / "requirements.txt").write_text("numpy\n")
    (tmp_path / "setup.py").write_text("")

    assert [line for line in dockerfile(tmp_path).splitlines() if line.startswith("RUN")] == [
        "RUN pip install -r requirements.txt",
        "RUN pip install .",
    ]
    assert dockerfile(tmp_path, with_pytest=True).endswith("RUN pip install pytest\n")
