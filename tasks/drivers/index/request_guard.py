"""Ends requests that take too long in total, or whose caller has given up.

The timeouts of `requests` hold between two bytes: one byte per second keeps a request alive. A guard shuts
the sockets from outside, so that the thread that reads from one wakes up at once.
"""

import os
import socket
import threading
from typing import Any, Final

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

_ASKING: Final = threading.local()
"""The guard of the request that this thread makes, as `guard`."""


class RequestGuard:
    """A time limit for all that the current thread sends and receives in a `with`."""

    def __init__(self, within_s: float) -> None:
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._cut = threading.Event()
        self._timer = threading.Timer(within_s, self.cut)
        self._timer.daemon = True

    def __enter__(self) -> "RequestGuard":
        """Start the clock."""
        _ASKING.guard = self
        self._timer.start()
        return self

    def __exit__(self, *error: object) -> None:
        """Stop the clock and release the sockets, which the connections keep."""
        self._timer.cancel()
        _ASKING.guard = None
        with self._lock:
            while self._sockets:
                self._sockets.pop().close()

    @property
    def is_cut(self) -> bool:
        """True once the time is over or `cut` was called: what was read is incomplete."""
        return self._cut.is_set()

    def cut(self) -> None:
        """End the request now, from any thread."""
        with self._lock:
            self._cut.set()
            for held in self._sockets:
                _shut(held)

    def pause(self, seconds: float) -> None:
        """Wait, at most until the request is cut."""
        self._cut.wait(seconds)

    def hold(self, descriptor: int) -> None:
        """Shut this socket too when the time is over."""
        # A handle of our own: TLS takes the socket over, and a response may outlive its connection.
        handle = socket.socket(fileno=os.dup(descriptor))
        with self._lock:
            self._sockets.append(handle)
            if self._cut.is_set():
                _shut(handle)


def _shut(held: socket.socket) -> None:
    try:
        held.shutdown(socket.SHUT_RDWR)
    except OSError:
        # The other end was faster.
        return


def _hold(descriptor: int) -> None:
    guard: RequestGuard | None = getattr(_ASKING, "guard", None)
    if guard is not None:
        guard.hold(descriptor)


class _GuardedConnection(HTTPConnection):
    """Shows its socket to the guard of the thread that uses it."""

    def _new_conn(self) -> socket.socket:
        # Before TLS begins: a handshake can be slow, too.
        opened = super()._new_conn()
        _hold(opened.fileno())
        return opened

    def request(self, *args: Any, **options: Any) -> None:
        if self.sock is not None:
            _hold(self.sock.fileno())
        super().request(*args, **options)


class _GuardedTlsConnection(_GuardedConnection, HTTPSConnection):
    """The same behind TLS."""


class _GuardedPool(HTTPConnectionPool):
    ConnectionCls = _GuardedConnection


class _GuardedTlsPool(HTTPSConnectionPool):
    ConnectionCls = _GuardedTlsConnection


POOLS: Final = {"http": _GuardedPool, "https": _GuardedTlsPool}


class GuardedAdapter(HTTPAdapter):
    """The transport of a session whose requests a `RequestGuard` can end; a SOCKS proxy's are not ended."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Make the pools of guarded connections."""
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """Return the pools behind a proxy, guarded as well."""
        manager = super().proxy_manager_for(proxy, **options)
        if not proxy.lower().startswith("socks"):
            manager.pool_classes_by_scheme = POOLS
        return manager
