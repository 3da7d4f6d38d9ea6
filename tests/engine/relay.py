"""Forwards connections on this machine until it is cut; it can also act as a proxy."""

import socket
import threading
from collections.abc import Callable
from typing import Self


class Relay:
    """Listens on `host` and connects every client with what `target` returns."""

    def __init__(
        self, host: str, target: Callable[[], socket.socket], *, is_proxy: bool = False
    ) -> None:
        self._target = target
        self._is_proxy = is_proxy
        self._listener = socket.create_server((host, 0))
        self._ends: list[socket.socket] = []
        self.port = int(self._listener.getsockname()[1])
        self.requests: list[bytes] = []
        """First line of what each client of a proxy asked for."""

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()
        for end in self._ends:
            end.close()

    def cut(self) -> None:
        """Break all connections and take no new ones."""
        if self._listener.fileno() != -1:
            # Closing alone leaves the thread that waits in `accept`, which takes one more client.
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
        for end in self._ends:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self._is_proxy:
                asked = b""
                # Some clients send each line alone, and nothing more before the answer.
                while not asked.endswith(b"\r\n\r\n") and (block := client.recv(65_536)):
                    asked += block
                self.requests.append(asked.split(b"\r\n")[0])
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            try:
                server = self._target()
            except OSError:
                # It is cut, and its listener takes one more client.
                client.close()
                continue
            self._ends += [client, server]
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=_pump, args=(source, sink), daemon=True).start()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while block := source.recv(65_536):
            sink.sendall(block)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        return
