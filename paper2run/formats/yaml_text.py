"""Reads YAML as text with line numbers: no scalar is converted, so that `3.10` stays `3.10`.

Built on the event stream of PyYAML, because composing first costs quadratic time on deep nesting and
expands aliases without a bound (https://yaml.org/spec/1.2.2/#71-alias-nodes).
"""

from collections.abc import Iterator
from typing import Final

import yaml

from paper2run.formats.lined_text import LinedText

MAX_NODES: Final = 200_000
"""Nodes of a document with its aliases expanded; conda-lock files of large projects stay below."""
MAX_DEPTH: Final = 60
"""Levels of nesting; CI files of people stay below 15."""


class YamlRefused(ValueError):
    """The text is not YAML, or larger than anything that people write; the message says which."""

    def __init__(self, problem: str, line: int = 0) -> None:
        super().__init__(f"line {line}: {problem}" if line else problem)
        self.problem = problem
        self.line = line
        """1-based line in the text; 0 where none is known."""


def parse(text: str) -> object:
    """Return the first document as nested `dict`, `list` and `LinedText`.

    An empty document is an empty `LinedText`. `<<` merges are applied. YamlRefused if the text is malformed, too deep
    or too large.
    """
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _Builder(iter(yaml.parse(text, Loader=loader))).document()
    except UnicodeError as error:
        raise YamlRefused("half a character, which no file can hold") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise YamlRefused(str(error.problem), line) from error
    except yaml.YAMLError as error:
        raise YamlRefused(str(error).splitlines()[0]) from error


class _Builder:
    """Turns events into values, counting what aliases would expand to."""

    def __init__(self, events: Iterator[yaml.Event]) -> None:
        self._events = events
        self._anchors: dict[str, tuple[object, int]] = {}
        self._nodes = 0

    def document(self) -> object:
        for event in self._events:
            if isinstance(event, yaml.NodeEvent):
                return self._node(event, depth=0)
            if isinstance(event, yaml.StreamEndEvent):
                break
        return LinedText.at("", 1)

    def _node(self, event: yaml.NodeEvent, depth: int) -> object:
        if depth > MAX_DEPTH:
            raise YamlRefused(f"nested deeper than {MAX_DEPTH} levels")
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._anchors:
                raise YamlRefused(f"alias {event.anchor!r} has no anchor before it")
            value, size = self._anchors[event.anchor]
            self._count(size)
            return value
        before = self._nodes
        self._count(1)
        value = self._value(event, depth)
        if event.anchor:
            self._anchors[event.anchor] = (value, self._nodes - before)
        return value

    def _value(self, event: yaml.NodeEvent, depth: int) -> object:
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.ScalarEvent) and event.style in {"|", ">"}:
            # The mark stands at the sign; the text starts on the next line.
            line += 1
        if isinstance(event, yaml.SequenceStartEvent):
            return [self._node(child, depth + 1) for child in self._children()]
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(depth)
        text = event.value if isinstance(event, yaml.ScalarEvent) else ""
        null = isinstance(event, yaml.ScalarEvent) and event.implicit[0] and text in {"~", "null"}
        return LinedText.at("" if null else text, line)

    def _mapping(self, depth: int) -> dict[LinedText, object]:
        pairs: dict[LinedText, object] = {}
        merged: list[object] = []
        children = self._children()
        for child in children:
            key = self._node(child, depth + 1)
            value = self._node(next(children), depth + 1)
            if key == "<<":
                merged += value if isinstance(value, list) else [value]
            elif isinstance(key, LinedText):
                pairs[key] = value
        for base in merged:
            if isinstance(base, dict):
                self._count(len(base))
                pairs = {**base, **pairs}
        return pairs

    def _children(self) -> Iterator[yaml.NodeEvent]:
        for event in self._events:
            if isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent):
                return
            assert isinstance(event, yaml.NodeEvent)
            yield event

    def _count(self, nodes: int) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            raise YamlRefused(f"expands to more than {MAX_NODES} nodes")
