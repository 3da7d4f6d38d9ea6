"""Another engine: a relay in front of the one that is here, which changes what it says and does."""

import http.client
import http.server
import json
import socket
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tasks.drivers.engine.engine_connection import connect

BLOCK_BYTES = 65_536
HOP = {"transfer-encoding", "connection", "content-length", "keep-alive"}
"""Headers of one connection alone. https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1"""


@dataclass
class OtherEngine:
    """What differs from the engine behind it."""

    version: str = "99.0"
    mode: int = 0
    """Rights of each regular file that a build copies; 0 leaves them."""
    refusal: str = ""
    """What it answers to each build; empty for building."""
    builds: list[dict[str, str]] = field(default_factory=list)
    """The arguments of each build that it was asked for."""


class _Socket(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost")
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self._path)


@contextmanager
def other_engine(engine: OtherEngine) -> Iterator[str]:
    """Yield the address of an engine like that."""
    behind = connect().client.api.base_url
    path = "/var/run/docker.sock" if behind.startswith("http+docker") else ""
    assert path, f"the engine at {behind} is not on this machine"

    class Handler(http.server.BaseHTTPRequestHandler):
        def _pass_on(self) -> None:
            body = _body(self)
            is_build = "/build?" in self.path
            if is_build:
                query = parse_qs(urlsplit(self.path).query)
                engine.builds.append(json.loads(query["buildargs"][0]))
            if is_build and engine.refusal:
                self._answer(400, json.dumps({"message": engine.refusal}).encode())
                return
            if is_build and engine.mode:
                body = _with_rights(body, engine.mode)
            there = _Socket(path)
            headers = {name: it for name, it in self.headers.items() if name.lower() not in HOP}
            there.request(self.command, self.path, body, headers)
            answer = there.getresponse()
            if self.path.endswith("/version"):
                self._answer(answer.status, _renamed(answer.read(), engine.version))
                return
            self.send_response(answer.status)
            for name, it in answer.getheaders():
                if name.lower() not in HOP:
                    self.send_header(name, it)
            self.send_header("Connection", "close")
            self.end_headers()
            while block := answer.read1(BLOCK_BYTES):
                self.wfile.write(block)
            self.close_connection = True

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_DELETE = do_HEAD = do_PUT = _pass_on

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"tcp://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def _body(request: http.server.BaseHTTPRequestHandler) -> bytes:
    if request.headers.get("Transfer-Encoding", "").lower() != "chunked":
        return request.rfile.read(int(request.headers.get("Content-Length") or 0))
    body = b""
    while size := int(request.rfile.readline().split(b";")[0], 16):
        body += request.rfile.read(size)
        request.rfile.readline()
    request.rfile.readline()
    return body


def _with_rights(context: bytes, mode: int) -> bytes:
    buffer = BytesIO()
    with (
        tarfile.open(fileobj=BytesIO(context)) as given,
        tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as changed,
    ):
        for member in given:
            if member.isfile() and member.name.startswith("repo/"):
                member.mode = mode
            changed.addfile(member, given.extractfile(member) if member.isfile() else None)
    return buffer.getvalue()


def _renamed(answer: bytes, version: str) -> bytes:
    said: dict[str, Any] = json.loads(answer)
    return json.dumps({**said, "Version": version}).encode()
