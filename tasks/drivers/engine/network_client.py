"""Asks the network as a site does, over connections that are kept open.

Runs inside build steps, as download_server.py says. A Debian package or a tarball of npm is small, and a build asks for
hundreds of them: with a connection for each, keeping 412 of them took 129 s in place of 69.
"""

from __future__ import annotations

import base64
import json
import ssl
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from pathlib import Path
from typing import Iterable  # noqa: UP035 - for Python 3.8
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined] # in no stub

from tasks.drivers.engine.kept_answers import Asked

ANSWER_TIMEOUT_S = 180
PORTS = {"http": 80, "https": 443}


class Network:
    """The proxies and authorities of one site, as its `site.json` names them."""

    def __init__(self, site: Path) -> None:
        said = json.loads((site / "site.json").read_text("utf-8"))
        self._proxies = {scheme: urlsplit(url) for scheme, url in said["proxies"].items()}
        self._no_proxy = {"no": said["no_proxy"]}
        self._context = ssl.create_default_context(cafile=said["authorities"])
        if (site / "site-ca.pem").is_file():
            self._context.load_verify_locations(str(site / "site-ca.pem"))

    def ask(
        self,
        pool: dict[str, HTTPConnection],
        asked: Asked,
        headers: Iterable[tuple[str, str]],
    ) -> HTTPResponse:
        """Return the answer, to be read before the next one over the same pool.

        A connection of the pool that has ended meanwhile is replaced once. OSError, HTTPException or ValueError.
        """
        parts, headers = urlsplit(asked.url), list(headers)
        if parts.scheme not in PORTS or not parts.hostname:
            raise ValueError("no address of the web")
        origin = f"{parts.scheme}://{parts.netloc}"
        while True:
            kept = pool.pop(origin, None)
            connection = kept or self._connection(parts)
            try:
                self._send(connection, parts, asked, headers)
                answer = connection.getresponse()
            except (OSError, HTTPException):
                connection.close()
                if kept is None:
                    raise
                continue
            pool[origin] = connection
            return answer

    def _send(
        self,
        connection: HTTPConnection,
        parts: SplitResult,
        asked: Asked,
        headers: Iterable[tuple[str, str]],
    ) -> None:
        proxy = self._proxy(parts)
        target = parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
        if proxy and parts.scheme == "http":
            target = parts._replace(fragment="").geturl()
        connection.putrequest(asked.method, target, skip_accept_encoding=True)
        for name, value in headers:
            connection.putheader(name, value)
        if proxy and parts.scheme == "http":
            for name, value in _login(proxy).items():
                connection.putheader(name, value)
        if asked.body or asked.method in ("POST", "PUT"):
            connection.putheader("Content-Length", str(len(asked.body)))
        connection.endheaders(asked.body or None)

    def _connection(self, parts: SplitResult) -> HTTPConnection:
        proxy, port = self._proxy(parts), parts.port or PORTS[parts.scheme]
        at = proxy or parts
        host, at_port = at.hostname or "", at.port or PORTS.get(at.scheme, port)
        if parts.scheme == "http":
            return HTTPConnection(host, at_port, timeout=ANSWER_TIMEOUT_S)
        connection = HTTPSConnection(host, at_port, timeout=ANSWER_TIMEOUT_S, context=self._context)
        if proxy:
            connection.set_tunnel(parts.hostname or "", port, _login(proxy))
        return connection

    def _proxy(self, parts: SplitResult) -> SplitResult | None:
        found = self._proxies.get(parts.scheme)
        is_near = found and proxy_bypass_environment(parts.netloc, self._no_proxy)
        return None if is_near else found


def _login(proxy: SplitResult) -> dict[str, str]:
    """Return the header that logs in at a proxy; empty without a login."""
    if not proxy.username:
        return {}
    login = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}".encode()
    return {"Proxy-Authorization": f"Basic {base64.b64encode(login).decode()}"}
