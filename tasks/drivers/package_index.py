"""The Python package index: which files a project has and what they declare. Metadata only, nothing runs.

Speaks the simple repository API (PEP 503, 691, 700, 658) through `pypi_simple`. A project that is not
there is an answer (None); an index that does not answer is the host's trouble.
"""

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final, TypeVar

import requests
from packaging.utils import canonicalize_name
from pydantic import TypeAdapter
from pypi_simple import (
    ACCEPT_ANY,
    PYPI_SIMPLE_ENDPOINT,
    DistributionPackage,
    ProjectPage,
    UnsupportedContentTypeError,
    UnsupportedRepoVersionError,
)

from paper2run.errors import HostError
from paper2run.package_metadata import DistributionMetadata, source_metadata, wheel_metadata
from paper2run.releases import IndexFile, Project, project_of
from paper2run.settings import Settings
from tasks.drivers.index_cache import IndexCache
from tasks.drivers.index_connection import IndexConnection, TooLargeError
from tasks.drivers.remote_archive import (
    MAX_ARCHIVE_BYTES,
    RemoteFile,
    UnreadableArchive,
    source_texts,
    wheel_members,
    wheel_metadata_text,
)

THREADS: Final = 8
PAGE_AGE_S: Final = 3600
"""How long a project page serves where today's releases are wanted."""
DATED_PAGE_AGE_S: Final = 30 * 24 * 3600
"""How long it serves for a day before it was fetched: the past changes only by deletion."""

Page = tuple[IndexFile, ...]
T = TypeVar("T")
U = TypeVar("U")


class PackageIndex:
    """One index, asked through a cache on disk and one in memory. Close it, or use it in a `with`."""

    def __init__(self, settings: Settings, cache_dir: Path, *, quick: bool = False) -> None:
        """Ask the settings' index; `quick` for one that can be done without: no waiting, no trying again."""
        self._connection = IndexConnection(
            settings.index_url or PYPI_SIMPLE_ENDPOINT, settings.ca_bundle, THREADS, quick=quick
        )
        self._pages: IndexCache[Page] = IndexCache(cache_dir / "pages", TypeAdapter(Page))
        self._metadata = IndexCache(cache_dir / "metadata", TypeAdapter(DistributionMetadata))
        self._projects: dict[str, Project | None] = {}
        self._declared: dict[str, DistributionMetadata] = {}
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="index")
        self.newest_cutoff: date | None = None
        """Latest day that will be asked for; None for today. Decides how old a kept page may be."""

    def __enter__(self) -> "PackageIndex":
        """Return itself."""
        return self

    def __exit__(self, *error: object) -> None:
        """Let go of threads and connections."""
        self._pool.shutdown(cancel_futures=True)
        self._connection.close()

    @property
    def shown(self) -> str:
        """Address of the index without credentials."""
        return self._connection.shown

    def project(self, name: str) -> Project | None:
        """Return the releases of `name`, None if the index has no such project; HostError if it does not answer."""
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
        """Return what `file` declares; with a note and no dependencies where it cannot be read."""
        if file.url not in self._declared:
            found = self._metadata.get(file.url)
            if found is None:
                found = self._read_metadata(file)
                self._metadata.put(file.url, found)
            self._declared[file.url] = found
        return self._declared[file.url]

    def members(self, file: IndexFile) -> tuple[str, ...]:
        """Return the names of all members of an archive; UnreadableArchive if it cannot be read."""
        if file.filename.endswith(".whl"):
            return wheel_members(self._remote(file))
        return tuple(source_texts(file.filename, self._whole(file))[0])

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
        """Return the files of a project; none where the index does not know it."""
        response = self._connection.get(url, {"Accept": ACCEPT_ANY})
        if response is None:
            return ()
        try:
            page = ProjectPage.from_response(response, name)
        except (UnsupportedContentTypeError, UnsupportedRepoVersionError, ValueError):
            raise HostError(
                f"{self.shown} does not answer as a Python package index, "
                f"but with {response.headers.get('Content-Type', 'no type')}",
                next_step="check the index address (PAPER2RUN_INDEX_URL)",
                trouble="index",
            ) from None
        return tuple(_index_file(package) for package in page.packages)

    def _read_metadata(self, file: IndexFile) -> DistributionMetadata:
        try:
            if not file.filename.endswith(".whl"):
                return source_metadata(*source_texts(file.filename, self._whole(file)))
            if file.has_metadata:
                response = self._connection.get(f"{file.url}.metadata")
                if response is not None:
                    return wheel_metadata(response.content.decode("utf-8", "replace"))
            return wheel_metadata(wheel_metadata_text(self._remote(file)))
        except UnreadableArchive as error:
            # A source that is too large to be read is hardly one without compiled code.
            return DistributionMetadata(
                compiled=not file.filename.endswith(".whl"),
                note=f"{file.filename}: {error}; assumed to need nothing",
            )

    def _remote(self, file: IndexFile) -> RemoteFile:
        size_bytes = file.size_bytes or self._size(file)

        def fetch(start: int, end: int) -> bytes:
            response = self._open(file, {"Range": f"bytes={start}-{end - 1}"})
            if response.status_code == requests.codes.partial_content:
                return self._body(response, end - start)
            return self._body(response, MAX_ARCHIVE_BYTES)[start:end]

        return RemoteFile(size_bytes, fetch)

    def _size(self, file: IndexFile) -> int:
        response = self._open(file, {"Accept-Encoding": "identity"})
        response.close()
        return int(response.headers.get("Content-Length", 0))

    def _whole(self, file: IndexFile) -> bytes:
        return self._body(self._open(file), MAX_ARCHIVE_BYTES)

    def _open(self, file: IndexFile, headers: dict[str, str] | None = None) -> requests.Response:
        response = self._connection.get(file.url, headers, stream=True)
        if response is None:
            raise UnreadableArchive("the index lists it and does not have it")
        return response

    def _body(self, response: requests.Response, limit_bytes: int) -> bytes:
        try:
            return self._connection.body(response, limit_bytes)
        except TooLargeError as error:
            raise UnreadableArchive(str(error)) from error


def _index_file(package: DistributionPackage) -> IndexFile:
    return IndexFile(
        filename=package.filename,
        url=package.url,
        size_bytes=package.size or 0,
        day=package.upload_time.date() if package.upload_time else None,
        requires_python=package.requires_python or "",
        yanked=package.is_yanked,
        has_metadata=bool(package.has_metadata),
    )
