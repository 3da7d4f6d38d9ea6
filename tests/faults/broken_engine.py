"""Stands in for the engine's socket: passes requests to the real engine, and breaks chosen ones.

Every answer carries `Connection: close`, so that each request needs a new connection.
"""

import json
import os
import re
import shutil
import socket
import tempfile
import threading
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Final, Self

BLOCK_BYTES: Final = 65_536
REAL: Final = "/var/run/docker.sock"

Break = Callable[["Exchange"], bool]
"""What to do about a request: True where it was dealt with, False where it shall be handed on."""


class Exchange:
    """One request that has arrived, with as much of its body as has come."""

    def __init__(self, client: socket.socket, start: bytes) -> None:
        self.client = client
        self._start = start
        self.line = start.partition(b"\r\n")[0].decode()
        """`POST /v1.41/build?… HTTP/1.1`"""

    def answer(self, status: int, body: bytes) -> None:
        """Send an answer of our own when the request has been sent whole."""
        body_so_far = self._start.partition(b"\r\n\r\n")[2]
        if b"chunked" in self._start.partition(b"\r\n\r\n")[0]:
            while not body_so_far.endswith(b"0\r\n\r\n"):
                body_so_far = body_so_far[-8:] + self.client.recv(BLOCK_BYTES)
        head = (
            f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        self.client.sendall(head.encode() + body)

    def hand_on(self, cut_after: int = 0) -> None:
        """Let the real engine answer; break the connection after `cut_after` bytes of its answer, if given."""
        head, gap, body = self._start.partition(b"\r\n\r\n")
        with socket.socket(socket.AF_UNIX) as engine:
            engine.connect(REAL)
            engine.sendall(head + b"\r\nConnection: close" + gap + body)
            threading.Thread(target=_pump, args=(self.client, engine), daemon=True).start()
            _pump(engine, self.client, cut_after)


class BrokenEngine:
    """Listens on a socket of its own; `broken` says what becomes of each request."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="p2r-"))
        self.address = f"unix://{self._folder}/engine.sock"
        """What DOCKER_HOST is to be."""
        self.broken: Break = whole
        self.requests: list[str] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self._folder / "engine.sock"))
        self._listener.listen(64)

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        shutil.rmtree(self._folder)

    def builds(self) -> int:
        """Return how many builds were asked for."""
        return sum(is_build(line) for line in self.requests)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client:
            start = b""
            while b"\r\n\r\n" not in start:
                block = client.recv(BLOCK_BYTES)
                if not block:
                    return
                start += block
            exchange = Exchange(client, start)
            self.requests.append(exchange.line)
            try:
                if not self.broken(exchange):
                    exchange.hand_on()
            except OSError:
                # The client has gone, or we have broken the connection under it.
                return


def is_build(line: str) -> bool:
    """Whether the request asks for a build."""
    return re.match(r"POST \S*/build\?", line) is not None


def whole(_: Exchange) -> bool:
    """Break nothing."""
    return False


def gone(_: Exchange) -> bool:
    """Close every connection without a word, as a proxy does whose engine is gone."""
    return True


def on(pattern: str, do: Callable[[Exchange], object]) -> Break:
    """Return what does something about requests that match, and nothing about others."""

    def breaks(exchange: Exchange) -> bool:
        if re.search(pattern, exchange.line) is None:
            return False
        do(exchange)
        return True

    return breaks


def without_bridge(exchange: Exchange) -> bool:
    """Answer builds as Docker 20.10 does whose bridge is gone."""
    if not is_build(exchange.line):
        return False
    exchange.answer(200, transcript("network bridge not found"))
    return True


def transcript(trouble: str) -> bytes:
    """Return what BuildKit says of a build whose RUN step ends by the engine's trouble, in its own form."""
    error = f"executor failed running [/bin/sh -c pip install --no-compile .]: {trouble}"
    vertex = (
        _field(1, b"sha256:1") + _field(3, b"[4/5] RUN pip install --no-compile .")
        + _field(5, b"") + _field(6, b"") + _field(7, error.encode())
    )  # fmt: skip
    items = (
        {"id": "moby.buildkit.trace", "aux": b64encode(_field(1, vertex)).decode()},
        {"errorDetail": {"message": error}, "error": error},
    )
    return b"".join(json.dumps(item).encode() + b"\r\n" for item in items)


def _field(number: int, value: bytes) -> bytes:
    """Return a protobuf field of bytes."""
    return bytes([number << 3 | 2]) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    return bytes([value]) if value < 0x80 else bytes([value & 0x7F | 0x80]) + _varint(value >> 7)


def _pump(source: socket.socket, sink: socket.socket, cut_after: int = 0) -> None:
    left = cut_after
    try:
        while block := source.recv(min(BLOCK_BYTES, left) if cut_after else BLOCK_BYTES):
            sink.sendall(block)
            left -= len(block)
            if cut_after and left <= 0:
                break
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        return


def real_engine_is_local() -> bool:
    """Whether the engine of these tests listens where the stand-in looks for it."""
    return Path(REAL).is_socket() and not os.environ.get("DOCKER_HOST")
