"""Tells whether a changed schema still takes what readers of the earlier one rely on.

Incompatible is a field that was removed or became required, and a type that became narrower. New fields, new words of
a list and wider types are compatible.
"""

from typing import Any, Final

Node = dict[str, Any]
LEAST: Final = ("minLength", "minItems", "minProperties", "minimum", "exclusiveMinimum")
MOST: Final = ("maxLength", "maxItems", "maxProperties", "maximum", "exclusiveMaximum")
FORMS: Final = ("pattern", "format", "multipleOf")
DEFINITIONS: Final = "#/$defs/"


def incompatible(old: Node, new: Node) -> tuple[str, ...]:
    """Return each incompatible change with its place, such as `attempts: removed`; empty if there is none."""
    return tuple(_Comparison(old, new).changes(old, new, ""))


class _Comparison:
    """Two schemas, and the pairs of definitions that were compared."""

    def __init__(self, old: Node, new: Node) -> None:
        self._old, self._new = old, new
        # A definition may hold itself: while a pair is compared, it counts as compatible.
        self._known: dict[tuple[str, str], list[str]] = {}

    def changes(self, old: Node, new: Node, at: str) -> list[str]:
        """Return the incompatible changes of one part."""
        pair = (old.get("$ref", ""), new.get("$ref", ""))
        if not any(pair):
            return self._compared(old, new, at)
        if pair not in self._known or not all(pair):
            self._known[pair] = []
            self._known[pair] = self._compared(
                _resolved(old, self._old), _resolved(new, self._new), at
            )
        return self._known[pair]

    def _compared(self, old: Node, new: Node, at: str) -> list[str]:
        before, after = _alternatives(old), _alternatives(new)
        if len(before) == len(after) == 1:
            return [
                *_values(old, new, at),
                *_bounds(old, new, at),
                *self._fields(old, new, at),
                *self._items(old, new, at),
            ]
        return [change for one in before for change in self._one_of(one, after, at)]

    def _one_of(self, old: Node, after: list[Node], at: str) -> list[str]:
        """Return why none of the alternatives takes `old`; empty if one does."""
        found = [self.changes(old, one, at) for one in after]
        if [] in found:
            return []
        same = [
            changes for changes, one in zip(found, after, strict=True) if _named(one) == _named(old)
        ]
        return same[0] if same else [f"{at or 'the record'}: no longer {_named(old)}"]

    def _fields(self, old: Node, new: Node, at: str) -> list[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        found = [f"{_below(at, name)}: removed" for name in before if name not in after]
        required = set(new.get("required", ())) - set(old.get("required", ()))
        found += [f"{_below(at, name)}: newly required" for name in sorted(required)]
        for name in before:
            if name in after:
                found += self.changes(before[name], after[name], _below(at, name))
        return found + self._rest(old, new, "additionalProperties", at)

    def _items(self, old: Node, new: Node, at: str) -> list[str]:
        before, after = old.get("prefixItems", []), new.get("prefixItems", [])
        found = self._rest(old, new, "items", at)
        if len(after) > len(before):
            found.append(f"{at}: more places have a type")
        for number, (one, other) in enumerate(zip(before, after, strict=False)):
            found += self.changes(one, other, f"{at}[{number}]")
        return found

    def _rest(self, old: Node, new: Node, key: str, at: str) -> list[str]:
        """Return the changes of what all items, or all other fields, must be."""
        before, after = old.get(key, True), new.get(key, True)
        if after is True or before is False:
            return []
        if isinstance(before, dict) and isinstance(after, dict):
            return self.changes(before, after, f"{at}[]")
        return [f"{at or 'the record'}: {key} became narrower"]


def _values(old: Node, new: Node, at: str) -> list[str]:
    """Return how types and listed values became narrower."""
    place, found = at or "the record", []
    lost = _types(old) - _types(new) if _types(new) else set()
    if _types(new) and not _types(old):
        lost = {"anything"}
    # Every whole number is a number.
    if "integer" in lost and "number" in _types(new):
        lost.discard("integer")
    if lost:
        found.append(f"{place}: no longer {', '.join(sorted(lost))}")
    before, after = _listed(old), _listed(new)
    if after is not None:
        gone = ["other values"] if before is None else [one for one in before if one not in after]
        if gone:
            found.append(f"{place}: no longer {', '.join(map(str, gone))}")
    return found


def _bounds(old: Node, new: Node, at: str) -> list[str]:
    place = at or "the record"
    tighter = [
        *(key for key in LEAST if key in new and (key not in old or new[key] > old[key])),
        *(key for key in MOST if key in new and (key not in old or new[key] < old[key])),
        *(key for key in FORMS if key in new and new[key] != old.get(key)),
    ]
    return [f"{place}: {key} became narrower" for key in tighter]


def _alternatives(node: Node) -> list[Node]:
    found: list[Node] = node.get("anyOf") or node.get("oneOf") or [node]
    return found


def _types(node: Node) -> set[str]:
    given = node.get("type", [])
    return {given} if isinstance(given, str) else set(given)


def _listed(node: Node) -> list[Any] | None:
    """Return the values that a part may have; None if they are not listed."""
    listed: list[Any] | None = [node["const"]] if "const" in node else node.get("enum")
    return listed


def _named(node: Node) -> str:
    """Return what an alternative is called."""
    return str(node.get("$ref", "")).removeprefix(DEFINITIONS) or str(node.get("type", "anything"))


def _resolved(node: Node, schema: Node) -> Node:
    """Return what a part refers to, through any number of references."""
    while "$ref" in node:
        node = schema["$defs"][node["$ref"].removeprefix(DEFINITIONS)]
    return node


def _below(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name
