"""Reads one Python file of any version as data: imports, calls, definitions, arguments.

Nothing is imported or run. A file that today's parser refuses is rewritten (python_dialects.py) and parsed
again; one that still fails is broken and keeps what its import lines say.
"""

import ast
import re
import warnings
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from paper2run.python.annotation_versions import annotation_syntax
from paper2run.python.python_dialects import Syntax, rewrite
from paper2run.python.python_imports import (
    Imported,
    dotted_name,
    goes_on_after_any,
    imports_of,
    is_main_guard,
    scan_imports,
)
from paper2run.python.python_versions import versioned_syntax
from paper2run.python.script_arguments import RequiredArguments, required_arguments

ARGUMENT_WORDS: Final = re.compile(r"argv|add_argument|click|typer|Fire|flag_as_required")
"""What a file that reads its command line holds."""
SETTINGS: Final = (
    "warnings.", "logging.", "sys.path.", "os.environ.", "os.chdir", "matplotlib.", "mpl.", "plt.rc", "plt.style",
    "np.random.seed", "numpy.random.seed", "random.seed", "np.set_printoptions", "torch.manual_seed",
    "torch.set_", "sns.set", "pd.set_option", "pd.options", "tf.logging", "locale.", "signal.",
)  # fmt: skip
"""Beginnings of calls at the top of a module that prepare something and do no work of their own."""


@dataclass(frozen=True, slots=True)
class Called:
    """One call, where its target has a name."""

    name: str
    """Dotted as written, `?` for a part that is an expression: `torch.device`, `?.cuda`."""
    line: int
    arguments: tuple[str, ...] = ()
    """The first two positional arguments; empty text where one is no literal text."""
    keywords: tuple[tuple[str, str], ...] = ()
    """Keyword arguments with the value's source, for literals and names; otherwise empty text."""
    guarded: bool = False
    """It stands in a `try` whose handler goes on after any failure of it."""


@dataclass(frozen=True, slots=True)
class PythonSource:
    """What one file says about itself."""

    imports: tuple[Imported, ...] = ()
    calls: tuple[Called, ...] = ()
    definitions: tuple[str, ...] = ()
    """Names of the functions and classes at the top level."""
    main_line: int = 0
    """Line of `if __name__ == "__main__"`; 0 without one."""
    work_line: int = 0
    """First line at the top level that does work when the file is started; 0 for a mere library."""
    idle: bool = False
    """A start does nothing for sure: the top level and the main block hold imports, definitions and constants alone."""
    arguments: tuple[str, ...] = ()
    """Command-line arguments without which it stops."""
    without_parser: bool = False
    """The arguments are places of `sys.argv`, which no parser declares."""
    syntax: tuple[Syntax, ...] = ()
    broken: str = ""
    """The parser's words where no version of Python accepts the file."""
    broken_line: int = 0


def parse(text: str) -> PythonSource:
    """Return what a file's text says; never an error."""
    try:
        return _read(_tree(text), text, ())
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        first = error
    for tabs_mixed in (False, True):
        rewritten = rewrite(text, tabs_mixed=tabs_mixed)
        try:
            return _read(_tree(rewritten.text), text, rewritten.syntax)
        except TabError:
            continue
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            break
    return PythonSource(
        imports=scan_imports(text),
        broken=(first.msg if isinstance(first, SyntaxError) else str(first))
        or type(first).__name__,
        broken_line=(first.lineno or 0) if isinstance(first, SyntaxError) else 0,
    )


def literal_text(node: ast.expr) -> str:
    """Return a literal text, also one put together by `+` or `os.path.join`; empty for anything else."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.Call) and dotted_name(node.func) in {"os.path.join", "Path", "join"}:
        parts = [literal_text(argument) for argument in node.args]
        return "/".join(parts) if parts and all(parts) else ""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = literal_text(node.left), literal_text(node.right)
        return left + right if left and right else ""
    return ""


def _tree(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)


def _read(tree: ast.Module, text: str, syntax: tuple[Syntax, ...]) -> PythonSource:
    nodes = list(ast.walk(tree))
    main = next((node.lineno for node in tree.body if is_main_guard(node)), 0)
    reads_arguments = ARGUMENT_WORDS.search(text) is not None
    required = required_arguments(tree, nodes) if reads_arguments else RequiredArguments()
    return PythonSource(
        imports=tuple(imports_of(tree)),
        calls=tuple(_calls(nodes)),
        definitions=tuple(
            node.name
            for node in tree.body
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        ),
        main_line=main,
        work_line=next((node.lineno for node in tree.body if _does_work(node)), 0),
        idle=_is_idle(tree),
        arguments=required.names,
        without_parser=required.without_parser,
        syntax=(*syntax, *versioned_syntax(nodes), *annotation_syntax(tree, nodes)),
    )


def _is_idle(tree: ast.Module) -> bool:
    """Whether nothing is called as the file is started, or only functions of its own that hold nothing."""
    hollow = {
        node.name
        for node in tree.body
        # A decorator may make a program of it.
        if isinstance(node, ast.FunctionDef)
        and not node.decorator_list
        and all(map(_holds_nothing, node.body))
    }
    waiting: list[ast.stmt] = [*tree.body]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and is_main_guard(node):
            waiting += node.body
        elif not _does_nothing(node, hollow):
            return False
    return True


def _does_nothing(node: ast.stmt, hollow: Collection[str]) -> bool:
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.Expr):
        # `data = read()` may be the work.
        calls = [inner for inner in ast.walk(node) if isinstance(inner, ast.Call)]
        return all(isinstance(call.func, ast.Name) and call.func.id in hollow for call in calls)
    return isinstance(
        node,
        ast.Import
        | ast.ImportFrom
        | ast.FunctionDef
        | ast.AsyncFunctionDef
        | ast.ClassDef
        | ast.Pass,
    )


def _holds_nothing(node: ast.stmt) -> bool:
    """Whether a statement of a function is `pass`, a remark, or the return of nothing."""
    if isinstance(node, ast.Expr | ast.Return):
        return node.value is None or isinstance(node.value, ast.Constant)
    return isinstance(node, ast.Pass)


def _does_work(node: ast.stmt) -> bool:
    if isinstance(node, ast.For | ast.While | ast.With):
        return True
    if not isinstance(node, ast.Expr | ast.Assign) or not isinstance(node.value, ast.Call):
        return False
    name = dotted_name(node.value.func)
    return isinstance(node, ast.Expr) and not name.startswith(SETTINGS)


def _calls(nodes: Collection[ast.AST]) -> Iterator[Called]:
    """Yield the calls among the nodes of a file, with those that may fail marked."""
    guarded = {
        inner
        for node in nodes
        if isinstance(node, ast.Try | ast.TryStar) and goes_on_after_any(node)
        for statement in node.body
        for inner in ast.walk(statement)
        if isinstance(inner, ast.Call)
    }
    for node in nodes:
        if isinstance(node, ast.Call):
            yield _called(node, guarded=node in guarded)


def _called(node: ast.Call, *, guarded: bool) -> Called:
    keywords = tuple(
        (keyword.arg, _source(keyword.value)) for keyword in node.keywords if keyword.arg
    )
    arguments = tuple(literal_text(argument) for argument in node.args[:2])
    return Called(dotted_name(node.func), node.lineno, arguments, keywords, guarded)


def _source(node: ast.expr) -> str:
    """Return a literal or a name as source text; empty for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    return repr(node.value) if isinstance(node, ast.Constant) else ""
