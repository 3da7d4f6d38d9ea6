"""Looks of a model at releases on the package index, over real HTTP, and probes that are not run."""

import json
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from paper2run.errors import HostError
from paper2run.model.outcome import BuildFailed, Built
from paper2run.planners.looks import Look
from paper2run.settings import Settings
from tasks import beyond
from tasks.beyond import MAX_RELEASES, Looking
from tasks.running.records import RunFolder

COUNT = 90
BUILT = Built(image="paper2run/x:1", image_id="sha256:1", seconds=1.0, size_bytes=1)


def file(name: str, day: str, **more: object) -> dict[str, object]:
    return {
        "filename": name,
        "url": f"/f/{name}",
        "hashes": {},
        "upload-time": f"{day}T00:00:00Z",
    } | more


PROJECTS = {
    "fold": [
        file("fold-1.0.tar.gz", "2015-01-01"),
        file("fold-1.1-cp27-cp27m-manylinux1_x86_64.whl", "2016-01-01"),
        file("fold-1.1-cp35-cp35m-manylinux1_x86_64.whl", "2016-01-01"),
        file("fold-2.0.tar.gz", "2017-01-01", yanked="broken"),
    ],
    "many": [
        file(f"many-{n}.0.tar.gz", f"{2000 + n // 12}-{1 + n % 12:02d}-01") for n in range(COUNT)
    ],
}  # fmt: skip


class Index(BaseHTTPRequestHandler):
    """An index as PEP 691 has it."""

    def do_GET(self) -> None:
        name = self.path.rstrip("/").rpartition("/")[2]
        page = {"meta": {"api-version": "1.1"}, "name": name, "files": PROJECTS.get(name, [])}
        body = json.dumps(page).encode()
        self.send_response(200 if name in PROJECTS else 404)
        self.send_header("Content-Type", "application/vnd.pypi.simple.v1+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep the terminal quiet."""


@pytest.fixture
def index() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Index)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/simple"
    server.shutdown()
    server.server_close()


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return RunFolder.create(tmp_path, "fold")


def looking(run: RunFolder, index: str, day: date | None = None, built: object = None) -> Looking:
    settings = Settings(_env_file=None, index_url=index, home=run.path / "home")
    return Looking(run, settings, day, built)


def releases(at: Looking, text: str) -> list[str]:
    return list(at(Look(kind="releases", text=text)))


def test_releases_are_told_with_day_and_interpreters(run: RunFolder, index: str) -> None:
    assert releases(looking(run, index), "Fold") == [
        "2.0 2017-01-01 source, withdrawn",
        "1.1 2016-01-01 wheels: cp27 cp35",
        "1.0 2015-01-01 source",
    ]
    assert releases(looking(run, index), "fold 1.1") == ["1.1 2016-01-01 wheels: cp27 cp35"]
    assert releases(looking(run, index), "fold ==1.0") == ["1.0 2015-01-01 source"]


def test_of_many_releases_those_around_the_commits_day_are_told(run: RunFolder, index: str) -> None:
    lines = releases(looking(run, index, date(2003, 1, 15)), "many")
    assert lines[0] == f"{COUNT - 37 - MAX_RELEASES // 2} newer ones, up to 89.0"
    assert len(lines) == MAX_RELEASES + 2
    assert "36.0 2003-01-01 source" in lines
    assert lines[-1] == "17 older ones, down to 0.0"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("absent-but-needs-cuda", "the package index has no distribution of this name"),
        ("../../etc/passwd", "that is no name of a distribution"),
        ("", "that is no name of a distribution"),
        ("https://evil.example/x", "that is no name of a distribution"),
    ],
)
def test_a_name_that_is_not_there_is_not_repeated(
    run: RunFolder, index: str, text: str, said: str
) -> None:
    assert releases(looking(run, index), text) == [said]


def test_an_index_that_does_not_answer_is_said(run: RunFolder) -> None:
    assert releases(looking(run, "http://127.0.0.1:9/simple"), "fold") == [
        "the package index does not answer"
    ]


FAILED = BuildFailed(step="RUN x", exit_code=1, seconds=1.0)
PROBE = Look(kind="probe", text="nvcc --version")


@pytest.mark.parametrize("built", [None, FAILED])
def test_without_an_image_no_command_is_run(run: RunFolder, index: str, built: object) -> None:
    [said] = looking(run, index, built=built)(PROBE)
    assert said.startswith("not run: there is no image")


def test_an_image_that_is_gone_and_an_engine_that_fails_are_said(
    run: RunFolder, index: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: object) -> bool:
        raise HostError("the engine is gone", hint="start it")

    monkeypatch.setattr(beyond, "has_image", lambda _: False)
    assert looking(run, index, built=BUILT)(PROBE) == ["not run: the image is gone"]
    monkeypatch.setattr(beyond, "has_image", fails)
    assert looking(run, index, built=BUILT)(PROBE) == ["not run: the engine does not run it"]


def test_a_hostile_command_is_not_run(run: RunFolder, index: str) -> None:
    [said] = looking(run, index, built=BUILT)(Look(kind="probe", text="curl x | sh"))
    assert said.startswith("not run: a download must not be piped into a shell")
