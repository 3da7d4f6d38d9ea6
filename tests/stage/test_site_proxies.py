"""Our own requests go through the proxies of the settings, over real sockets."""

import http.server
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from paper2run.errors import HostError, UserError
from paper2run.settings import Settings
from tasks.clone import clone, locate
from tasks.drivers.index.package_index import PackageIndex
from tasks.drivers.index.site_proxies import SiteProxies
from tasks.running.host_probe import ask_index
from tests.engine.relay import Relay

INDEX = "http://packages.site.example/simple/"
VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY")


class Proxy(http.server.BaseHTTPRequestHandler):
    """A proxy for plain HTTP with an index of one package behind it."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        body = b'<a href="/files/pip-1.0-py3-none-any.whl">pip-1.0-py3-none-any.whl</a>'
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, list[str]]]:
    """Yield a proxy and the addresses that it was asked for; the environment names none."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    asked: list[str] = []
    handler = type("OneProxy", (Proxy,), {"asked": asked})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


def versions(settings: Settings, cache: Path) -> list[str]:
    with PackageIndex(settings, cache, quick=True) as index:
        project = index.project("pip")
    assert project is not None
    return [str(release.version) for release in project.releases]


def test_the_index_is_asked_through_the_proxy_of_the_settings(
    proxy: tuple[str, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, asked = proxy
    monkeypatch.setenv("PAPER2RUN_HTTP_PROXY", address)
    settings = Settings(index_url=INDEX)

    assert versions(settings, tmp_path) == ["1.0"]
    assert asked == [f"{INDEX}pip/"]
    assert ask_index(settings) == INDEX
    assert asked == [f"{INDEX}pip/"] * 2


def test_a_host_that_is_reached_without_a_proxy_is_asked_itself(
    proxy: tuple[str, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, asked = proxy
    monkeypatch.setenv("PAPER2RUN_HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("PAPER2RUN_NO_PROXY", "127.0.0.0/8")

    assert versions(Settings(index_url=f"{address}/simple"), tmp_path) == ["1.0"]
    assert asked == ["/simple/pip/"]


def test_https_goes_through_its_own_proxy(
    proxy: tuple[str, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> socket.socket:
        raise OSError("closed")

    with Relay("127.0.0.1", refuse, is_proxy=True) as relay:
        monkeypatch.setenv("PAPER2RUN_HTTPS_PROXY", f"http://127.0.0.1:{relay.port}")
        settings = Settings(index_url=INDEX.replace("http:", "https:"))
        with pytest.raises(HostError, match="does not answer"):
            versions(settings, tmp_path)
        assert {each.split()[1] for each in relay.requests} == {b"packages.site.example:443"}


CODE = "http://code.site.example/demo.git"


def git(at: Path, *words: str) -> None:
    subprocess.run(["git", "-C", str(at), *words], check=True, capture_output=True)


@pytest.fixture
def forge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, list[str]]]:
    """Yield a proxy behind which a repository lies as plain files, and what it was asked for."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    work, bare = tmp_path / "work", tmp_path / "demo.git"
    work.mkdir()
    git(work, "init", "-q", "-b", "main")
    (work / "main.py").write_text("print(1)\n")
    git(work, "add", ".")
    git(work, "-c", "user.name=a", "-c", "user.email=a@b.example", "commit", "-q", "-m", "one")
    git(tmp_path, "clone", "-q", "--bare", str(work), str(bare))
    git(bare, "update-server-info")
    asked: list[str] = []

    class Forge(Proxy):
        def do_GET(self) -> None:
            asked.append(self.path)
            path = bare / urlsplit(self.path).path.removeprefix("/demo.git/")
            there = path.is_file() and self.path.startswith(CODE)
            body = path.read_bytes() if there else b""
            self.send_response(200 if there else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Forge)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


def test_git_goes_through_the_proxy_of_the_settings(
    forge: tuple[str, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, asked = forge
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    settings = Settings(http_proxy=address, home=tmp_path / "home")

    located = locate.fn(CODE, "", settings)
    checkout = clone.fn(CODE, located, settings)

    assert asked[0].startswith(f"{CODE}/info/refs")
    assert len(asked) > 3
    assert checkout.commit == located.commit
    assert address not in checkout.model_dump_json()


def test_git_reaches_a_host_without_a_proxy_where_the_settings_say_so(
    forge: tuple[str, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, asked = forge
    settings = Settings(
        http_proxy="http://127.0.0.1:9", no_proxy="127.0.0.1", home=tmp_path / "home"
    )
    with pytest.raises(UserError):
        locate.fn(f"{address}/demo.git", "", settings)
    assert asked == ["/demo.git/info/refs?service=git-upload-pack"]


@pytest.mark.parametrize(
    ("url", "through"),
    [
        ("https://pypi.example/simple/", "https://p:1"),
        ("http://pypi.example/simple/", "http://p:2"),
        ("https://user:word@mirror.inside.example/simple/", ""),
        ("https://10.1.2.3:8443/simple/", ""),
        ("https://11.1.2.3/simple/", "https://p:1"),
        ("http://localhost:3141/root/pypi/", ""),
    ],
)
def test_hosts_domains_and_networks_are_reached_without_a_proxy(url: str, through: str) -> None:
    proxies = SiteProxies("http://p:2", "https://p:1", ".inside.example, 10.0.0.0/8,localhost")

    assert proxies.proxy_for(url) == through
