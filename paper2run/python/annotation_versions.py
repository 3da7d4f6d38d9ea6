"""Tells from the type hints that a file evaluates which versions of Python it needs.

`def rows(path: str) -> list[str]` parses everywhere and raises `TypeError` below 3.9 when the file is imported.
Sources: PEP 585 (https://peps.python.org/pep-0585/), PEP 604 (https://peps.python.org/pep-0604/).
"""

import ast
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from paper2run.python.python_dialects import Syntax

BUILTIN: Final = frozenset({"dict", "frozenset", "list", "set", "tuple", "type"})
"""Types with brackets since 3.9."""
IN_MODULES: Final = {
    "collections": frozenset({"ChainMap", "Counter", "OrderedDict", "defaultdict", "deque"}),
    "collections.abc": frozenset(
        {
            "AsyncGenerator", "AsyncIterable", "AsyncIterator", "Awaitable", "Callable", "Collection",
            "Container", "Coroutine", "Generator", "ItemsView", "Iterable", "Iterator", "KeysView", "Mapping",
            "MappingView", "MutableMapping", "MutableSequence", "MutableSet", "Reversible", "Sequence", "Set",
            "ValuesView",
        }
    ),
    "os": frozenset({"PathLike"}),
    "queue": frozenset({"LifoQueue", "PriorityQueue", "Queue", "SimpleQueue"}),
    "re": frozenset({"Match", "Pattern"}),
}  # fmt: skip
"""Classes of the standard library with brackets since 3.9."""
PLAIN: Final = BUILTIN | {"bool", "bytes", "complex", "float", "int", "object", "str"}
GUARDS: Final = ("TYPE_CHECKING", "version_info")
"""What a condition names whose block only some versions or no interpreter runs."""


def annotation_syntax(tree: ast.Module, nodes: Sequence[ast.AST]) -> Iterator[Syntax]:
    """Yield the first type with brackets (3.9) and the first union by `|` (3.10) that the file evaluates.

    `nodes` are all nodes of the tree.
    """
    brackets = [node for node in nodes if type(node) is ast.Subscript]
    unions = [node for node in nodes if type(node) is ast.BinOp and type(node.op) is ast.BitOr]
    generic = _generic_names(nodes) if brackets else set()
    brackets = [
        node for node in brackets if isinstance(node.value, ast.Name) and node.value.id in generic
    ]
    if not brackets and not unions:
        return
    hints = _hints(tree, nodes)
    skipped = _all_within([*hints.skipped, *_guarded(nodes)])
    evaluated = _all_within(hints.evaluated)
    unions = [
        node
        for node in unions
        if (id(node) in evaluated and _names_a_type(node)) or _joins_types(node)
    ]
    for found, minor in ((brackets, 9), (unions, 10)):
        lines = {node.lineno: node for node in reversed(found) if id(node) not in skipped}
        if lines:
            first = lines[min(lines)]
            yield Syntax(3, minor, first.lineno, ast.unparse(first)[:40], is_hint=True)


def _all_within(nodes: Iterable[ast.AST]) -> set[int]:
    return {id(inner) for node in nodes for inner in ast.walk(node)}


def _guarded(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Yield the statements that only some versions or no interpreter runs."""
    for node in nodes:
        if type(node) is ast.If and any(word in ast.unparse(node.test) for word in GUARDS):
            yield from (*node.body, *node.orelse)


class _Hints:
    """Type hints of a file, by whether the interpreter computes them."""

    def __init__(self) -> None:
        self.evaluated: list[ast.expr] = []
        self.skipped: list[ast.expr] = []


def _hints(tree: ast.Module, nodes: Iterable[ast.AST]) -> _Hints:
    hints = _Hints()
    postponed = any(
        isinstance(node, ast.ImportFrom)
        and node.module == "__future__"
        and any(name.name == "annotations" for name in node.names)
        for node in tree.body
    )
    local: set[int] = set()
    if any(type(node) is ast.AnnAssign for node in nodes):
        local = {
            id(inner)
            for node in nodes
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            for inner in _own_statements(node)
        }
    for node in nodes:
        match node:
            case (
                ast.FunctionDef(returns=ast.expr() as hint)
                | ast.AsyncFunctionDef(returns=ast.expr() as hint)
            ):
                (hints.skipped if postponed else hints.evaluated).append(hint)
            case ast.arg(annotation=ast.expr() as hint):
                (hints.skipped if postponed else hints.evaluated).append(hint)
            case ast.AnnAssign(annotation=hint):
                # Those of local variables are never computed.
                unused = postponed or id(node) in local
                (hints.skipped if unused else hints.evaluated).append(hint)
            case _:
                pass
    return hints


def _own_statements(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.AST]:
    """Yield what stands in a function, classes and functions within it aside."""
    left: list[ast.AST] = list(function.body)
    while left:
        node = left.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            left.extend(ast.iter_child_nodes(node))


def _generic_names(nodes: Iterable[ast.AST]) -> set[str]:
    """Return the names that mean a class with brackets since 3.9, those that the file binds anew left out."""
    names: set[str] = set(BUILTIN)
    bound: set[str] = set()
    for node in nodes:
        if type(node) is ast.Name:
            if type(node.ctx) is ast.Store:
                bound.add(node.id)
        elif type(node) is ast.ImportFrom:
            generic = (
                IN_MODULES.get(node.module or "", frozenset()) if not node.level else frozenset()
            )
            for one in node.names:
                (names if one.name in generic else bound).add(one.asname or one.name)
        elif type(node) is ast.arg:
            bound.add(node.arg)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            bound.add(node.name)
    return names - bound


def _names_a_type(node: ast.BinOp) -> bool:
    """Whether no part is a text: `"Node" | None` is an error everywhere."""
    return not any(
        isinstance(side, ast.Constant) and side.value is not None
        for side in (node.left, node.right)
    )


def _joins_types(node: ast.BinOp) -> bool:
    """Whether both sides are plain types, as in `isinstance(value, int | str)`."""
    return all(
        (isinstance(side, ast.Name) and side.id in PLAIN)
        or (isinstance(side, ast.Constant) and side.value is None)
        for side in (node.left, node.right)
    )
