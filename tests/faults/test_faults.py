"""A table of faults: what breaks in which stage, and how the run must end. A new fault is a new line.

The run must blame this machine, say how far it came, and leave neither a container nor a result of the stage that it
ended in. Faults of the Prefect server: tests/flow/test_server_restart.py.
"""

import errno
import json
import os
import re
import shutil
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from prefect.settings import PREFECT_LOCAL_STORAGE_PATH

from flows.reproduce import reproduce
from paper2run.errors import Trouble, trouble_of
from paper2run.model.report import Metadata
from tasks.drivers.engine.engine import RUN_LABEL
from tasks.drivers.engine.engine_connection import connect
from tests.conftest import free_port
from tests.faults.broken_engine import (
    Break,
    BrokenEngine,
    Exchange,
    gone,
    is_build,
    on,
    transcript,
    whole,
    without_bridge,
)
from tests.flow.conftest import Repository

BUILD = r"^POST \S*/build\?"
START = r"^POST \S*/containers/\w+/start"
MIDDLE_BYTES = 400
"""Into the answer to a build: behind its head, before its end."""


@dataclass(frozen=True)
class Line:
    """One line of the table of faults of the engine."""

    fault: str
    broken: Break
    trouble: Trouble
    stage: str
    """The one that it ended in."""
    full: bool = False
    """True where `make test` tries a line like it; then only `make test-full` tries this one."""


def refuse(words: str) -> Callable[[Exchange], object]:
    return lambda exchange: exchange.answer(500, json.dumps({"message": words}).encode())


def drop(exchange: Exchange) -> None:
    """Answer nothing: the connection closes."""


def cut(exchange: Exchange) -> None:
    exchange.hand_on(cut_after=MIDDLE_BYTES)


def fill_disk(exchange: Exchange) -> None:
    exchange.answer(200, transcript("write /x: no space left on device"))


ENGINE = (
    Line("gone when a build is asked for", on(BUILD, drop), "engine", "build", full=True),
    Line("cut in the middle of a build", on(BUILD, cut), "engine", "build"),
    Line("disk full in a build", on(BUILD, fill_disk), "disk", "build"),
    Line("starts no container", on(START, refuse("failed to create shim task")), "engine", "smoke", full=True),
    Line("gone when the container starts", on(START, drop), "engine", "smoke"),
)  # fmt: skip


@pytest.fixture
def plain(repository: Repository) -> str:
    # Results are kept by commit: what one test has done must not serve the next.
    return repository({"main.py": f"print('{uuid.uuid4()}')\n"})


def kept_in(out: Path) -> Metadata:
    """Return the summary of the last run below `out`."""
    folder = max(out.iterdir(), key=lambda path: path.stat().st_mtime_ns)
    return Metadata.model_validate_json((folder / "metadata.json").read_text())


def containers_left(metadata: Metadata) -> list[dict[str, object]]:
    return connect().labelled(f"{RUN_LABEL}={metadata.flow_run_id}")


def results_of(stage: str) -> set[str]:
    """Return the names under which results of the stage are kept."""
    return {path.name for path in PREFECT_LOCAL_STORAGE_PATH.value().glob(f"{stage}-*")}


def blames(ended: object, trouble: Trouble) -> None:
    """Check that a run ended by this machine's trouble and no verdict."""
    assert isinstance(ended, Exception), ended
    assert trouble_of(ended) == trouble, ended
    assert isinstance(ended, OSError) or getattr(ended, "exit_code", None) == 3


def run(repo: str, out: Path, **more: object) -> object:
    """Return the verdict's name, or the exception that the run ended by."""
    asked = {"repo": repo, "out": str(out), "smoke": "python main.py", **more}
    state = reproduce(**asked, return_state=True)
    value = state.result(raise_on_failure=False)
    return value if isinstance(value, BaseException) else value[0].status


@pytest.mark.docker
@pytest.mark.parametrize(
    "line",
    [
        pytest.param(line, id=line.fault, marks=[pytest.mark.full] if line.full else [])
        for line in ENGINE
    ],
)
@pytest.mark.usefixtures("home", "first_try_only")
def test_a_fault_of_the_engine_is_no_verdict_and_leaves_nothing(
    line: Line, engine: BrokenEngine, plain: str, tmp_path: Path
) -> None:
    out = tmp_path / "runs"
    engine.broken = line.broken
    before = results_of(line.stage)
    ended = run(plain, out)
    engine.broken = whole

    blames(ended, line.trouble)
    kept = kept_in(out)
    assert kept.status == "exception"
    assert kept.stages[-1].stage == line.stage
    assert containers_left(kept) == []
    assert results_of(line.stage) == before, "nothing is kept of a stage that this machine ended"


@pytest.mark.docker
@pytest.mark.usefixtures("home", "first_try_only")
def test_an_engine_that_has_its_bridge_again_builds_what_it_could_not(
    engine: BrokenEngine, plain: str, tmp_path: Path
) -> None:
    engine.broken = without_bridge
    before = results_of("build")
    blames(run(plain, tmp_path / "runs"), "engine")
    engine.broken = whole
    assert results_of("build") == before
    assert kept_in(tmp_path / "runs").stages[-1].stage == "build"

    assert run(plain, tmp_path / "runs") == "success"
    again = kept_in(tmp_path / "runs")
    assert not {stage.stage: stage.cached for stage in again.stages}["build"]
    assert containers_left(again) == []


@pytest.mark.docker
@pytest.mark.usefixtures("home", "first_try_only")
def test_an_engine_that_is_gone_before_anything_is_built_is_no_verdict(
    engine: BrokenEngine, plain: str, tmp_path: Path
) -> None:
    out = tmp_path / "runs"
    engine.broken = gone
    assert run(plain, out) == "preflight-failed"
    engine.broken = whole

    kept = kept_in(out)
    assert kept.attempts == 0
    assert kept.smallest_change


@pytest.mark.docker
@pytest.mark.usefixtures("home", "first_try_only")
def test_a_run_folder_that_is_removed_in_the_build_is_named(
    engine: BrokenEngine, plain: str, tmp_path: Path
) -> None:
    out = tmp_path / "runs"

    def remove(exchange: Exchange) -> bool:
        if is_build(exchange.line):
            shutil.rmtree(out)
        return False

    engine.broken = remove
    ended = run(plain, out)
    engine.broken = whole

    blames(ended, "")
    assert "was removed" in str(ended)


class Index(BaseHTTPRequestHandler):
    """A package index that answers in the way that its class says."""

    def log_message(self, *_: object) -> None:
        return


class Garbage(Index):
    """Answers every page with bytes that are none."""

    def do_GET(self) -> None:
        body = bytes(range(256)) * 40
        self.send_response(200)
        self.send_header("Content-Type", "application/vnd.pypi.simple.v1+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Broken(Index):
    """Answers every page with its own failure."""

    def do_GET(self) -> None:
        self.send_error(500)


class Half(Index):
    """Promises more than it sends, and hangs up."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", "100000")
        self.end_headers()
        self.wfile.write(b"<!doctype html>")
        self.close_connection = True


class Silent(Index):
    """Takes requests and answers none of them."""

    def do_GET(self) -> None:
        time.sleep(60)


@pytest.fixture
def index(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[type[Index] | None]:
    """Let the index be one of the kinds above; None: nobody listens."""
    if request.param is None:
        monkeypatch.setenv("PAPER2RUN_INDEX_URL", f"http://127.0.0.1:{free_port()}/simple")
        yield None
        return
    server = ThreadingHTTPServer(("127.0.0.1", 0), request.param)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("PAPER2RUN_INDEX_URL", f"http://127.0.0.1:{server.server_port}/simple")
    yield request.param
    server.shutdown()


@pytest.mark.parametrize(
    "index",
    [
        pytest.param(None, id="gone"),
        pytest.param(Garbage, id="garbage", marks=pytest.mark.full),
        pytest.param(Silent, id="silent"),
        pytest.param(Broken, id="broken", marks=pytest.mark.full),
        pytest.param(Half, id="half an answer", marks=pytest.mark.full),
    ],
    indirect=True,
)
@pytest.mark.usefixtures("home", "first_try_only", "index")
def test_a_fault_of_the_index_is_no_verdict(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.drivers.index.index_connection.TIMEOUT_S", 1)
    monkeypatch.setattr("tasks.drivers.index.index_connection.PAUSES_S", (0.0,))
    main = f"import tabulate\n\nprint('{uuid.uuid4()}')\n"
    repo = repository({"requirements.txt": "tabulate\n", "main.py": main})
    out = tmp_path / "runs"
    before = results_of("resolve")
    ended = run(repo, out, dry_run=True)

    blames(ended, "index")
    kept = kept_in(out)
    assert kept.status == "exception"
    assert kept.stages[-1].stage == "resolve"
    assert results_of("resolve") == before


def fill(disk: Path) -> None:
    """Leave no block of the disk free."""
    try:
        (disk / "ballast").write_bytes(bytes(2**21))
    except OSError as error:
        assert error.errno == errno.ENOSPC


@pytest.mark.usefixtures("first_try_only", "home")
def test_a_full_disk_below_the_run_folders_is_no_verdict(plain: str, small_disk: Path) -> None:
    fill(small_disk)
    ended = run(plain, small_disk / "runs", dry_run=True)

    blames(ended, "disk")
    (small_disk / "ballast").unlink()
    assert run(plain, small_disk / "runs", dry_run=True) == "planned"


@pytest.mark.usefixtures("first_try_only", "home")
def test_a_run_on_an_almost_full_disk_says_so_in_its_report(plain: str, small_disk: Path) -> None:
    assert run(plain, small_disk / "runs", dry_run=True) == "planned"

    [note] = kept_in(small_disk / "runs").notes
    assert re.fullmatch(
        r"the disk is almost full: [01] MB are free below \S+/disk/runs, fewer than 100 MB", note
    )


@pytest.mark.usefixtures("first_try_only")
def test_a_full_disk_below_the_home_is_no_verdict(
    plain: str, small_disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAPER2RUN_HOME", str(small_disk / "home"))
    fill(small_disk)
    ended = run(plain, tmp_path / "runs", dry_run=True)

    blames(ended, "disk")
    (small_disk / "ballast").unlink()
    assert run(plain, tmp_path / "runs", dry_run=True) == "planned"


@pytest.mark.usefixtures("first_try_only")
@pytest.mark.parametrize(
    "length",
    [pytest.param(0, id="emptied", marks=pytest.mark.full), pytest.param(60, id="cut short")],
)
def test_a_damaged_mirror_is_made_anew(length: int, plain: str, home: Path, tmp_path: Path) -> None:
    assert run(plain, tmp_path / "runs", dry_run=True) == "planned"
    objects = [
        path
        for path in home.glob("mirrors/*.git/objects/**/*")
        if path.is_file() and path.suffix in ("", ".pack") and "info" not in path.parts
    ]
    assert objects
    for path in objects:
        path.chmod(0o644)
        os.truncate(path, length)

    assert run(plain, tmp_path / "runs", dry_run=True) == "planned"


@pytest.mark.docker
@pytest.mark.full
@pytest.mark.usefixtures("home", "first_try_only", "engine")
def test_too_little_space_for_a_build_is_no_verdict(
    plain: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAPER2RUN_MIN_FREE_MB", str(10**9))
    # Else what other runs have left on this engine would be removed to make room.
    monkeypatch.setenv("PAPER2RUN_KEEP_GB", "inf")
    ended = run(plain, tmp_path / "runs")

    blames(ended, "disk")
    assert kept_in(tmp_path / "runs").stages[-1].stage == "build"
