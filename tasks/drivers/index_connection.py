"""The connection to a package index: credentials to its own host only, retries, bounded bodies, errors in our words."""

from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from paper2run.errors import HostError

TIMEOUT_S: Final = (10, 60)
"""To connect; between two bytes."""
QUICK_TIMEOUT_S: Final = (4, 15)
NO_RETRIES: Final = Retry(total=0, raise_on_status=False)
RETRIES: Final = Retry(
    total=3, backoff_factor=0.5, status_forcelist=(429, 502, 503, 504), raise_on_status=False
)
BLOCK_BYTES: Final = 64 * 1024


class TooLargeError(Exception):
    """A body is larger than was asked for."""


class IndexConnection:
    """HTTP to one index. No error, address or cached value that leaves it holds the credentials."""

    def __init__(
        self, url: str, ca_bundle: Path | None, connections: int, *, quick: bool = False
    ) -> None:
        parts = urlsplit(url.rstrip("/"))
        self._host = parts.netloc.rpartition("@")[2]
        self._auth = (
            (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
        )
        self.url = urlunsplit(parts._replace(netloc=self._host))
        """Address of the index without credentials and without a slash at its end."""
        self._verify = str(ca_bundle) if ca_bundle else True
        self._timeout = QUICK_TIMEOUT_S if quick else TIMEOUT_S
        retries = NO_RETRIES if quick else RETRIES
        self._session = requests.Session()
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=retries, pool_maxsize=connections))

    @property
    def shown(self) -> str:
        """The index as it is named to people: host and path."""
        return self.url.partition("://")[2]

    def close(self) -> None:
        """Let go of all connections."""
        self._session.close()

    def get(
        self, url: str, headers: dict[str, str] | None = None, *, stream: bool = False
    ) -> requests.Response | None:
        """Return the answer to a GET, None for 404; HostError for any other failure or silence."""
        # Files often lie on another host, which must not see the password.
        auth = self._auth if urlsplit(url).netloc == self._host else None
        try:
            response = self._session.get(
                url,
                headers=headers,
                auth=auth,
                timeout=self._timeout,
                verify=self._verify,
                stream=stream,
            )
        except requests.RequestException as error:
            raise self._no_answer(error) from None
        if response.ok:
            return response
        response.close()
        if response.status_code == requests.codes.not_found:
            return None
        raise self._refused(response.status_code)

    def body(self, response: requests.Response, limit_bytes: int) -> bytes:
        """Return the body of a streamed answer; TooLargeError beyond `limit_bytes`, HostError if it breaks off."""
        body = bytearray()
        try:
            for block in response.iter_content(BLOCK_BYTES):
                body += block
                if len(body) > limit_bytes:
                    raise TooLargeError(f"more than {limit_bytes // 1024} kB")
        except requests.RequestException as error:
            raise self._no_answer(error) from None
        finally:
            response.close()
        return bytes(body)

    def _no_answer(self, error: requests.RequestException) -> HostError:
        return HostError(
            f"the package index {self.shown} does not answer ({type(error).__name__})",
            next_step="check the network, the proxy and PAPER2RUN_CA_BUNDLE, then try again",
            transient=True,
            trouble="index",
        )

    def _refused(self, status: int) -> HostError:
        denied = status in (requests.codes.unauthorized, requests.codes.forbidden)
        return HostError(
            f"the package index {self.shown} answered {status}",
            next_step="check the credentials in PAPER2RUN_INDEX_URL"
            if denied
            else "try again later",
            transient=not denied,
            trouble="index",
        )
