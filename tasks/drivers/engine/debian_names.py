"""Which packages the Debian release of an image has, by its mirror's own list."""

import re
import time
from collections.abc import Iterable
from typing import IO, Final

from paper2run.errors import HostError
from paper2run.failures.debian_files import Release
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

NAMED: Final = re.compile(rb"^(?:Package|Provides): (.+)$")
ALTERNATIVE: Final = re.compile(rb"\s*\([^)]*\)")
"""The version of a name that a package provides."""


def there(
    names: Iterable[str], engine: Engine, image: str, run_id: str, settings: Settings
) -> frozenset[str]:
    """Return the names that apt can install on `image`; none if the image is not Debian's.

    HostError if the engine or the mirror does not answer.
    """
    release = release_of(engine, image, run_id, settings)
    if release is None:
        return frozenset()
    return frozenset(names) & _known(release, settings)


def names_with(part: str, release: Release, settings: Settings) -> tuple[str, ...]:
    """Return the names that hold a part, the one that is it first, then those that begin with it.

    HostError if the mirror does not answer.
    """
    found = (name for name in _known(release, settings) if part in name)
    return tuple(
        sorted(found, key=lambda name: (name != part, not name.startswith(part), len(name), name))
    )


def _known(release: Release, settings: Settings) -> set[str]:
    return set(kept_file("names.txt", release, settings, _fetch).read_text("ascii").split())


def _fetch(release: Release, settings: Settings, file: IO[bytes]) -> None:
    connection = IndexConnection(
        release.mirror, settings.ca_bundle, connections=1, proxies=SiteProxies.of(settings)
    )
    url = f"{connection.url}/dists/{release.suite}/main/binary-{release.architecture}/Packages.gz"
    try:
        packed = download(connection, url, time.monotonic() + FETCH_S)
    finally:
        connection.close()
    if not packed:
        raise HostError(
            f"{connection.shown} has no list of {release.suite}'s packages", hint=CHECK_MIRROR
        )
    for lines in lines_of(packed, url):
        for match in filter(None, map(NAMED.match, lines)):
            names = ALTERNATIVE.sub(b"", match[1]).split(b",")
            file.writelines(name.strip() + b"\n" for name in names)
