"""Looks up Debian's Contents indexes: which package of an image's own release brings a file.

It installs and runs nothing. The indexes of a release are fetched once from the image's own mirror
and shared by all runs. Only lines that can answer a question are kept: reading all of them takes
about 7 s, searching the kept ones 0.1 s.
"""

import mmap
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import IO

from paper2run.errors import HostError
from paper2run.failures.debian_files import KEPT, Release, package_of, parts
from paper2run.failures.wanted_files import WantedFile
from paper2run.settings import Settings
from tasks.drivers.engine.debian_release import (
    CHECK_MIRROR,
    FETCH_S,
    download,
    kept_file,
    lines_of,
    release_of,
)
from tasks.drivers.engine.engine import Engine
from tasks.drivers.index.index_connection import IndexConnection
from tasks.drivers.index.site_proxies import SiteProxies


def packages_of(
    wanted: Iterable[WantedFile], engine: Engine, image: str, run_id: str, settings: Settings
) -> dict[WantedFile, str]:
    """Return the package that brings each file on `image`; an empty name for a header that none brings.

    Other files without a package are left out. Empty if the image is not Debian's. HostError if the engine or the
    mirror does not answer.
    """
    release = release_of(engine, image, run_id, settings)
    if release is None:
        return {}
    index = kept_index(release, settings)
    found = {file: (package_of(file, lines), lines) for file, lines in _search(index, wanted)}
    return {
        file: package
        for file, (package, lines) in found.items()
        if package or (file.kind == "header" and not lines)
    }


def files_with(part: str, release: Release, settings: Settings, most: int) -> tuple[str, ...]:
    """Return `path: section/package` of files that are named so, else of those whose path holds it.

    Only files that a build may miss are in it. HostError if the mirror does not answer.
    """
    with (
        kept_index(release, settings).open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text,
    ):
        named = tuple(islice(_lines(text, f"/{part} ".encode()), most))
        found = named or tuple(islice(_lines(text, part.encode()), most))
    lines = (line.decode("utf-8", "replace").rpartition(" ") for line in found)
    return tuple(dict.fromkeys(f"{path.rstrip()}: {packages}" for path, _, packages in lines))


def kept_index(release: Release, settings: Settings) -> Path:
    """Return the file that holds the release's lines, fetched if there is none or it is old.

    If it cannot be fetched, an old one is used; HostError without one.
    """
    return kept_file("files_with_cmake.txt", release, settings, _fetch)


def _fetch(release: Release, settings: Settings, file: IO[bytes]) -> None:
    connection = IndexConnection(
        release.mirror, settings.ca_bundle, connections=1, proxies=SiteProxies.of(settings)
    )
    deadline = time.monotonic() + FETCH_S
    try:
        for architecture in (release.architecture, "all"):
            url = f"{connection.url}/dists/{release.suite}/main/Contents-{architecture}.gz"
            # Releases before Debian 11 have no index for all architectures: theirs is in each.
            packed = download(connection, url, deadline)
            _keep(packed, url, file)
    finally:
        connection.close()
    if not file.tell():
        raise HostError(
            f"{connection.shown} has no Contents index of {release.suite}", hint=CHECK_MIRROR
        )


def _keep(packed: bytes, url: str, file: IO[bytes]) -> None:
    """Write the lines that can answer a question, each as `path packages`, with a slash before the path."""
    if not packed:
        return
    for lines in lines_of(packed, url):
        for line in filter(KEPT.match, lines):
            path, gap, packages = line.rstrip().rpartition(b" ")
            if gap:
                file.write(b"/%s %s\n" % (path.rstrip(), packages))


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
