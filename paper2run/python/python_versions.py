"""Tells from a file's syntax tree which versions of Python its grammar needs.

Source: the "What's New" pages, https://docs.python.org/3/whatsnew/.
"""

import ast
from collections.abc import Iterable, Iterator
from typing import Final

from paper2run.python.python_dialects import Syntax

NODES: Final[dict[type[ast.AST], tuple[int, int, str]]] = {
    ast.Nonlocal: (3, 0, "nonlocal"),
    ast.AsyncFunctionDef: (3, 5, "async def"),
    ast.MatMult: (3, 5, "@ operator"),
    ast.JoinedStr: (3, 6, "f-string"),
    ast.AnnAssign: (3, 6, "annotated variable"),
    ast.NamedExpr: (3, 8, ":="),
    ast.Match: (3, 10, "match statement"),
    ast.TryStar: (3, 11, "except*"),
}
"""Major and lowest minor version by kind of node."""


def versioned_syntax(nodes: Iterable[ast.AST]) -> Iterator[Syntax]:
    """Yield the first use of each syntax that some Python since 2.7 reads differently.

    A node without a place of its own (an operator) takes the line of the node before it.
    """
    seen: set[str] = set()
    line = 1
    for node in nodes:
        line = getattr(node, "lineno", line)
        kind = type(node)
        found = NODES.get(kind)
        if kind is ast.arguments or kind is ast.BinOp:
            found = _by_shape(node)
        if found and found[2] not in seen:
            seen.add(found[2])
            yield Syntax(found[0], found[1], line, found[2])


def _by_shape(node: ast.AST) -> tuple[int, int, str] | None:
    match node:
        case ast.arguments(posonlyargs=[_, *_]):
            return 3, 8, "positional-only argument"
        case ast.arguments(kwonlyargs=[_, *_]):
            return 3, 0, "keyword-only argument"
        case ast.BinOp(op=ast.RShift(), left=ast.Name(id="print")):
            return 2, 0, "print >> file"
        case ast.BinOp(op=ast.Mod(), left=ast.Call(func=ast.Name(id="print"))):
            return 2, 0, "print (text) % values"
        case _:
            return None
