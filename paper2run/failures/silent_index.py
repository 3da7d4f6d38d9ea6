"""Tells from a build's log whether the package index did not answer: a network fault of the site.

Reads pip: its last `Retrying (Retry(total=0, …)` for a page or file of the index, and its last line
for a download, `HTTPSConnectionPool(host='…', port=443): Max retries exceeded with url: …` or `Read
timed out.`
"""

import re
from collections.abc import Collection, Sequence
from typing import Final
from urllib.parse import urlsplit

from paper2run.rendering.cpu_builds import PUBLIC
from paper2run.rendering.injection import Injection

OF_THE_INDEX: Final = r"/(?:simple|packages)/"
"""How addresses of an index's pages and files begin, below whatever a mirror puts before."""
RETRYING: Final = "Retrying (Retry(total="
"""A failed try; only the last one is followed by nothing."""
LAST_TRY: Final = re.compile(
    r"Retrying \(Retry\(total=0,.*(?:NewConnectionError|NameResolutionError|ConnectTimeoutError|"
    r"ReadTimeoutError|ProxyError|SSLError|ProtocolError).*" + OF_THE_INDEX
)
GAVE_UP: Final = re.compile(
    r"HTTPS?ConnectionPool\(host='(?P<host>[^']{1,255})', port=\d+\): "
    r"(?:Read timed out|Max retries exceeded with url: (?P<path>\S*))"
)
PIPS_OWN: Final = re.compile(r"\bpip([./])_vendor\1urllib3\b")
"""In the error's name or, from Python 2, in the frames before it; a setup.py's own download has neither."""
INDEX_OF_ITS_OWN: Final = re.compile(r"--index-url[\s=,'\"]+(?P<url>https?://[^\s'\"]+)")
"""What a setup.py that calls pip asks by itself, as distutils repeats its command; a plan names no index."""
FRAME_LINES: Final = 2
PASSED_OVER: Final = "- skipping"
"""pip's message for an index that it skips."""


def is_index_silent(log: str, injection: Injection) -> bool:
    """Whether pip gave up on the index that a build with this injection asks."""
    hosts = _hosts(injection)
    lines = log.splitlines()
    for number, line in enumerate(lines):
        if RETRYING in line:
            if LAST_TRY.search(line) and not _asks_elsewhere(lines[number + 1 :], hosts):
                return True
            continue
        match = GAVE_UP.search(line)
        if match is None or PASSED_OVER in line:
            continue
        if match["host"] in hosts or re.search(OF_THE_INDEX, match["path"] or ""):
            return True
        # The files of an index lie on hosts of their own, which such an error names without a path.
        if match["path"] is None and any(
            PIPS_OWN.search(near) for near in lines[max(number - FRAME_LINES, 0) : number + 1]
        ):
            return True
    return False


def _asks_elsewhere(lines: Sequence[str], hosts: Collection[str]) -> bool:
    """Whether the lines after a last try name another index, as an error repeats the command."""
    text = "\n".join(lines)
    own = {urlsplit(match["url"]).hostname for match in INDEX_OF_ITS_OWN.finditer(text)}
    return bool(own) and own.isdisjoint(hosts)


def _hosts(injection: Injection) -> frozenset[str]:
    asked = (injection.index_url, injection.torch_index_url or PUBLIC)
    return frozenset(host for url in asked if (host := urlsplit(url).hostname))
