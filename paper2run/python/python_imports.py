"""Reads the imports of one Python file, told apart into needed and guarded ones."""

import ast
import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from typing import Final

IMPORT_LINE: Final = re.compile(
    r"^([ \t]*)(?:from[ \t]+(\.*)([\w.]*)[ \t]+import\b|import[ \t]+([\w.]+(?:[ \t]+as[ \t]+\w+)?"
    r"(?:[ \t]*,[ \t]*[\w.]+(?:[ \t]+as[ \t]+\w+)?)*)[ \t]*(?:[;#]|$))",
    re.MULTILINE,
)
WORD: Final = re.compile(r"\w+")
ANY_ERRORS: Final = frozenset({"", "Exception", "BaseException", "RuntimeError", "AssertionError"})
"""What catches the failure of a call to a device that is not there."""
IMPORT_ERRORS: Final = frozenset(
    {"ImportError", "ModuleNotFoundError", "Exception", "BaseException", ""}
)
"""What a handler that makes an import optional catches; the empty name stands for a bare except."""
LEAVING: Final = frozenset({"exit", "sys.exit", "quit", "os._exit", "parser.error"})


@dataclass(frozen=True, slots=True)
class Imported:
    """One imported module."""

    module: str
    """Dotted name as written; empty for `from . import name`."""
    line: int
    guarded: bool
    """The file works without it: inside a function, a condition, or a try whose handler goes on."""
    level: int = 0
    """Leading dots of a relative import."""
    names: tuple[str, ...] = ()
    """What `from module import a, b` takes; a scan of lines sees those of the first line alone."""


def scan_imports(text: str) -> tuple[Imported, ...]:
    """Return the imports that stand on lines of their own; an indented one counts as guarded."""
    if "import" not in text:
        return ()
    found: list[Imported] = []
    line, position = 1, 0
    for match in IMPORT_LINE.finditer(text):
        line += text.count("\n", position, match.start())
        position = match.start()
        indent, dots, source, names = match.groups()
        if names is None:
            rest = text[match.end() : text.find("\n", match.end()) % (len(text) + 1)]
            taken = tuple(word[0] for part in rest.split(",") if (word := WORD.findall(part)))
            found.append(Imported(source, line, bool(indent), len(dots or ""), taken))
        else:
            modules = [part.split()[0] for part in names.split(",")]
            found += [Imported(name, line, bool(indent)) for name in modules]
    return tuple(found)


def imports_of(tree: ast.Module) -> Iterator[Imported]:
    """Yield all imports in the order of the file."""
    # A stack, not recursion: an `elif` chain nests as deep as a file is long.
    waiting: list[tuple[ast.AST, bool]] = [(node, False) for node in reversed(tree.body)]
    while waiting:
        node, guarded = waiting.pop()
        match node:
            case ast.Import():
                for alias in node.names:
                    yield Imported(alias.name, node.lineno, guarded)
            case ast.ImportFrom():
                taken = tuple(alias.name for alias in node.names)
                yield Imported(node.module or "", node.lineno, guarded, node.level, taken)
            case ast.Try() | ast.TryStar():
                optional = guarded or _goes_on_without(node)
                # The same module from another place (`sklearn.model_selection`, else
                # `sklearn.cross_validation`) is no way to go on without it.
                needed = _modules(node.body) & _modules(node.handlers)
                for child in _children(node):
                    same = isinstance(child, ast.Import | ast.ImportFrom) and (
                        _modules([child]) <= needed
                    )
                    waiting.append((child, guarded if same else optional))
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                waiting += [(child, True) for child in _children(node)]
            case ast.If():
                waiting += [
                    (child, guarded or not is_main_guard(node)) for child in _children(node)
                ]
            case _:
                waiting += [(child, guarded) for child in _children(node)]


def _children(node: ast.AST) -> list[ast.AST]:
    """Return the statements directly inside a statement, last first, as the stack wants them."""
    found: list[ast.AST] = []
    for name in ("body", "handlers", "cases", "orelse", "finalbody"):
        inner = getattr(node, name, None)
        if isinstance(inner, list):
            found += inner
    return found[::-1]


def _modules(nodes: Sequence[ast.AST]) -> set[str]:
    """Return the top-level names of what is imported absolutely anywhere below `nodes`."""
    found: set[str] = set()
    for node in nodes:
        for inner in ast.walk(node):
            if isinstance(inner, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in inner.names}
            elif isinstance(inner, ast.ImportFrom) and not inner.level and inner.module:
                found.add(inner.module.partition(".")[0])
    return found


def _goes_on_without(node: ast.Try | ast.TryStar) -> bool:
    """Whether a handler catches a failed import and neither raises nor leaves the program."""
    return _goes_on(node, IMPORT_ERRORS)


def goes_on_after_any(node: ast.Try | ast.TryStar) -> bool:
    """Whether a handler catches what a missing device raises and neither raises nor leaves the program."""
    return _goes_on(node, ANY_ERRORS)


def _goes_on(node: ast.Try | ast.TryStar, errors: Set[str]) -> bool:
    for handler in node.handlers:
        caught = handler.type
        kinds = caught.elts if isinstance(caught, ast.Tuple) else [caught] if caught else []
        names = {dotted_name(kind) for kind in kinds} or {""}
        if names & errors:
            last = handler.body[-1]
            leaves = isinstance(last, ast.Raise) or (
                isinstance(last, ast.Expr)
                and isinstance(last.value, ast.Call)
                and dotted_name(last.value.func) in LEAVING
            )
            return not leaves
    return False


def is_main_guard(node: ast.AST) -> bool:
    """Whether a statement is `if __name__ == "__main__":`."""
    return (
        isinstance(node, ast.If)
        and isinstance(node.test, ast.Compare)
        and {dotted_name(node.test.left), *map(dotted_name, node.test.comparators)} >= {"__name__"}
    )


def dotted_name(node: ast.expr) -> str:
    """Return a name or attribute chain as written, `?` for a base that is another expression."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    parts.append(node.id if isinstance(node, ast.Name) else "?")
    return ".".join(reversed(parts))
