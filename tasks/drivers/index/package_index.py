"""The Python package index: which files a project has and what they declare; metadata only.

It speaks the simple repository API (PEP 503, 691, 700, 658) through `pypi_simple` and runs no code.
A missing project is an answer (None); an index that does not answer is a host error.
"""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final, TypeVar

import requests
from packaging.utils import canonicalize_name
from pydantic import TypeAdapter
from pypi_simple import ACCEPT_ANY, PYPI_SIMPLE_ENDPOINT

from paper2run.errors import HostError
from paper2run.index.archive_names import has_name
from paper2run.index.package_metadata import DistributionMetadata, source_metadata, wheel_metadata
from paper2run.index.releases import IndexFile, Project, project_of
from paper2run.settings import Settings
from tasks.drivers.index.index_cache import IndexCache
from tasks.drivers.index.index_connection import (
    Answer,
    BadAddressError,
    IndexConnection,
    TooLargeError,
)
from tasks.drivers.index.index_page import MAX_PAGE_BYTES, NoIndexPageError, read_page
from tasks.drivers.index.remote_archive import (
    MAX_ARCHIVE_BYTES,
    MAX_READ_BYTES,
    MAX_TEXT_BYTES,
    RemoteFile,
    UnreadableArchive,
    source_contents,
    source_texts,
    wheel_contents,
    wheel_members,
    wheel_metadata_text,
)
from tasks.drivers.index.site_proxies import SiteProxies

THREADS: Final = 8
PAGE_AGE_S: Final = 3600
"""How long a project page is fresh if today's releases are wanted."""
DATED_PAGE_AGE_S: Final = 30 * 24 * 3600
"""How long it is fresh for a day before it was fetched: the past changes only by deletion."""

Page = tuple[IndexFile, ...]
T = TypeVar("T")
U = TypeVar("U")


class OutOfTimeError(HostError):
    """What was asked of the index took longer than its asker waits."""


class PackageIndex:
    """One index, asked through a cache on disk and one in memory. Close it, or use it in a `with`."""

    def __init__(
        self,
        settings: Settings,
        cache_dir: Path,
        *,
        quick: bool = False,
        within_s: float | None = None,
    ) -> None:
        """Ask the settings' index; `quick` for an optional one: no waiting, no retries.

        `within_s` seconds from now nothing more is asked.
        """
        self._ends_at = None if within_s is None else time.monotonic() + within_s
        self._connection = IndexConnection(
            settings.index_url or PYPI_SIMPLE_ENDPOINT,
            settings.ca_bundle,
            THREADS,
            proxies=SiteProxies.of(settings),
            quick=quick,
        )
        self._pages: IndexCache[Page] = IndexCache(cache_dir / "project-pages", TypeAdapter(Page))
        self._metadata = IndexCache(cache_dir / "metadata", TypeAdapter(DistributionMetadata))
        self._projects: dict[str, Project | None] = {}
        self._declared: dict[str, DistributionMetadata] = {}
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="index")
        # A page takes up to thirty times its size while it is read: one at a time.
        self._reading = threading.Lock()
        self.newest_cutoff: date | None = None
        """Latest day that will be asked for; None for today. Decides how old a kept page may be."""

    def __enter__(self) -> "PackageIndex":
        """Return itself."""
        return self

    def __exit__(self, *error: object) -> None:
        """Cancel open requests and release threads and connections, without waiting."""
        self._connection.close()
        self._pool.shutdown(wait=False, cancel_futures=True)

    @property
    def shown(self) -> str:
        """Address of the index without credentials."""
        return self._connection.shown

    def project(self, name: str) -> Project | None:
        """Return the releases of `name`; None if the index has no such project.

        HostError if the index does not answer.
        """
        self.need_time()
        name = canonicalize_name(name)
        if name not in self._projects:
            key = f"{self._connection.url}/{name}/"
            page = self._kept_page(key)
            if page is None:
                page = self._fetch_page(key, name)
                self._pages.put(key, page)
            self._projects[name] = project_of(name, page) if page else None
        return self._projects[name]

    def metadata(self, file: IndexFile) -> DistributionMetadata:
        """Return what `file` declares; if it is unreadable, a note and no dependencies."""
        self.need_time()
        if file.url not in self._declared:
            found = self._metadata.get(file.url)
            if found is None:
                found = self._read_metadata(file)
                self._metadata.put(file.url, found)
            self._declared[file.url] = found
        return self._declared[file.url]

    def need_time(self) -> None:
        """OutOfTimeError if the asker waits no longer."""
        if self._ends_at is not None and time.monotonic() > self._ends_at:
            raise OutOfTimeError("no time is left to ask the package index", hint="ask for less")

    def members(self, file: IndexFile) -> tuple[str, ...]:
        """Return the names of all members of an archive; UnreadableArchive if it cannot be read."""
        if file.filename.endswith(".whl"):
            return wheel_members(self._remote(file))
        return tuple(source_texts(file.filename, self._whole(file))[0])

    def has_name(self, file: IndexFile, dotted: str) -> bool:
        """Return whether an archive has a module or name; UnreadableArchive if it cannot be read."""
        if file.filename.endswith(".whl"):
            remote = self._remote(file)
            return has_name(
                wheel_members(remote), dotted, lambda wanted: wheel_contents(remote, wanted)
            )
        data = self._whole(file)
        listed = source_texts(file.filename, data)[0]
        return has_name(listed, dotted, lambda wanted: source_contents(file.filename, data, wanted))

    def in_parallel(self, ask: Callable[[T], U], questions: Iterable[T]) -> list[U]:
        """Return the answers of `ask`, which may use this index, to all `questions`, in their order."""
        return list(self._pool.map(ask, questions))

    def _kept_page(self, key: str) -> Page | None:
        now = time.time()
        kept = self._pages.get(key, newer_than=now - PAGE_AGE_S)
        if kept is None and self.newest_cutoff is not None:
            end_of_day = datetime.combine(self.newest_cutoff, datetime.max.time(), UTC).timestamp()
            kept = self._pages.get(key, newer_than=max(end_of_day, now - DATED_PAGE_AGE_S))
        return kept

    def _fetch_page(self, url: str, name: str) -> Page:
        """Return the files of a project; none if the index does not know it."""
        accept = {"Accept": ACCEPT_ANY, "Accept-Encoding": "gzip"}
        try:
            answer = self._connection.ask(url, accept, limit_bytes=MAX_PAGE_BYTES)
            if answer is None:
                return ()
            with self._reading:
                return read_page(answer.headers.get("Content-Type", ""), answer.body, answer.url)
        except (NoIndexPageError, TooLargeError, BadAddressError) as error:
            raise HostError(
                f"{self.shown} does not answer as a Python package index, but {_words(error)}, for {name}",
                hint="check the index address (PAPER2RUN_INDEX_URL)",
                trouble="index",
            ) from None

    def _read_metadata(self, file: IndexFile) -> DistributionMetadata:
        try:
            if not file.filename.endswith(".whl"):
                return source_metadata(*source_texts(file.filename, self._whole(file)))
            if file.has_metadata:
                text = self._file(f"{file.url}.metadata", limit_bytes=MAX_TEXT_BYTES)
                if text is not None:
                    return wheel_metadata(text.body.decode("utf-8", "replace"))
            return wheel_metadata(wheel_metadata_text(self._remote(file)))
        except UnreadableArchive as error:
            # A source too large to be read very likely contains compiled code.
            return DistributionMetadata(
                compiled=not file.filename.endswith(".whl"),
                note=f"{file.filename}: {error}; assumed to need nothing",
            )

    def _remote(self, file: IndexFile) -> RemoteFile:
        size_bytes = file.size_bytes or self._size(file)
        whole: list[bytes] = []

        def fetch(start: int, end: int) -> bytes:
            if whole:
                return whole[0][start:end]
            # A server without ranges sends all of it.
            limit_bytes = max(MAX_READ_BYTES, min(size_bytes, MAX_ARCHIVE_BYTES))
            headers = {"Range": f"bytes={start}-{end - 1}"}
            answer = self._there(file, headers, limit_bytes=limit_bytes)
            if answer.status == requests.codes.partial_content:
                return answer.body[: end - start]
            whole.append(answer.body)
            return answer.body[start:end]

        return RemoteFile(size_bytes, fetch)

    def _size(self, file: IndexFile) -> int:
        length = self._there(file, limit_bytes=0).headers.get("Content-Length", "")
        return int(length) if length.isdecimal() and len(length) < 20 else 0

    def _whole(self, file: IndexFile) -> bytes:
        return self._there(file, limit_bytes=MAX_ARCHIVE_BYTES).body

    def _there(
        self, file: IndexFile, headers: Mapping[str, str] | None = None, *, limit_bytes: int
    ) -> Answer:
        answer = self._file(file.url, headers, limit_bytes=limit_bytes)
        if answer is None:
            raise UnreadableArchive("the index lists it and does not have it")
        return answer

    def _file(
        self, url: str, headers: Mapping[str, str] | None = None, *, limit_bytes: int
    ) -> Answer | None:
        try:
            return self._connection.ask(url, headers, limit_bytes=limit_bytes)
        except (TooLargeError, BadAddressError) as error:
            raise UnreadableArchive(str(error)) from error


def _words(error: NoIndexPageError | TooLargeError | BadAddressError) -> str:
    match error:
        case TooLargeError():
            return f"with {error}"
        case BadAddressError():
            return f"with a link to {error}"
        case NoIndexPageError():
            return str(error)
