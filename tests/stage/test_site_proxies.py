"""Our own requests go through the proxies of the settings, over real sockets."""

import http.server
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from paper2run.errors import HostError
from paper2run.settings import Settings
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
