"""An index whose answers are endless, slow, too large or nonsense causes a clear HostError in time."""

import gzip
import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypi_simple import ProjectPage

from paper2run.errors import HostError
from paper2run.settings import Settings
from tasks.drivers.index import index_connection
from tasks.drivers.index.index_connection import IndexConnection
from tasks.drivers.index.index_page import HTML, JSON, NoIndexPageError, read_page
from tasks.drivers.index.package_index import PackageIndex

MB = 1024**2
ROOT = Path(__file__).parents[2]
BOMB = gzip.compress(b"[" * (8 * MB)) * 20


class Hostile(BaseHTTPRequestHandler):
    """Each name of a project is a way to hurt."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        name = self.path.strip("/").rpartition("/")[2].removesuffix(".metadata")
        try:
            getattr(self, name.replace("-", "_"))()
        except OSError:
            self.close_connection = True

    def head(self, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for key, value in {"Content_Type": JSON, **headers}.items():
            self.send_header(key.replace("_", "-"), value)
        self.end_headers()
        self.close_connection = True

    def endless(self) -> None:
        self.head()
        self.wfile.write(b'{"files": [')
        while True:
            self.wfile.write(b"0," * MB)

    def chunk_without_end(self) -> None:
        self.head(Transfer_Encoding="chunked")
        while True:
            self.wfile.write(b"1" * MB)

    def nested(self) -> None:
        self.head()
        self.wfile.write(b"[" * 200_000)

    def bomb(self) -> None:
        self.head(Content_Encoding="gzip", Content_Length=str(len(BOMB)))
        self.wfile.write(BOMB)

    def strange_encoding(self) -> None:
        self.head(Content_Encoding="br")
        self.wfile.write(b"x")

    def drip(self) -> None:
        self.head()
        while True:
            self.wfile.write(b" ")
            time.sleep(0.1)

    def drip_head(self) -> None:
        self.send_response(200)
        self.flush_headers()
        while True:
            self.wfile.write(b"a")
            time.sleep(0.1)

    def busy_for_a_day(self) -> None:
        self.head(503, Retry_After="86400", Content_Length="0")

    def absent(self) -> None:
        self.send_response(404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def loop(self) -> None:
        self.head(302, Location="/loop/", Content_Length="0")

    def to_a_file(self) -> None:
        self.head(302, Location="file:///etc/passwd", Content_Length="0")

    def long_redirect(self) -> None:
        self.head(302, Location="/nested/")
        while True:
            self.wfile.write(b"0" * MB)

    def links(self) -> None:
        self.head(Content_Type="text/html")
        links = ["../../a", "file:///etc/passwd", "http://[", "ftp://a.example/x", "\x00", "//"]
        self.wfile.write(
            "".join(f'<a href="{link}">links-1.0.tar.gz</a>' for link in links).encode()
        )

    def large_metadata(self) -> None:
        if self.path.endswith(".metadata"):
            return self.endless()
        self.head()
        file = {
            "filename": "large_metadata-1-py3-none-any.whl",
            "url": "/large-metadata",
            "hashes": {},
        }
        page = {
            "name": "large-metadata",
            "files": [{**file, "core-metadata": True}],
            "meta": {"api-version": "1.0"},
        }
        self.wfile.write(json.dumps(page).encode())
        return None

    def log_message(self, *words: object) -> None:
        """Keep the tests' output clean."""


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hostile)
    server.daemon_threads = True
    server.asked = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def index(server, tmp_path: Path) -> Iterator[PackageIndex]:
    with PackageIndex(settings_for(server), tmp_path) as index:
        yield index


def settings_for(server) -> Settings:
    return Settings(index_url=f"http://127.0.0.1:{server.server_port}/simple")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("endless", "more than"),
        ("nested", "ValidationError"),
        ("bomb", "unpacks to more than"),
        ("to-a-file", "an address of file"),
        ("long-redirect", "ValidationError"),
    ],
)
def test_what_is_no_page_is_told_and_takes_little_memory(
    within_memory, server, tmp_path, name, words
) -> None:
    def ask() -> object:
        with PackageIndex(settings_for(server), tmp_path) as index:
            return index.project(name)

    with pytest.raises(HostError, match="does not answer as a Python package index") as caught:
        within_memory(400, ask)
    assert words in caught.value.what
    assert not caught.value.transient


@pytest.mark.parametrize("name", ["loop", "strange-encoding", "chunk-without-end"])
def test_what_is_no_answer_is_told(monkeypatch, within_memory, server, tmp_path, name: str) -> None:
    monkeypatch.setattr(index_connection, "PAUSES_S", ())

    def ask() -> object:
        with PackageIndex(settings_for(server), tmp_path) as index:
            return index.project(name)

    with pytest.raises(HostError, match="does not answer"):
        within_memory(200, ask)


@pytest.mark.parametrize("name", ["drip", "drip-head", "busy-for-a-day"])
def test_an_answer_that_never_ends_is_cut_at_the_limit(server, name: str) -> None:
    connection = IndexConnection(f"http://127.0.0.1:{server.server_port}/simple", None, 2)
    with pytest.raises(HostError, match="did not finish an answer within 1 s") as caught:
        connection.ask(f"{connection.url}/{name}/", limit_bytes=MB, within_s=1)
    assert caught.value.transient
    connection.close()


def test_a_connection_that_is_kept_open_is_guarded_too(server) -> None:
    connection = IndexConnection(f"http://127.0.0.1:{server.server_port}/simple", None, 1)
    for _ in range(2):
        assert connection.ask(f"{connection.url}/absent/", limit_bytes=MB, within_s=20) is None
    with pytest.raises(HostError, match="within 1 s"):
        connection.ask(f"{connection.url}/drip/", limit_bytes=MB, within_s=1)
    connection.close()


def test_metadata_without_end_is_noted(index: PackageIndex) -> None:
    project = index.project("large-metadata")
    assert project is not None
    assert "more than 2048 kB" in index.metadata(project.releases[0].wheels[0]).note


def test_links_that_are_no_addresses_of_http_are_left_out_and_the_others_stay(
    index: PackageIndex,
) -> None:
    project = index.project("links")
    assert project is not None
    assert project.releases[0].source is not None
    assert project.releases[0].source.url.startswith("http://127.0.0.1")


def test_leaving_the_index_ends_what_other_threads_ask(server, tmp_path: Path) -> None:
    index = PackageIndex(settings_for(server), tmp_path)
    answers: list[BaseException] = []

    def ask() -> None:
        try:
            index.in_parallel(index.project, ["drip", "drip-head"])
        except HostError as error:
            answers.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    while len(server.asked) < 2:
        time.sleep(0.01)
    index.__exit__()
    thread.join(20)
    assert not thread.is_alive()
    assert answers


def test_the_first_ctrl_c_ends_the_process(server, tmp_path: Path) -> None:
    script = (
        "import sys\nfrom pathlib import Path\nfrom paper2run.settings import Settings\n"
        "from tasks.drivers.index.package_index import PackageIndex\n"
        "with PackageIndex(Settings(index_url=sys.argv[1]), Path(sys.argv[2])) as index:\n"
        "    index.in_parallel(index.project, ['drip', 'drip-head', 'busy-for-a-day'])\n"
    )
    address = f"http://127.0.0.1:{server.server_port}/simple"
    child = subprocess.Popen(
        [sys.executable, "-c", script, address, str(tmp_path)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )
    while len(server.asked) < 3 and child.poll() is None:
        time.sleep(0.05)
    child.send_signal(2)
    _, words = child.communicate(timeout=30)
    assert "KeyboardInterrupt" in words


OPENINGS = [
    "<a ",
    "<a href=",
    '<a href="',
    "<!--",
    "<a b ",
    "<",
    "<a\n",
    "<base ",
    "<a href=x>",
    "<meta name=",
    "='",
    " =",
]


@pytest.mark.parametrize("part", OPENINGS)
def test_a_page_of_open_tags_is_read_in_time(soon, part: str) -> None:
    body = (part * (150_000 // len(part))).encode()
    with soon(5):
        try:
            read_page("text/html", body, "http://a.example/simple/a/")
        except NoIndexPageError as error:
            assert "links" in str(error)


NAME = st.text(st.sampled_from("ab-_.1<>&;\"' \n/=é"), min_size=1, max_size=12)


@given(st.lists(st.tuples(NAME, NAME, st.booleans(), st.sampled_from(['"', "'"])), max_size=5))
def test_honest_html_is_read_as_a_whole_parser_reads_it(
    links: list[tuple[str, str, bool, str]],
) -> None:
    quoted = {'"': "&quot;", "'": "&#39;", "<": "&lt;", ">": "&gt;", "&": "&amp;"}

    def escape(text: str) -> str:
        return "".join(quoted.get(sign, sign) for sign in text)

    text = '<!DOCTYPE html><html><head><meta name="pypi:repository-version" content="1.0"></head><body>\n'
    for name, requires, is_yanked, quote in links:
        yanked = f" data-yanked={quote}{quote}" if is_yanked else ""
        python = f" data-requires-python={quote}{escape(requires)}{quote}"
        text += f"<!-- <a href=no>no</a> --><A HREF={quote}../f/{len(name)}#sha256=0{quote}{python}{yanked}>"
        text += f"{escape(name)}</A><br />\n"
    url = "http://a.example/simple/a/"
    found = read_page("text/html; charset=utf-8", text.encode(), url)
    wanted = ProjectPage.from_html("a", text.encode(), url, "utf-8").packages
    assert [(f.filename, f.url, f.requires_python, f.yanked) for f in found] == [
        (w.filename, w.url, w.requires_python or "", bool(w.is_yanked)) for w in wanted
    ]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "files",
                    "name",
                    "meta",
                    "api-version",
                    "url",
                    "filename",
                    "size",
                    "hashes",
                    "upload-time",
                ]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=12,
)


@given(VALUES, st.binary(max_size=30))
def test_a_page_is_read_or_is_none_and_nothing_else(value: object, tail: bytes) -> None:
    whole = json.dumps(value).encode()
    for body in (whole, whole[: len(whole) // 2], tail, whole + tail):
        for kind in (
            JSON,
            *HTML,
            "text/html; charset=idna",
            "text/html; charset=punycode",
            "image/png",
            ";",
        ):
            try:
                assert isinstance(read_page(kind, body, "http://a.example/a/"), tuple)
            except NoIndexPageError as error:
                assert re.match("with|in a version", str(error))
