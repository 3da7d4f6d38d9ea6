"""The Debian release of an image, and files made of its mirror's lists, shared by all runs."""

import gzip
import io
import os
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Final

from paper2run.errors import HostError
from paper2run.failures.debian_files import Release, read_release
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
MAX_LIST_BYTES: Final = 128 * 1024**2
"""Compressed size of one list; Debian 12's largest are 34 MB (files of all architectures) and 12 MB (packages)."""
FETCH_S: Final = 300
"""For all lists that one file is made of."""
BLOCK_BYTES: Final = 1024**2
"""Of a list's text: a call for each of its seven million lines takes twice as long as all the rest."""
MAX_LINE_BYTES: Final = 64 * 1024
MAX_AGE_S: Final = 30 * 24 * 3600
"""Of a kept file: a stable release changes every two months, and then little."""
CHECK_MIRROR: Final = (
    "check that this machine reaches the mirror; the run goes on without its index"
)


def release_of(engine: Engine, image: str, run_id: str, settings: Settings) -> Release | None:
    """Return the release that an image installs from; None if it is not Debian's."""
    shown = containers.run(
        engine,
        image,
        SHOW_RELEASE,
        limits=containers.Limits.of(settings),
        run_id=run_id,
        home=settings.home,
        timeout_s=SHOW_TIMEOUT_S,
    )
    return read_release(shown.log.stdout)


def kept_file(
    name: str,
    release: Release,
    settings: Settings,
    write: Callable[[Release, Settings, IO[bytes]], None],
) -> Path:
    """Return the release's file of this name; `write` makes it if there is none or it is old.

    If that fails, an old one is used; HostError without one.
    """
    path = settings.home / "debian" / f"{release.suite}-{release.architecture}" / name
    if path.exists() and path.stat().st_mtime > time.time() - MAX_AGE_S:
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, new = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            write(release, settings, file)
        Path(new).replace(path)
    except HostError:
        if not path.exists():
            raise
    finally:
        Path(new).unlink(missing_ok=True)
    return path


def download(connection: IndexConnection, url: str, deadline: float) -> bytes:
    """Return the body at `url`; empty if there is none. HostError if it does not come before the deadline."""
    left_s = deadline - time.monotonic()
    if left_s <= 0:
        raise HostError(
            f"{url} was not fetched within {FETCH_S} s",
            hint=CHECK_MIRROR,
            transient=True,
            trouble="network",
        )
    try:
        answer = connection.ask(url, limit_bytes=MAX_LIST_BYTES, within_s=left_s)
    except (TooLargeError, BadAddressError) as error:
        raise HostError(f"{url} cannot be fetched: {error}", hint=CHECK_MIRROR) from None
    return answer.body if answer else b""


def lines_of(packed: bytes, url: str) -> Iterator[list[bytes]]:
    """Yield the lines of a list packed by gzip, in order, many at a time; too long ones are cut.

    HostError if what `url` brought is damaged.
    """
    try:
        with gzip.open(io.BytesIO(packed)) as text:
            begun = b""
            while block := text.read(BLOCK_BYTES):
                lines = (begun + block).split(b"\n")
                begun = lines.pop()[:MAX_LINE_BYTES]
                yield lines
            yield [begun]
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise HostError(
            f"{url} cannot be read: {error}", hint=CHECK_MIRROR, transient=True, trouble="network"
        ) from error
