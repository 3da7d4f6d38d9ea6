"""A paper is fetched from its address: a PDF, a text, or the PDF that a publisher's page names."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from paper2run.errors import HostError, UserError
from paper2run.request import Request
from paper2run.settings import Settings
from tasks.paper import with_paper_file

ASKED: list[str] = []
PAGES = {
    "/one.pdf": ("application/pdf", b"%PDF-1.7 the paper"),
    "/one.md": ("text/markdown; charset=utf-8", b"# A paper"),
    "/landing": ("text/html", b'<meta name="citation_pdf_url" content="one.pdf">'),
    "/news": ("text/html", b"<p>nothing to read</p>"),
    "/data": ("application/zip", b"PK"),
}


class Publisher(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        ASKED.append(self.path)
        kind, body = PAGES.get(self.path, ("", b""))
        self.send_response(200 if kind else 404)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def publisher() -> Iterator[str]:
    ASKED.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Publisher)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.mark.parametrize(
    ("path", "ending", "content"),
    [
        ("one.pdf", ".pdf", b"%PDF-1.7 the paper"),
        ("landing", ".pdf", b"%PDF-1.7 the paper"),
        ("one.md", ".md", b"# A paper"),
    ],
)
def test_a_paper_is_fetched_once(
    publisher: str, tmp_path: Path, path: str, ending: str, content: bytes
) -> None:
    settings = Settings(home=tmp_path)
    request = Request(repo="x", paper=f"{publisher}/{path}")
    file = Path(with_paper_file(request, settings).paper)

    assert (file.suffix, file.read_bytes()) == (ending, content)
    asked = len(ASKED)
    assert with_paper_file(request, settings).paper == str(file)
    assert len(ASKED) == asked


@pytest.mark.parametrize(
    ("path", "words"),
    [("news", "names no PDF"), ("data", "neither a PDF nor a text"), ("gone", "there is no paper")],
)
def test_what_is_no_paper_is_a_bad_request(
    publisher: str, tmp_path: Path, path: str, words: str
) -> None:
    with pytest.raises(UserError, match=words):
        with_paper_file(Request(paper=f"{publisher}/{path}"), Settings(home=tmp_path))


def test_a_host_that_does_not_answer_is_the_networks_trouble(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="the host of the paper") as caught:
        with_paper_file(Request(paper="http://127.0.0.1:9/x.pdf"), Settings(home=tmp_path))
    assert caught.value.trouble == "network"


def test_a_file_stays_a_file(tmp_path: Path) -> None:
    request = Request(paper="papers/1706.03762.pdf")
    assert with_paper_file(request, Settings(home=tmp_path)) == request
