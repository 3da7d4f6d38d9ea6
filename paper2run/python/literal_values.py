"""Evaluates literal expressions of a script without running it.

Lists, tables, texts, and files that the script reads. What cannot be known is `UNKNOWN` and is left out of lists.
Bounded in steps, depth and size, because the script is anybody's.
"""

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from paper2run.formats.lined_text import LinedText, line_of
from paper2run.python.condition_markers import markers_of
from paper2run.python.python_imports import dotted_name

MAX_STEPS: Final = 20_000
"""Expressions looked at per script."""
MAX_DEPTH: Final = 40
"""Nesting of expressions and calls of the script's own functions."""
MAX_ITEMS: Final = 1_000
"""Items of a list; `a = a + a` doubles."""
MAX_CHARS: Final = 20_000
"""Characters of a text put together."""
MAX_BITS: Final = 200
"""Of a number that is put into a text."""

PERCENT: Final = re.compile(r"%[sd]")
FIELD: Final = re.compile(r"\{\}|\{0\}(?=[^{}]*$)")

FILE_READERS: Final = frozenset(
    {"open", "file", "io.open", "codecs.open", "Path", "pathlib.Path", "read_text"}
)
COLLECTIONS: Final = frozenset(
    {"list", "tuple", "set", "sorted", "filter", "map", "iter", "str", "reversed"}
)
PATH_JOINS: Final = frozenset(
    {"os.path.join", "path.join", "join", "osp.join", "Path", "pathlib.Path", "os.path.abspath"}
)


class Unknown:
    """The value of what cannot be worked out."""


UNKNOWN: Final = Unknown()


@dataclass(frozen=True)
class FileText:
    """The text of a file that the script reads, or its lines: which of both does not matter here."""

    name: str
    """As written, without the folders that could not be worked out."""


@dataclass
class Evaluator:
    """Evaluates expressions in an environment of names; `functions` are the script's own."""

    names: dict[str, object] = field(default_factory=dict)
    functions: Mapping[str, ast.FunctionDef] = field(default_factory=dict)
    steps: int = 0
    depth: int = 0

    def value(self, node: ast.expr | None) -> object:
        """Return the value of an expression, or UNKNOWN."""
        self.steps += 1
        if node is None or self.steps > MAX_STEPS or self.depth > MAX_DEPTH:
            return UNKNOWN
        self.depth += 1
        try:
            return self._value(node)
        finally:
            self.depth -= 1

    def _value(self, node: ast.expr) -> object:
        match node:
            case ast.Constant(value=str() as written):
                return LinedText.at(written, node.lineno)
            case ast.Constant(value=int() | float() as number):
                return number
            case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Set(elts=items):
                return self._items(items)
            case ast.Dict():
                return self._table(node)
            case ast.Name(id=name):
                return self.names.get(name, UNKNOWN)
            case ast.BinOp(op=ast.Add()):
                return added(self.value(node.left), self.value(node.right))
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                return _joined([self.value(left), self.value(right)])
            case ast.BinOp(op=ast.Mod()):
                values = self.value(node.right)
                arguments = values if isinstance(values, list) else [values]
                return _formatted(self.value(node.left), arguments, PERCENT)
            case ast.JoinedStr(values=pieces):
                return _concatenated([self.value(piece) for piece in pieces])
            case ast.FormattedValue(value=inner):
                return self.value(inner)
            case ast.ListComp() | ast.GeneratorExp() | ast.SetComp():
                return self.value(node.generators[0].iter)
            case ast.Subscript():
                return self._item(self.value(node.value), node.slice)
            case ast.IfExp():
                return self._choice(node)
            case ast.BoolOp(values=choices):
                return next((v for v in map(self.value, choices) if v is not UNKNOWN), UNKNOWN)
            case ast.Call():
                return self._call(node)
            case _:
                return UNKNOWN

    def _choice(self, node: ast.IfExp) -> object:
        """Return both choices with their markers if the condition is a marker.

        Else the choice that needs no condition.
        """
        body, otherwise = self.value(node.body), self.value(node.orelse)
        marker, contrary = markers_of(node.test)
        if not marker:
            return body if otherwise is UNKNOWN else otherwise
        marked = [(item, marker) for item in _as_list(body)]
        marked += [(item, contrary) for item in _as_list(otherwise)]
        return [
            LinedText.at(f"{item}; {condition}", line_of(item))
            for item, condition in marked
            if isinstance(item, str)
        ]

    def _items(self, nodes: list[ast.expr]) -> list[object]:
        found: list[object] = []
        for node in nodes:
            value = self.value(node.value if isinstance(node, ast.Starred) else node)
            # Lists stay flat: nested ones could double at every step.
            if isinstance(value, list):
                found += value
            elif value is not UNKNOWN:
                found.append(value)
        return found[:MAX_ITEMS]

    def _table(self, node: ast.Dict) -> dict[str, object]:
        found: dict[str, object] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            name = self.value(key)
            inner = self.value(value)
            if key is None and isinstance(inner, dict):
                found |= inner
            elif isinstance(name, str):
                found[name] = inner
        return found

    def _item(self, value: object, index: ast.expr) -> object:
        key = self.value(index)
        if isinstance(value, dict) and isinstance(key, str):
            return value.get(key, UNKNOWN)
        if isinstance(value, list) and isinstance(key, int) and -len(value) <= key < len(value):
            return value[key]
        return (
            value
            if isinstance(value, list | FileText) and isinstance(index, ast.Slice)
            else UNKNOWN
        )

    def _call(self, node: ast.Call) -> object:
        name = dotted_name(node.func)
        arguments = [self.value(argument) for argument in node.args]
        if isinstance(node.func, ast.Attribute):
            owner = self.value(node.func.value)
            if isinstance(owner, FileText):
                return owner
            if isinstance(owner, str) and node.func.attr == "format":
                return UNKNOWN if node.keywords else _formatted(owner, arguments, FIELD)
            if isinstance(owner, str):
                return _method(owner, node.func.attr, arguments)
            if isinstance(owner, list) and node.func.attr == "copy":
                return list(owner)
        if name == "dict":
            return {word.arg: self.value(word.value) for word in node.keywords if word.arg}
        if name in COLLECTIONS and arguments:
            return arguments[-1]
        if name in PATH_JOINS and name not in FILE_READERS:
            return _joined(arguments)
        # `parse_requirements("requirements.txt")`, or a function of the script's own that reads what it is given.
        texts = [value for value in arguments if isinstance(value, str | FileText)]
        if texts and (isinstance(texts[0], FileText) or name in FILE_READERS or _is_file(texts[0])):
            return texts[0] if isinstance(texts[0], FileText) else FileText(texts[0])
        return self._own_function(name, arguments)

    def _own_function(self, name: str, arguments: list[object]) -> object:
        function = self.functions.get(name)
        if function is None:
            return UNKNOWN
        parameters = (parameter.arg for parameter in function.args.args)
        inner = Evaluator({**self.names, **dict(zip(parameters, arguments, strict=False))}, {})
        inner.steps, inner.depth = self.steps, self.depth
        found: object = UNKNOWN
        for statement in ast.walk(function):
            match statement:
                case ast.With(
                    items=[ast.withitem(context_expr=opened, optional_vars=ast.Name(id=target))]
                ):
                    inner.names[target] = inner.value(opened)
                case ast.Assign(targets=[ast.Name(id=target)], value=assigned):
                    inner.names[target] = inner.value(assigned)
                case ast.Return(value=returned) if found is UNKNOWN:
                    found = inner.value(returned)
        self.steps = inner.steps
        return found


def added(left: object, right: object) -> object:
    """Return the sum of two values, as far as they are known and alike."""
    if isinstance(left, list) or isinstance(right, list):
        return (_as_list(left) + _as_list(right))[:MAX_ITEMS]
    if isinstance(left, str) and isinstance(right, str):
        return (left + right)[:MAX_CHARS]
    if isinstance(left, FileText):
        return left
    return right if isinstance(right, FileText) else UNKNOWN


def _as_list(value: object) -> list[object]:
    if isinstance(value, list):
        return value
    return [] if value is UNKNOWN else [value]


def _method(owner: str, name: str, arguments: list[object]) -> object:
    separator = arguments[0] if arguments and isinstance(arguments[0], str) else None
    if name in {"split", "splitlines"}:
        parts = owner.split(separator or None) if name == "split" else owner.splitlines()
        return [LinedText.at(part, line_of(owner)) for part in parts[:MAX_ITEMS] if part]
    if name in {"strip", "rstrip", "lstrip"}:
        return LinedText.at(owner.strip(), line_of(owner))
    return UNKNOWN


def _joined(parts: list[object]) -> object:
    texts = [part for part in parts if isinstance(part, str)]
    return "/".join(texts)[:MAX_CHARS] if texts else UNKNOWN


def _concatenated(parts: list[object]) -> object:
    words = [_word(part) for part in parts]
    return (
        "".join(word for word in words if word is not None)[:MAX_CHARS]
        if None not in words
        else UNKNOWN
    )


def _formatted(template: object, arguments: list[object], place: re.Pattern[str]) -> object:
    """Return a template with its plain places filled.

    A place with a width could ask for any amount of memory.
    """
    words = [_word(argument) for argument in arguments]
    if not isinstance(template, str) or None in words:
        return UNKNOWN
    pieces = place.split(template)
    if len(pieces) != len(words) + 1 or re.search(
        r"[{}]" if place is FIELD else "%", "".join(pieces)
    ):
        return UNKNOWN
    filled = "".join(f"{a}{b}" for a, b in zip(pieces, [*words, ""], strict=True))
    return LinedText.at(filled[:MAX_CHARS], line_of(template))


def _word(value: object) -> str | None:
    """Return a text or a number as text; None for anything else.

    Tables that hold each other double at every step.
    """
    if isinstance(value, int) and value.bit_length() > MAX_BITS:
        return None
    return str(value) if isinstance(value, str | int | float) else None


def _is_file(text: object) -> bool:
    return isinstance(text, str) and text.endswith((".txt", ".in", ".pip")) and "\n" not in text
