"""Finds the further package indexes that a repository names, in pip's options and tools' tables.

None of them is asked: an address in a stranger's file would choose what is installed. What only such an index has may
carry, on the index that is asked, the name of somebody else's project ("dependency confusion").
"""

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from paper2run.formats.structured import table, text, texts
from paper2run.model.facts import Command, OtherIndex, RepoFacts
from paper2run.model.value import Source

OPTION: Final = re.compile(
    r"(?<!\S)(?:-[if]|--(?:extra-)?index-url|--find-links|--(?:default-)?index)(?:=|\s+|(?<=-[if]))[\"']?(https?://[^\s\"';,]+)"
)
"""pip's options and uv's; others than an address over the network name folders."""
MAX_INDEXES: Final = 20
"""A repository names two or three; a list of thousands would be a list of links."""


def index_options(line: str, source: Source) -> Iterator[OtherIndex]:
    """Yield the indexes that the options of a line name, in order."""
    for match in OPTION.finditer(line):
        yield from other_index(match[1], source)


def addresses_in(tools: dict[str, object]) -> list[str]:
    """Return the indexes of poetry, pdm, rye and uv in the `tool` table of a pyproject.toml, as written."""
    uv = table(tools, "uv")
    return [
        *entries(table(tools, "poetry").get("source")),
        *entries(table(tools, "pdm").get("source")),
        *entries(table(tools, "rye").get("sources")),
        *entries(uv.get("index")),
        *(
            address
            for place in (uv, table(uv, "pip"))
            for key in ("index-url", "extra-index-url", "find-links")
            for address in texts(place.get(key))
        ),
    ]


def entries(value: object) -> list[str]:
    """Return the addresses of an array of tables, such as `[[source]]` of a Pipfile."""
    return [text(table(entry).get("url")) for entry in value] if isinstance(value, list) else []


def other_index(address: str, source: Source) -> Iterator[OtherIndex]:
    """Yield an index by its address without login, which must reach no report; nothing for another scheme."""
    scheme, _, rest = re.split(r"[?#]", address.strip(), maxsplit=1)[0].partition("://")
    host, slash, path = rest.partition("/")
    host = host.rpartition("@")[2]
    if scheme.lower() in {"http", "https"} and host:
        yield OtherIndex(address=f"{scheme.lower()}://{host}{slash}{path}", source=source)


def other_indexes(facts: RepoFacts) -> tuple[OtherIndex, ...]:
    """Return the indexes that a repository's files and documented commands name, each once."""
    found: dict[str, OtherIndex] = {}
    for fact in facts.of(OtherIndex):
        found.setdefault(fact.address, fact)
    for command in facts.of(Command):
        if command.purpose == "install":
            for fact in index_options(command.line, command.source):
                found.setdefault(fact.address, fact)
    return tuple(found.values())[:MAX_INDEXES]


def is_same_place(address: str, other: str) -> bool:
    """Whether two addresses are of one index: scheme, login and a slash at the end do not count."""
    return _place(address) == _place(other)


def is_same_host(address: str, other: str) -> bool:
    """Whether two addresses are of one host."""
    return _place(address)[0] == _place(other)[0]


def _place(address: str) -> tuple[str, str]:
    try:
        parts = urlsplit(address)
        return (parts.hostname or "").lower(), parts.path.rstrip("/")
    except ValueError:
        return "", address
