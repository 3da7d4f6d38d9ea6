"""Connects to a package index: credentials for its own host only, retries, limits, our own errors."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

import requests
from urllib3.exceptions import HTTPError

from paper2run.errors import HostError, Paper2RunError, Trouble, UserError
from tasks.drivers.host.unpacking import Unpacked, UnpackingError
from tasks.drivers.index.request_guard import GuardedAdapter, RequestGuard
from tasks.drivers.index.site_proxies import SiteProxies

TIMEOUT_S: Final = (10, 60)
"""To connect; between two bytes."""
QUICK_TIMEOUT_S: Final = (4, 15)
WHOLE_S: Final = 300.0
"""For one request with its retries: the largest archive that is fetched, at 220 kB/s."""
QUICK_WHOLE_S: Final = 30.0
PAUSES_S: Final = (0.0, 1.0, 2.0)
"""Before each further try."""
MAX_PAUSE_S: Final = 30.0
"""The longest wait that a busy server may ask for."""
BUSY: Final = (429, 502, 503, 504)
LATER: Final = (408, 425, 429)
"""Refusals that a later request may not meet."""
SERVER_ERRORS: Final = 500
MAX_REDIRECTS: Final = 10
BLOCK_BYTES: Final = 64 * 1024
SCHEMES: Final = ("http", "https")
NO_PROXIES: Final = SiteProxies()
FAILURES: Final = (requests.RequestException, HTTPError, OSError)
"""What `requests` and what urllib3 below it raise; reading a body ourselves meets both."""


class TooLargeError(Exception):
    """A body is larger than was asked for."""


class BadAddressError(Exception):
    """The index leads to an address that is not HTTP."""


@dataclass(frozen=True)
class Answer:
    """What the index said to one request."""

    status: int
    url: str
    """Where it came from, after redirects."""
    headers: Mapping[str, str]
    body: bytes


class _Session(requests.Session):
    """A session that leaves redirects to us: the library reads the whole body of one, however long."""

    def resolve_redirects(self, *args: Any, **options: Any) -> Iterator[requests.Response]:
        """Return nothing."""
        return iter(())


class IndexConnection:
    """HTTP to one index. No error, address or cached value that leaves it holds the credentials."""

    def __init__(
        self,
        url: str,
        ca_bundle: Path | None,
        connections: int,
        *,
        proxies: SiteProxies = NO_PROXIES,
        quick: bool = False,
        called: str = "",
    ) -> None:
        """Speak to the host of `url`; errors name it `called`, by default the package index."""
        self._proxies = proxies
        parts = urlsplit(url.rstrip("/"))
        self._host = parts.netloc.rpartition("@")[2]
        self._auth = (
            (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
        )
        self.url = urlunsplit(parts._replace(netloc=self._host))
        """Address of the index without credentials and without a slash at its end."""
        self._called = called
        self._verify = str(ca_bundle) if ca_bundle else True
        self._timeout = QUICK_TIMEOUT_S if quick else TIMEOUT_S
        self._whole_s = QUICK_WHOLE_S if quick else WHOLE_S
        self._pauses_s = () if quick else PAUSES_S
        self._lock = threading.Lock()
        self._is_closed = False
        self._guards: set[RequestGuard] = set()
        self._session = _Session()
        for scheme in SCHEMES:
            self._session.mount(f"{scheme}://", GuardedAdapter(pool_maxsize=connections))

    @property
    def shown(self) -> str:
        """The index as it is named to people: host and path."""
        return self.url.partition("://")[2]

    @property
    def _what(self) -> str:
        return self._called or f"the package index {self.shown}"

    @property
    def _trouble(self) -> Trouble:
        return "network" if self._called else "index"

    def close(self) -> None:
        """End the requests of all threads and close all connections."""
        with self._lock:
            self._is_closed = True
            guards = tuple(self._guards)
        for guard in guards:
            guard.cut()
        self._session.close()

    def ask(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        *,
        limit_bytes: int,
        within_s: float | None = None,
        post: bool = False,
    ) -> Answer | None:
        """Return the whole answer to a GET, or to an empty POST; None for 404.

        HostError for any other failure and for an answer that is late or too slow. TooLargeError if
        the unpacked body has more than `limit_bytes`; a limit of 0 asks for the headers alone.
        BadAddressError if `url`, or what it redirects to, is not an HTTP address.
        """
        seconds = within_s or self._whole_s
        with self._guarded(seconds) as guard:
            for pause_s in (*self._pauses_s, None):
                try:
                    answer = self._once(url, {**PLAIN, **(headers or {})}, limit_bytes, post=post)
                except FAILURES as error:
                    if pause_s is None and not guard.is_cut:
                        raise self._no_answer(error) from None
                else:
                    is_last = pause_s is None or answer.status not in BUSY
                    if is_last and not guard.is_cut:
                        return self._judged(answer)
                    pause_s = max(pause_s or 0.0, _asked_pause(answer))
                guard.pause(pause_s or 0.0)
                if guard.is_cut:
                    break
        raise self._too_slow(seconds)

    @contextmanager
    def _guarded(self, seconds: float) -> Iterator[RequestGuard]:
        with RequestGuard(seconds) as guard:
            with self._lock:
                self._guards.add(guard)
                if self._is_closed:
                    guard.cut()
            try:
                yield guard
            finally:
                with self._lock:
                    self._guards.discard(guard)

    def _once(
        self, url: str, headers: Mapping[str, str], limit_bytes: int, *, post: bool
    ) -> Answer:
        for _ in range(MAX_REDIRECTS):
            # Files often lie on another host, which must not see the password.
            auth = self._auth if _host_of(url) == self._host else None
            response = self._session.request(
                "POST" if post else "GET",
                url,
                headers=dict(headers),
                auth=auth,
                timeout=self._timeout,
                verify=self._verify,
                proxies=self._proxies.requested(url),
                stream=True,
            )
            try:
                target = self._session.get_redirect_target(response)
                if target is None:
                    body = _body(response, limit_bytes) if response.ok and limit_bytes else b""
                    return Answer(response.status_code, url, response.headers, body)
                url = _joined(url, target)
            finally:
                response.close()
        raise requests.TooManyRedirects

    def _judged(self, answer: Answer) -> Answer | None:
        if answer.status == requests.codes.not_found:
            return None
        if answer.status >= requests.codes.bad_request:
            raise self._refused(answer.status)
        return answer

    def _no_answer(self, error: Exception) -> HostError:
        return HostError(
            f"{self._what} does not answer ({type(error).__name__})",
            hint="check the network, the proxy and PAPER2RUN_CA_BUNDLE, then try again",
            transient=True,
            trouble=self._trouble,
        )

    def _too_slow(self, seconds: float) -> HostError:
        return HostError(
            f"{self._what} did not finish an answer within {seconds:.0f} s",
            hint=f"try again later{'' if self._called else ', or name a faster index (PAPER2RUN_INDEX_URL)'}",
            transient=True,
            trouble=self._trouble,
        )

    def _refused(self, status: int) -> Paper2RunError:
        if self._called and status < SERVER_ERRORS and status not in LATER:
            return UserError(
                f"{self._called} answered {status}",
                hint="look at the address in a browser, download what it leads to, and give the file",
            )
        denied = status in (requests.codes.unauthorized, requests.codes.forbidden)
        return HostError(
            f"{self._what} answered {status}",
            hint="check the credentials in PAPER2RUN_INDEX_URL" if denied else "try again later",
            transient=not denied,
            trouble=self._trouble,
        )


PLAIN: Final = {"Accept-Encoding": "identity"}
"""Archives are compressed already; pages ask for gzip, the one encoding that `_body` unpacks."""


def _body(response: requests.Response, limit_bytes: int) -> bytes:
    """Return the whole body, unpacked. TooLargeError beyond the limit."""
    body = bytearray()
    # Not `iter_content`: it unpacks before we can count.
    while block := response.raw.read(BLOCK_BYTES, decode_content=False):
        body += block
        if len(body) > limit_bytes:
            raise TooLargeError(f"more than {limit_bytes // 1024} kB")
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding in ("", "identity"):
        return bytes(body)
    if encoding not in ("gzip", "x-gzip"):
        raise requests.exceptions.ContentDecodingError(f"encoding {encoding[:20]!r}")
    try:
        return Unpacked(bytes(body), limit_bytes).read(limit_bytes + 1)
    except UnpackingError as error:
        raise TooLargeError(str(error)) from error


def _host_of(url: str) -> str:
    """Return host and port; BadAddressError if `url` is not an HTTP address."""
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise BadAddressError("no address") from error
    if parts.scheme not in SCHEMES or not parts.netloc:
        raise BadAddressError(f"an address of {parts.scheme[:20] or 'no kind'}, not of HTTP")
    return parts.netloc


def _joined(url: str, target: str) -> str:
    try:
        return urljoin(url, target)
    except ValueError as error:
        raise BadAddressError("no address") from error


def _asked_pause(answer: Answer) -> float:
    """Return the seconds that a busy server asks for, bounded; 0 where it names a date or nothing."""
    words = answer.headers.get("Retry-After", "").strip()
    return min(float(words), MAX_PAUSE_S) if words.isdecimal() and len(words) < 10 else 0.0
