"""Looks of a model at releases on the package index, over real HTTP, and probes that are not run."""

import io
import json
import zipfile
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import pytest

from paper2run.errors import HostError
from paper2run.model.outcome import BuildFailed, Built
from paper2run.planners.looks import MAX_SEARCHES, Look
from paper2run.settings import Settings
from tasks import beyond, index_looks
from tasks.beyond import Looking
from tasks.index_looks import MAX_RELEASES
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
    "rock": [file("rock-1.0-cp39-cp39-manylinux2014_x86_64.whl", "2021-01-01")],
    "sea": [
        file("sea-1.0-py3-none-any.whl", "2018-01-01"),
        file("sea-2.0-py3-none-any.whl", "2019-01-01", **{"requires-python": ">=3.7"}),
    ],
    "waves": [file("waves-1.0-py3-none-any.whl", "2018-06-01")],
    "many": [
        file(f"many-{n}.0.tar.gz", f"{2000 + n // 12}-{1 + n % 12:02d}-01") for n in range(COUNT)
    ],
}  # fmt: skip


WANTS = {"waves-1.0": "Requires-Dist: sea<2"}


def wheel(name: str) -> bytes:
    """Return a wheel that declares what WANTS has of it."""
    stem = "-".join(name.split("-")[:2])
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        project, version = stem.split("-")
        text = (
            f"Metadata-Version: 2.1\nName: {project}\nVersion: {version}\n{WANTS.get(stem, '')}\n"
        )
        archive.writestr(f"{stem}.dist-info/METADATA", text)
    return packed.getvalue()


class Index(BaseHTTPRequestHandler):
    """An index as PEP 691 has it."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.path.startswith("/f/"):
            return self._send(200, "application/zip", wheel(self.path.rpartition("/")[2]))
        name = self.path.rstrip("/").rpartition("/")[2]
        page = {"meta": {"api-version": "1.1"}, "name": name, "files": PROJECTS.get(name, [])}
        body = json.dumps(page).encode()
        kind = "application/vnd.pypi.simple.v1+json"
        self._send(200 if name in PROJECTS else 404, kind, body)
        return None

    do_HEAD = do_GET

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep the terminal quiet."""


@pytest.fixture
def index() -> Iterator[str]:
    Index.asked.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Index)
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/simple"
    server.shutdown()
    server.server_close()


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return RunFolder.create(tmp_path, "fold")


def looking(run: RunFolder, index: str, day: date | None = None, built: object = None) -> Looking:
    settings = Settings(_env_file=None, index_url=index, home=run.path / "home")
    return Looking(run, settings, day, built=built)


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
        ("../../etc/passwd", "not shown: that is no name of a distribution"),
        ("", "not shown: that is no name of a distribution"),
        ("https://evil.example/x", "not shown: that is no name of a distribution"),
    ],
)
def test_a_name_that_is_not_there_is_not_repeated(
    run: RunFolder, index: str, text: str, said: str
) -> None:
    assert releases(looking(run, index), text) == [said]


def test_an_index_that_does_not_answer_is_said(run: RunFolder) -> None:
    assert releases(looking(run, "http://127.0.0.1:9/simple"), "fold") == [
        "not shown: the package index does not answer"
    ]


def look(at: Looking, kind: str, text: str, path: str) -> list[str]:
    return list(at(Look(kind=kind, text=text, path=path)))  # type: ignore[arg-type]


def test_how_an_interpreter_gets_a_release_is_told_with_the_interpreter(
    run: RunFolder, index: str
) -> None:
    at = looking(run, index)
    assert look(at, "installable", "fold", "3.6") == [
        "fold 2.0 2017-01-01 for Python 3.6 on x86_64: a source that is compiled, fold-2.0.tar.gz, 0 kB",
        "fold 1.1 2016-01-01 for Python 3.6 on x86_64: nothing that it takes; wheels: cp27 cp35; no source",
        "fold 1.0 2015-01-01 for Python 3.6 on x86_64: a source that is compiled, fold-1.0.tar.gz, 0 kB",
    ]
    [there] = look(at, "installable", "rock==1.0", "3.9")
    assert there.endswith("x86_64: a wheel, rock-1.0-cp39-cp39-manylinux2014_x86_64.whl")
    [elsewhere] = look(at, "installable", "rock 1", "3.9 arm64")
    assert elsewhere.endswith("on aarch64: nothing that it takes; wheels: cp39; no source")
    newest = look(at, "installable", "sea", "3.6")[0]
    assert newest.endswith("nothing that it takes; wheels: py3; no source; asks for Python >=3.7")


def test_a_set_of_versions_is_told_with_what_is_not_as_asked(run: RunFolder, index: str) -> None:
    lines = look(looking(run, index), "resolve", "waves\nsea>=2  # newest\nabsent", "3.9")
    assert lines[0] == "Python 3.9, releases up to today, 2 distributions"
    assert "left out: absent: not on the index" in lines
    assert any(line.startswith("sea>=2 not taken, but 1.0: ") for line in lines)
    assert {"sea==1.0", "waves==1.0"} <= set(lines)


def test_releases_after_the_day_are_not_taken_and_an_answer_is_kept(
    run: RunFolder, index: str
) -> None:
    at = looking(run, index, date(2018, 7, 1))
    first = look(at, "resolve", "sea", "3.9")
    assert "sea==1.0" in first
    assert "sea==2.0" in look(at, "resolve", "sea", "3.9 2019-02-01")
    Index.asked.clear()
    assert look(looking(run, index, date(2018, 7, 1)), "resolve", "sea", "3.9") == first
    assert Index.asked == []


def test_searches_are_few_and_end(
    run: RunFolder, index: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_looks, "SEARCH_S", -1.0)
    at = looking(run, index)
    for _ in range(MAX_SEARCHES):
        assert look(at, "resolve", "sea", "3.9") == [
            "not shown: no set was found within -1 seconds"
        ]
    assert look(at, "resolve", "sea", "3.9") == ["not shown: 4 searches are all there are"]
    assert Index.asked == []


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
