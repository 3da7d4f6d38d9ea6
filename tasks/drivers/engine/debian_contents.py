"""Looks up Debian's Contents indexes: which package of an image's own release brings a file.

It installs and runs nothing. The indexes of a release are fetched once from the image's own mirror
and shared by all runs. Only lines that can answer a question are kept: reading all of them takes
about 15 s, searching the kept ones 0.1 s.
"""

import gzip
import io
import mmap
import os
import tempfile
import time
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Final

from paper2run.errors import HostError
from paper2run.failures.debian_files import KEPT, Release, package_of, parts, read_release
from paper2run.failures.wanted_files import WantedFile
from paper2run.settings import Settings
from tasks.drivers.engine import containers
from tasks.drivers.engine.engine import Engine
from tasks.drivers.index.index_connection import BadAddressError, IndexConnection, TooLargeError

SHOW_RELEASE: Final = (
    "for file in /etc/apt/sources.list /etc/apt/sources.list.d/*;"
    ' do if [ -f "$file" ]; then cat "$file"; echo; fi; done;'
    ' echo "architecture $(dpkg --print-architecture)"'
)
SHOW_TIMEOUT_S: Final = 60
MAX_INDEX_BYTES: Final = 128 * 1024**2
"""Compressed size of one index; Debian 12's are 12 MB (amd64) and 34 MB (all)."""
MAX_LINE_BYTES: Final = 64 * 1024
FETCH_S: Final = 300
"""For both indexes of a release."""
MAX_AGE_S: Final = 30 * 24 * 3600
"""Of a kept index: a stable release changes every two months, and then little."""
CHECK_MIRROR: Final = (
    "check that this machine reaches the mirror; the run goes on without its index"
)


def packages_of(
    wanted: Iterable[WantedFile], engine: Engine, image: str, run_id: str, settings: Settings
) -> dict[WantedFile, str]:
    """Return the package that brings each file on `image`; files without a package are left out.

    Empty if the image is not Debian's. HostError if the engine or the mirror does not answer.
    """
    shown = containers.run(
        engine,
        image,
        SHOW_RELEASE,
        limits=containers.Limits.of(settings),
        run_id=run_id,
        home=settings.home,
        timeout_s=SHOW_TIMEOUT_S,
    )
    release = read_release(shown.log.stdout)
    if release is None:
        return {}
    index = kept_index(release, settings)
    found = {file: package_of(file, lines) for file, lines in _search(index, wanted)}
    return {file: package for file, package in found.items() if package}


def kept_index(release: Release, settings: Settings) -> Path:
    """Return the file that holds the release's lines, fetched if there is none or it is old.

    If it cannot be fetched, an old one is used; HostError without one.
    """
    path = settings.home / "debian" / f"{release.suite}-{release.architecture}" / "files.txt"
    if path.exists() and path.stat().st_mtime > time.time() - MAX_AGE_S:
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            _fetch(release, settings, file)
        Path(name).replace(path)
    except HostError:
        if not path.exists():
            raise
    finally:
        Path(name).unlink(missing_ok=True)
    return path


def _fetch(release: Release, settings: Settings, file: IO[bytes]) -> None:
    connection = IndexConnection(release.mirror, settings.ca_bundle, connections=1)
    deadline = time.monotonic() + FETCH_S
    try:
        for architecture in (release.architecture, "all"):
            url = f"{connection.url}/dists/{release.suite}/main/Contents-{architecture}.gz"
            # Releases before Debian 11 have no index for all architectures: theirs is in each.
            packed = _download(connection, url, deadline)
            _keep(packed, url, file)
    finally:
        connection.close()
    if not file.tell():
        raise HostError(
            f"{connection.shown} has no Contents index of {release.suite}", hint=CHECK_MIRROR
        )


def _download(connection: IndexConnection, url: str, deadline: float) -> bytes:
    left_s = deadline - time.monotonic()
    if left_s <= 0:
        raise HostError(
            f"{url} was not fetched within {FETCH_S} s",
            hint=CHECK_MIRROR,
            transient=True,
            trouble="network",
        )
    try:
        answer = connection.ask(url, limit_bytes=MAX_INDEX_BYTES, within_s=left_s)
    except (TooLargeError, BadAddressError) as error:
        raise HostError(f"{url} cannot be fetched: {error}", hint=CHECK_MIRROR) from None
    return answer.body if answer else b""


def _keep(packed: bytes, url: str, file: IO[bytes]) -> None:
    """Write the lines that can answer a question, each as `path packages`, with a slash before the path."""
    if not packed:
        return
    try:
        with gzip.open(io.BytesIO(packed)) as lines:
            for line in iter(lambda: lines.readline(MAX_LINE_BYTES), b""):
                if KEPT.match(line):
                    path, packages = line.rsplit(None, 1)
                    file.write(b"/%s %s\n" % (path, packages))
    except (gzip.BadGzipFile, EOFError, zlib.error, ValueError) as error:
        raise HostError(
            f"{url} cannot be read: {error}", hint=CHECK_MIRROR, transient=True, trouble="network"
        ) from error


def _search(
    index: Path, wanted: Iterable[WantedFile]
) -> Iterator[tuple[WantedFile, tuple[str, ...]]]:
    """Yield each file with the index's lines that may bring it, without the first slash."""
    with (
        index.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text,
    ):
        for one in wanted:
            lines = [line for part in parts(one) for line in _lines(text, part.encode())]
            yield one, tuple(line.decode("utf-8", "replace") for line in lines)


def _lines(text: mmap.mmap, part: bytes) -> Iterator[bytes]:
    at = text.find(part)
    while at >= 0:
        start, end = text.rfind(b"\n", 0, at) + 1, text.find(b"\n", at)
        yield text[start + 1 : end]
        at = text.find(part, end)
