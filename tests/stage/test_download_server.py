"""The proxy beside a build's steps, between a real client and a real server, then without it."""

import gzip
import http.server
import json
import ssl
import subprocess
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from tasks.drivers.engine.download_server import LACKS, server
from tasks.drivers.engine.host_certificates import Certificates
from tasks.drivers.engine.kept_answers import Store
from tasks.drivers.host.authority import new_authority

BIG = bytes(range(256)) * 2000
OPENSSL = ["openssl"]
Ask = Callable[..., requests.Response]


class Origin(http.server.BaseHTTPRequestHandler):
    """Answers in every way that package indexes do."""

    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        self.server.connections += 1  # type: ignore[attr-defined]

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.asked.append(f"{self.command} {self.path}")  # type: ignore[attr-defined]
        match self.path:
            case "/big":
                part = self.headers.get("Range", "")
                self._answer(206 if part else 200, BIG[:10] if part else BIG)
            case "/chunked":
                self.send_response(200)
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                self.wfile.write(b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n")
            case "/packed":
                self._answer(200, gzip.compress(b"hello"), **{"Content-Encoding": "gzip"})
            case "/kinds":
                self._answer(200, self.headers["Accept"].encode())
            case "/moved":
                self._answer(302, b"", Location="/big")
            case "/cookie":
                self._answer(200, b"x", **{"Set-Cookie": "login=secret", "ETag": '"1"'})
            case "/upload":
                self._answer(200, body[::-1])
            case "/short":
                self.send_response(200)
                self.send_header("Content-Length", "100")
                self.end_headers()
                self.wfile.write(b"only this")
                self.close_connection = True
            case "/hangs-up":
                self._answer(200, b"bye")
                self.close_connection = True
            case "/busy":
                self._answer(503, b"busy")
            case _:
                self._answer(404, b"none")

    do_HEAD = do_POST = do_GET

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    folder.mkdir()
    authority, own = new_authority(), tmp_path / "own.pem"
    (folder / "ca.pem").write_text(authority.certificate)
    (folder / "ca-key.pem").write_text(authority.key)
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=site",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", tmp_path / "key.pem", "-out", own],
        check=True, capture_output=True,
    )  # fmt: skip
    (folder / "site-ca.pem").write_text(own.read_text())
    said = {"authorities": str(own), "proxies": {}, "no_proxy": ""}
    (folder / "site.json").write_text(json.dumps(said))
    return folder


@pytest.fixture(params=["http", "https"])
def origin(request: pytest.FixtureRequest, tmp_path: Path, site: Path) -> Iterator[Any]:
    listening: Any = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Origin)
    if request.param == "https":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tmp_path / "own.pem", tmp_path / "key.pem")
        listening.socket = context.wrap_socket(listening.socket, server_side=True)
    listening.asked, listening.connections = [], 0
    listening.url = f"{request.param}://127.0.0.1:{listening.server_address[1]}"
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    yield listening
    listening.shutdown()
    listening.server_close()


@contextmanager
def proxy(folder: Path, site: Path, *, keeps: bool) -> Iterator[Ask]:
    """Yield what asks through a proxy, as a client that trusts the build's authority alone."""
    store = Store(folder)
    if keeps:
        store.begin()
    certificates = Certificates(folder / "hosts", site, OPENSSL)
    listening = server(0, store, certificates, site if keeps else None)
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{listening.server_address[1]}"
    session = requests.Session()
    session.trust_env = False
    session.proxies = {"http": address, "https": address}
    session.verify = str(site / "ca.pem")

    def ask(url: str, method: str = "GET", **more: Any) -> requests.Response:
        return session.request(method, url, timeout=60, **more)

    yield ask
    session.close()
    listening.shutdown()
    listening.server_close()


@pytest.fixture
def proxies(tmp_path: Path, site: Path) -> Callable[[bool], AbstractContextManager[Ask]]:
    return lambda keeps: proxy(tmp_path / "kept", site, keeps=keeps)


def everything(ask: Ask, url: str) -> list[tuple[int, bytes]]:
    """Return what a client gets for questions of every kind."""
    answers = [
        ask(f"{url}/big"),
        ask(f"{url}/big", headers={"Range": "bytes=0-9"}),
        ask(f"{url}/chunked"),
        ask(f"{url}/packed"),
        ask(f"{url}/kinds", headers={"Accept": "text/one"}),
        ask(f"{url}/kinds", headers={"Accept": "text/two"}),
        ask(f"{url}/moved"),
        ask(f"{url}/upload", "POST", data=b"abc"),
        ask(f"{url}/upload", "POST", data=b"xyz"),
        ask(f"{url}/upload", "POST", data=iter((b"in", b"chunks"))),
        ask(f"{url}/none", headers={"If-None-Match": '"1"', "If-Modified-Since": "then"}),
    ]
    head = ask(f"{url}/big", "HEAD")
    assert (head.headers["Content-Length"], head.content) == (str(len(BIG)), b"")
    return [(answer.status_code, answer.content) for answer in answers]


def test_what_was_kept_is_served_again_without_the_network(origin, proxies) -> None:
    with proxies(True) as ask:
        kept = everything(ask, origin.url)
    asked = len(origin.asked)
    with proxies(False) as ask:
        served = everything(ask, origin.url)

    assert len(origin.asked) == asked
    assert served == kept
    assert kept[0] == (200, BIG)
    assert kept[1] == (206, BIG[:10])
    assert [body for _, body in kept[2:6]] == [b"hello world", b"hello", b"text/one", b"text/two"]
    assert kept[6] == (200, BIG)
    assert [body for _, body in kept[7:10]] == [b"cba", b"zyx", b"sknuhcni"]
    assert kept[10] == (404, b"none")


def test_what_was_not_kept_is_refused_and_told(origin, proxies, capfd) -> None:
    with proxies(True) as ask:
        ask(f"{origin.url}/big")
    with proxies(False) as ask:
        answer = ask(f"{origin.url}/other")
        asked = len(origin.asked)
        with pytest.raises(requests.exceptions.ProxyError):
            ask("https://elsewhere.example/x")

    assert answer.status_code == 404
    assert f"{LACKS} {origin.url}/other" in capfd.readouterr().err
    assert len(origin.asked) == asked == 1


def test_failures_of_a_server_are_handed_on_and_not_kept(origin, proxies, tmp_path) -> None:
    with proxies(True) as ask:
        assert ask(f"{origin.url}/busy").status_code == 503
        with pytest.raises(requests.exceptions.RequestException):
            ask(f"{origin.url}/short")
        assert ask(f"{origin.url}/big").content == BIG

    urls = {json.loads(path.read_text())["url"] for path in (tmp_path / "kept/exchanges").iterdir()}
    assert urls == {f"{origin.url}/big"}
    assert len(list((tmp_path / "kept/bodies").iterdir())) == 1


def test_connections_are_kept_open_and_replaced_where_they_end(origin, proxies) -> None:
    with proxies(True) as ask:
        for _ in range(3):
            assert ask(f"{origin.url}/big").content == BIG
        assert (origin.connections, len(origin.asked)) == (1, 3)
        assert ask(f"{origin.url}/hangs-up").content == b"bye"
        assert ask(f"{origin.url}/big").content == BIG
        assert (origin.connections, len(origin.asked)) == (2, 5)


def test_logins_and_cookies_are_not_kept(origin, proxies, tmp_path) -> None:
    address = origin.url.replace("://", "://ada:wonderland@")
    with proxies(True) as ask:
        assert ask(f"{address}/cookie").headers["ETag"] == '"1"'
        ask(f"{origin.url}/cookie", headers={"Authorization": "Bearer wonderland"})

    files = [path for path in (tmp_path / "kept").rglob("*") if path.is_file()]
    text = b"".join(path.read_bytes() for path in files)
    assert b'"ETag"' in text
    for secret in (b"wonderland", b"login=secret"):
        assert secret not in text


def test_the_sites_own_proxy_is_asked(origin, site, tmp_path) -> None:
    outer = tmp_path / "outer"
    store = Store(outer)
    store.begin()
    upstream = server(0, store, Certificates(outer / "hosts", site, OPENSSL), site)
    threading.Thread(target=upstream.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{upstream.server_address[1]}"
    said = {"authorities": str(site / "ca.pem"), "proxies": {"http": address, "https": address}}
    (site / "site.json").write_text(json.dumps({**said, "no_proxy": ""}))
    with proxy(tmp_path / "kept", site, keeps=True) as ask:
        assert ask(f"{origin.url}/big").content == BIG
    upstream.shutdown()
    upstream.server_close()

    assert len(list((outer / "bodies").iterdir())) == 1


def test_it_answers_a_client_that_knows_no_proxy_protocol(site, tmp_path) -> None:
    with proxy(tmp_path / "kept", site, keeps=True):
        listening = server(0, Store(tmp_path / "kept"), Certificates(tmp_path, site, OPENSSL), site)
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{listening.server_address[1]}/local"
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(url, timeout=60)
        refused.value.close()
        listening.shutdown()
        listening.server_close()

    assert refused.value.code == 502
