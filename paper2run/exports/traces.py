"""Takes the traces of this machine out of what leaves it: its folders and its name.

A run folder names places of the machine that made it: the mirror of the code, a local repository, a home. Others need
none of them.
"""

import html
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final
from urllib.parse import quote

from paper2run.exports.crate_entity import Entity
from paper2run.exports.run_record import RunRecord, is_of_this_machine
from paper2run.text_gate import prose

REMOVED: Final = "[path removed]"
HOST: Final = "[host removed]"
MIN_PARTS: Final = 2
"""Folders in a path: `/tmp` and `/root` are in every container, and tell nothing."""
TELLING: Final = re.compile(r"(?=.{4,})(?=[^\d.-]*[\d.-])[A-Za-z0-9][A-Za-z0-9.-]*")
"""A host's name that is no ordinary word: `ubuntu` names a distribution, `ada-laptop` a machine."""


class Traces:
    """Words of this machine, and what stands in their place."""

    def __init__(self, paths: Mapping[str, str], hosts: Iterable[str] = ()) -> None:
        """Take paths with their replacements, and names of the machine."""
        spelled = {
            spelling: instead
            for path, instead in paths.items()
            if _is_telling(path)
            for spelling in _spellings(path.rstrip("/"))
        }
        self._instead = spelled | {
            name.lower(): HOST
            for name in hosts
            if TELLING.fullmatch(name) and name.lower() != "localhost"
        }
        # The longest first: a folder before the home that holds it.
        words = "|".join(map(re.escape, sorted(self._instead, key=len, reverse=True)))
        self._found = re.compile(rf"(?<![\w])(?:{words})(?![\w-])", re.IGNORECASE)

    def out_of(self, text: str) -> str:
        """Return the text without them."""
        return self._found.sub(self._replaced, text) if self._instead else text

    def _replaced(self, found: re.Match[str]) -> str:
        return self._instead.get(found[0], self._instead.get(found[0].lower(), REMOVED))

    def out_of_file(self, name: str, content: bytes) -> bytes:
        """Return a file's content without them; JSON stays JSON, and what holds none stays as it is."""
        text = content.decode("utf-8", "surrogateescape")
        if name.endswith(".json"):
            try:
                value = json.loads(text)
            except (ValueError, RecursionError):
                value = None
            if value is not None:
                cleaned = self.out_of_value(value)
                if cleaned == value:
                    return content
                written = json.dumps(cleaned, indent=2, ensure_ascii=False) + "\n"
                return written.encode("utf-8", "backslashreplace")
        return self.out_of(text).encode("utf-8", "surrogateescape")

    def out_of_value(self, value: object) -> object:
        """Return a value of JSON without them, in keys too."""
        if isinstance(value, str):
            return self.out_of(value)
        if isinstance(value, list):
            return [self.out_of_value(one) for one in value]
        if isinstance(value, dict):
            return {self.out_of(key): self.out_of_value(one) for key, one in value.items()}
        return value

    def out_of_entity(self, entity: Entity) -> Entity:
        """Return a node without them."""
        return replace(
            entity, properties={k: self.out_of_value(v) for k, v in entity.properties.items()}
        )


def traces_of(record: RunRecord, places: Iterable[str], hosts: Iterable[str]) -> Traces:
    """Return the traces in a run's records; `places` are folders of this machine."""
    checkout = record.checkout
    paths = dict.fromkeys(places, REMOVED)
    mirrors = [checkout.mirror, *(module.mirror for module in checkout.submodules)]
    for mirror in filter(None, mirrors):
        # A mirror lies in `mirrors` of the home of the machine that made the run.
        paths |= {mirror: REMOVED, mirror.rpartition("/mirrors/")[0]: REMOVED}
    for given in (checkout.url, record.metadata.repo):
        if given.startswith("/") and is_of_this_machine(given):
            paths[given] = record.name
    if record.paper.path.startswith("/"):
        paths[record.paper.path] = record.paper.path.rpartition("/")[2]
    return Traces(paths, hosts)


def _is_telling(path: str) -> bool:
    parts = [part for part in path.split("/") if part]
    return path.startswith("/") and len(parts) >= MIN_PARTS


def _spellings(path: str) -> set[str]:
    """Return the path as texts, pages, addresses and Markdown write it."""
    return {path, html.escape(path), html.escape(path, quote=False), quote(path), prose(path)}
