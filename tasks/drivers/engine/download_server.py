"""A proxy that keeps each download of a build step, or serves what was kept, with the network off.

It runs inside the steps of a build, on a Python of another image (rendering/kept_downloads.py mounts both), and
imports the standard library alone; Python 3.8 and newer. `keep` asks the network and writes each answer below a folder
before its last piece goes out; `serve` answers from such a folder and asks nobody. HTTPS is opened with certificates of
an authority made for this one build, which its steps are told to trust. Logins and cookies are not kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import ssl
import sys
from http.client import HTTPConnection, HTTPException, HTTPMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase
from pathlib import Path
from typing import Any, Iterator  # noqa: UP035 - for Python 3.8

from tasks.drivers.engine.host_certificates import Certificates
from tasks.drivers.engine.kept_answers import Asked, Store
from tasks.drivers.engine.network_client import Network

PIECE_BYTES = 65_536
MAX_REQUEST_BYTES = 64 * 1024 * 1024
"""Of a request's body: what a client sends to ask, as git does."""
SERVER_ERROR = 500
HOP = {
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection",
    "te", "trailer", "transfer-encoding", "upgrade", "content-length",
}  # fmt: skip
"""Headers between two neighbours, which a proxy does not hand on (RFC 9110, 7.6.1), and the length, sent anew."""
NOT_ASKED = HOP | {"host", "if-none-match", "if-modified-since", "expect"}
"""Headers of a request that are not handed on: whole answers are kept, never `not modified`."""
NOT_KEPT = HOP | {"set-cookie", "set-cookie2", "alt-svc", "strict-transport-security"}
WITHOUT_BODY = (204, 304)
HOST = re.compile(r"[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]+\]")
LACKS = "paper2run: not among the kept downloads:"


class Handler(BaseHTTPRequestHandler):
    """One connection of a client."""

    protocol_version = "HTTP/1.1"
    origin = ""
    store: Store
    certificates: Certificates
    network: Network | None = None
    """What asks the network; None where only kept answers are served."""

    def handle(self) -> None:
        """Answer until the client hangs up; connections to the network last as long."""
        self.pool: dict[str, HTTPConnection] = {}
        try:
            super().handle()
        finally:
            for connection in self.pool.values():
                connection.close()

    def do_CONNECT(self) -> None:
        """Open a connection to a host, whose certificate is ours."""
        host, _, port = self.path.rpartition(":")
        if not HOST.fullmatch(host):
            self._refuse(400, "no host", self.path)
            return
        context = self.certificates.context(host.lower(), make=self.network is not None)
        if context is None:
            self._refuse(502, LACKS, "https://" + self.path)
            return
        self.send_response_only(200, "Connection established")
        self.end_headers()
        try:
            self.request = context.wrap_socket(self.connection, server_side=True)
        except OSError as error:
            say(f"paper2run: the connection to {host} was not taken by its client: {error}")
            self.close_connection = True
            return
        self.setup()
        self.close_connection = False
        self.origin = "https://" + host + ("" if port == "443" else ":" + port)

    def do_GET(self) -> None:
        """Answer from what was kept, or from the network and keep it."""
        url = re.sub(r"^(https?://)[^/@]*@", r"\1", self.origin + self.path)
        try:
            body = self._body()
        except ValueError as error:
            self._refuse(400, str(error), url)
            return
        accept, part = (self.headers.get(name, "") for name in ("Accept", "Range"))
        asked = Asked(self.command, url, accept, part, body)
        if self.network is None:
            self._serve(asked)
        else:
            self._fetch(asked)

    do_HEAD = do_POST = do_PUT = do_OPTIONS = do_PROPFIND = do_REPORT = do_GET

    def log_message(self, *_: Any) -> None:
        """Print nothing: the step's log is for what it does itself."""

    def _serve(self, asked: Asked) -> None:
        answer = self.store.find(asked)
        if answer is None:
            self._refuse(404, LACKS, asked.url)
            return
        path = self.store.folder / "bodies" / answer["body"]
        with path.open("rb") as file:
            pieces = iter(lambda: file.read(PIECE_BYTES), b"")
            self._send(answer, path.stat().st_size, pieces, answer.get("length"))

    def _fetch(self, asked: Asked) -> None:
        assert self.network is not None
        handed = [
            (name, value) for name, value in self.headers.items() if name.lower() not in NOT_ASKED
        ]
        try:
            response = self.network.ask(self.pool, asked, handed)
        except (OSError, HTTPException, ValueError) as error:
            reason = getattr(error, "reason", error)
            self._refuse(502, f"paper2run: {reason}:", asked.url)
            return
        with response:
            self._hand_on(asked, response)

    def _hand_on(self, asked: Asked, response: Any) -> None:
        """Send an answer of the network to the client; it is kept before its last piece is sent."""
        answer = {
            "status": response.status,
            "reason": response.reason or "",
            "headers": [[name, value] for name, value in _kept_headers(response.headers)],
        }
        length = response.headers.get("Content-Length")
        is_empty = asked.method == "HEAD" or response.status in WITHOUT_BODY
        size_bytes = int(length) if length and length.isdigit() else None
        if is_empty:
            answer["length"] = length
            part = self.store.part()
            part.write_bytes(b"")
            self.store.keep(asked, answer, part, hashlib.sha256().hexdigest())
            self._send(answer, 0, iter(()), length)
        else:
            self._send(answer, size_bytes, self._kept_pieces(asked, answer, response, size_bytes))

    def _kept_pieces(
        self,
        asked: Asked,
        answer: dict[str, Any],
        response: Any,
        size_bytes: int | None,
    ) -> Iterator[bytes]:
        digest, sent, held = hashlib.sha256(), 0, b""
        part = self.store.part()
        try:
            with part.open("wb") as file:
                while piece := response.read(PIECE_BYTES):
                    digest.update(piece)
                    file.write(piece)
                    sent += len(piece)
                    if held:
                        yield held
                    held = piece
            if size_bytes is not None and sent != size_bytes:
                raise HTTPException("the answer broke off")
            if answer["status"] < SERVER_ERROR:
                self.store.keep(asked, answer, part, digest.hexdigest())
            yield held
        finally:
            with contextlib.suppress(FileNotFoundError):
                part.unlink()

    def _send(
        self,
        answer: dict[str, Any],
        size_bytes: int | None,
        pieces: Iterator[bytes],
        claimed: str | None = None,
    ) -> None:
        self.send_response_only(answer["status"], answer["reason"])
        for name, value in answer["headers"]:
            self.send_header(name, value)
        is_chunked = size_bytes is None and self.request_version != "HTTP/1.0"
        if is_chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif size_bytes is None:
            self.close_connection = True
        elif answer["status"] not in WITHOUT_BODY:
            self.send_header("Content-Length", claimed or str(size_bytes))
        self.end_headers()
        try:
            for piece in pieces:
                if piece and self.command != "HEAD":
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece) if is_chunked else piece)
            if is_chunked:
                self.wfile.write(b"0\r\n\r\n")
        except (OSError, HTTPException) as error:
            # The client sees an answer that breaks off, as it would without us.
            say(f"paper2run: {self.origin + self.path} broke off: {error}")
            self.close_connection = True

    def _body(self) -> bytes:
        """Return what the client sent with its question. ValueError if that is too much, or not to be read."""
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return b"".join(_chunks(self.rfile))
        size_bytes = int(self.headers.get("Content-Length") or 0)
        if size_bytes > MAX_REQUEST_BYTES:
            raise ValueError("a question of more than 64 MB")
        return self.rfile.read(size_bytes)

    def _refuse(self, status: int, words: str, what: str) -> None:
        say(f"{words} {what}")
        body = f"{words} {what}\n".encode("utf-8", "replace")
        headers = [["Content-Type", "text/plain"]]
        self._send({"status": status, "reason": "", "headers": headers}, len(body), iter((body,)))


def _kept_headers(headers: HTTPMessage) -> Iterator[tuple[str, str]]:
    for name, value in headers.items():
        if name.lower() not in NOT_KEPT:
            yield name, " ".join(value.split())


def _chunks(file: BufferedIOBase) -> Iterator[bytes]:
    left = MAX_REQUEST_BYTES
    while size_bytes := int(file.readline(64).split(b";")[0], 16):
        left -= size_bytes
        if left < 0:
            raise ValueError("a question of more than 64 MB")
        yield file.read(size_bytes)
        file.readline(64)
    while file.readline(PIECE_BYTES).strip():
        continue


def say(line: str) -> None:
    """Print a line into the step's log."""
    print(line[:500], file=sys.stderr, flush=True)  # noqa: T201 - the log of the step


class Server(ThreadingHTTPServer):
    """The proxy, one thread for each connection."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Tell in one line that a client does not trust us; clients that hang up are none of our business."""
        error = sys.exc_info()[1]
        if isinstance(error, ssl.SSLError):
            say(f"paper2run: a client of the step refuses the kept downloads: {error}")
        elif not isinstance(error, OSError):
            super().handle_error(request, client_address)


def server(port: int, store: Store, certificates: Certificates, site: Path | None) -> Server:
    """Return the server, which listens already; with the site's folder it asks the network and keeps."""
    network = Network(site) if site else None
    fields = {"store": store, "certificates": certificates, "network": network}
    return Server(("127.0.0.1", port), type("Bound", (Handler,), fields))


def main() -> None:
    """Serve beside the step that starts it, from before its first command until its container ends."""
    way, port, folder, site, *openssl = sys.argv[1:]
    store = Store(Path(folder))
    if way == "keep":
        store.begin()
    certificates = Certificates(store.folder / "hosts", Path(site), openssl)
    listening = server(int(port), store, certificates, Path(site) if way == "keep" else None)
    # The step goes on when this process ends, and the port is open by then.
    if os.fork():
        os._exit(0)
    os.setsid()
    listening.serve_forever()


if __name__ == "__main__":
    main()
