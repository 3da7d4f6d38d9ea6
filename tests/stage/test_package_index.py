"""Package indexes of other kinds than the public one, and those that do not answer, over real sockets."""

import base64
import io
import tarfile
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from paper2run.errors import HostError
from paper2run.model.environment import EnvPlan, PlannedEnvironment
from paper2run.model.resolution import Resolution, Unresolvable
from paper2run.settings import Settings
from tasks.drivers.index.package_index import PackageIndex
from tasks.drivers.resolver.resolver import resolve


def wheel(metadata):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("a.py", "x" * 200_000)
        archive.writestr("a-1.dist-info/METADATA", metadata)
    return data.getvalue()


def sdist(texts):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as archive:
        for name, text in texts.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return data.getvalue()


FILES = {
    "/files/a-1.0-py3-none-any.whl": wheel("Name: a\nRequires-Dist: b (>=2011k)\n"),
    "/files/b-3.0.tar.gz": sdist(
        {"b-3.0/PKG-INFO": "Name: b\n", "b-3.0/setup.py": "import numpy\n"}
    ),
    "/files/setuptools-50.0-py3-none-any.whl": wheel("Name: setuptools\n"),
    "/files/wheel-0.40-py3-none-any.whl": wheel("Name: wheel\n"),
    "/files/numpy-1.0-py3-none-any.whl": wheel("Name: numpy\n"),
    "/files/broken-1.0-py3-none-any.whl": b"no archive",
    "/files/unknown-1.0.tar.gz": b"no archive",
    "/files/c-1.0-py3-none-any.whl": wheel("Name: c\nRequires-Dist: a<1\n"),
    "/files/d-1.0-py3-none-any.whl": wheel("Name: d\nRequires-Dist: sklearn (>=0.0)\n"),
    "/files/scikit_learn-1.0-py3-none-any.whl": wheel("Name: scikit-learn\n"),
}


PASS = "Basic " + base64.b64encode(b"user:secret").decode()


class OldIndex(BaseHTTPRequestHandler):
    """HTML pages without dates or sizes, files without ranges: what a small site serves."""

    asked: list[str]

    def do_GET(self):
        self.server.asked.append(self.path)
        if self.headers["Authorization"] != PASS:
            return self.answer(401, b"")
        if self.path.startswith("/denied/"):
            return self.answer(401, b"")
        if self.path.startswith("/busy/"):
            return self.answer(500, b"")
        if self.path.startswith("/other/"):
            return self.answer(200, b"\x00", "application/octet-stream")
        if self.path in FILES:
            return self.answer(200, FILES[self.path], "application/octet-stream")
        name = self.path.strip("/").rpartition("/")[2].replace("-", "_")
        links = [
            f'<a href="{path}">{path[7:]}</a>'
            for path in FILES
            if path.startswith(f"/files/{name}-")
        ]
        return self.answer(
            200 if links else 404, f"<html>{''.join(links)}</html>".encode(), "text/html"
        )

    def answer(self, status, body, kind="text/plain"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        """Keep the tests' output clean."""


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), OldIndex)
    server.asked = []
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def settings_for(server, path="simple"):
    return Settings(index_url=f"http://user:secret@127.0.0.1:{server.server_port}/{path}/")


def planned(*requirements, optional=()):
    plan = EnvPlan(
        base_image="python:3.9-slim",
        install_steps=(f"pip install {' '.join(requirements)}",),
        smoke_command="true",
    )
    return PlannedEnvironment(plan=plan, planner="rules", pythons=("3.9",), optional=optional)


def resolved(server, cache_dir, *requirements, path="simple", **others):
    return resolve(
        planned(*requirements, **others),
        offered_pythons=(),
        settings=settings_for(server, path),
        cache_dir=cache_dir,
    )


def test_an_old_index_without_dates_and_ranges_is_enough(server, tmp_path):
    found = resolved(server, tmp_path, "a")
    assert isinstance(found, Resolution)
    assert [(pin.name, pin.version, pin.sdist) for pin in found.pins] == [
        ("a", "1.0", False),
        ("b", "3.0", True),
        ("numpy", "1.0", False),
        ("setuptools", "50.0", False),
        ("wheel", "0.40", False),
    ]
    assert found.date_step == "none"


def test_the_second_time_nothing_is_asked(server, tmp_path):
    first = resolved(server, tmp_path, "a")
    server.asked.clear()
    assert resolved(server, tmp_path, "a") == first
    assert server.asked == []


def test_the_password_stays_with_the_connection(server, tmp_path):
    resolved(server, tmp_path, "a")
    kept = [path.read_text() for path in tmp_path.rglob("*.json")]
    assert any("/files/a-1.0-py3-none-any.whl" in text for text in kept)
    assert not any("secret" in text for text in kept)


def test_a_damaged_cache_is_asked_again(server, tmp_path):
    first = resolved(server, tmp_path, "a")
    for path in tmp_path.rglob("*.json"):
        path.write_text('{"half": ')
    assert resolved(server, tmp_path, "a") == first


def test_a_required_name_that_is_not_there_costs_that_name_only(server, tmp_path):
    found = resolved(server, tmp_path, "a", "nowhere", "nothing")
    assert isinstance(found, Resolution)
    assert found.absent == ("nothing", "nowhere")
    assert "a" in [pin.name for pin in found.pins]


def test_optional_names_that_are_not_there_are_left_out(server, tmp_path):
    found = resolved(server, tmp_path, "numpy", "nowhere", optional=("nowhere",))
    assert isinstance(found, Resolution)
    assert found.dropped == ("nowhere: not on the index",)
    assert [pin.name for pin in found.pins] == ["numpy"]


def test_an_optional_requirement_gives_way_to_a_required_one(server, tmp_path):
    found = resolved(server, tmp_path, "a", "c", "numpy", optional=("c", "numpy"))
    assert isinstance(found, Resolution)
    assert [pin.name for pin in found.pins] == ["a", "b", "numpy", "setuptools", "wheel"]
    assert len(found.dropped) == 1
    assert found.dropped[0].startswith("c: ")


def test_what_a_package_needs_by_a_dead_alias_is_what_the_alias_means(server, tmp_path):
    found = resolved(server, tmp_path, "d")
    assert isinstance(found, Resolution)
    assert [pin.name for pin in found.pins] == ["d", "scikit-learn"]


def test_two_required_ones_that_contradict_each_other_are_told_with_both_sides(server, tmp_path):
    found = resolved(server, tmp_path, "a", "c")
    assert isinstance(found, Unresolvable)
    assert "c 1.0 needs a<1" in found.reason


def test_a_damaged_wheel_is_noted(server, tmp_path):
    found = resolved(server, tmp_path, "broken")
    assert isinstance(found, Resolution)
    assert "broken-1.0-py3-none-any.whl" in found.notes[0]


def test_a_source_that_cannot_be_read_is_taken_for_one_that_must_be_compiled(server, tmp_path):
    needed = resolved(server, tmp_path, "unknown")
    assert isinstance(needed, Resolution)
    assert "g++" in needed.system_packages
    wished = resolved(server, tmp_path, "numpy", "unknown", optional=("unknown",))
    assert isinstance(wished, Resolution)
    assert wished.dropped == ("unknown: it is optional, has no wheel and needs a compiler",)


@pytest.mark.parametrize(
    ("path", "transient", "words"),
    [("denied", False, "401"), ("busy", True, "500"), ("other", False, "package index")],
)
def test_an_index_that_fails_is_the_hosts_trouble(server, tmp_path, path, transient, words):
    with pytest.raises(HostError) as failure:
        resolved(server, tmp_path, "a", path=path)
    assert failure.value.transient is transient
    assert words in failure.value.what
    assert "secret" not in failure.value.what + failure.value.hint


def test_an_index_that_cannot_be_reached_may_be_there_later(server, tmp_path):
    server.shutdown()
    server.server_close()
    with (
        PackageIndex(settings_for(server), tmp_path) as index,
        pytest.raises(HostError) as failure,
    ):
        index.project("a")
    assert failure.value.transient
