"""Reads TOML, JSON and YAML files of a checkout, and finds values in them whatever their shape.

Malformed text is an `Unreadable`. A value of another type than a rule expects counts as absent.
"""

import json
import tomllib
from collections.abc import Iterator, Mapping
from typing import Final

from paper2run.formats import yaml_text
from paper2run.formats.tree import RepoTree
from paper2run.model.facts import Unreadable, UnreadableCause
from paper2run.model.value import Source

MAX_DOTS_IN_LINE: Final = 1000
"""tomllib (3.11 to 3.14) takes quadratic time for a key of many dotted parts."""


def parse_toml(text: str) -> dict[str, object]:
    """Return the table of a TOML text.

    ValueError if the text is malformed, or costs more to read than any honest one.
    """
    if any(line.count(".") > MAX_DOTS_IN_LINE for line in text.split("\n")):
        raise ValueError(f"a line with more than {MAX_DOTS_IN_LINE} dots")
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise ValueError(str(error)) from error


def read_toml(tree: RepoTree, path: str) -> dict[str, object] | Unreadable:
    """Return the table of a TOML file, or why it cannot be read."""
    text = tree.read(path)
    if isinstance(text, Unreadable):
        return text
    try:
        return parse_toml(text)
    except ValueError as error:
        return unreadable(path, f"not TOML: {error}")


def read_json(tree: RepoTree, path: str) -> object:
    """Return the value of a JSON file, or an `Unreadable` that says why not."""
    text = tree.read(path)
    if isinstance(text, Unreadable):
        return text
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        return unreadable(path, f"not JSON: {error}")
    return value


def read_yaml(tree: RepoTree, path: str) -> object:
    """Return the first document of a YAML file, or an `Unreadable` with the reason.

    See `yaml_text.parse`.
    """
    text = tree.read(path)
    if isinstance(text, Unreadable):
        return text
    try:
        return yaml_text.parse(text)
    except yaml_text.YamlRefused as error:
        return unreadable(path, f"not YAML: {error}")


def unreadable(
    path: str, why: str, line: int = 0, *, cause: UnreadableCause = "malformed"
) -> Unreadable:
    """Return the fact that a file is not what its name claims."""
    source = Source(kind="file", path=path, line=line)
    return Unreadable(path=path, cause=cause, why=why, source=source)


def table(value: object, *keys: str) -> dict[str, object]:
    """Return the mapping below `keys`; empty where a step is absent or no mapping."""
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return dict(value) if isinstance(value, Mapping) else {}


def texts(value: object) -> Iterator[str]:
    """Yield the strings of a string or of a list of strings; whatever else is in it is left out."""
    if isinstance(value, str):
        if value:
            yield value
    elif isinstance(value, list):
        yield from (item for item in value if isinstance(item, str) and item)


def text(value: object) -> str:
    """Return a string as it is, and nothing (`""`) for any other value."""
    return value if isinstance(value, str) else ""


class Places:
    """Finds the lines on which strings stand in a text, for formats whose parser does not tell.

    Searches forward from the last hit, because manifests are read in the order in which they are written.
    """

    def __init__(self, content: str) -> None:
        self._content = content
        self._at = 0
        self._line = 1

    def line(self, needle: str) -> int:
        """Return the 1-based line where the word occurs next, else first; 0 if it does not occur.

        The search goes on from there: naming a heading first narrows what follows to what stands below it.
        """
        found = self._find(needle, self._at)
        if found < 0:
            found = self._find(needle, 0)
            if found < 0:
                return 0
        if found < self._at:
            self._at, self._line = 0, 1
        self._line += self._content.count("\n", self._at, found)
        self._at = found
        return self._line

    def _find(self, needle: str, start: int) -> int:
        found = self._content.find(needle, start)
        while found >= 0:
            end = found + len(needle)
            around = self._content[max(found - 1, 0) : found] + self._content[end : end + 1]
            if not any(sign.isalnum() or sign in "_-" for sign in around):
                return found
            found = self._content.find(needle, end)
        return -1
