"""Reads from a script's syntax tree which command-line arguments it cannot do without.

Understood: argparse, optparse with a check of what is left over, click, typer, fire, absl flags, `sys.argv`.
"""

import ast
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

OPTIONAL_NARGS: Final = frozenset({"?", "*", "...", "A..."})
"""argparse: positional arguments that may be left out (https://docs.python.org/3/library/argparse.html#nargs)."""


class RequiredArguments(NamedTuple):
    """What a script must be given."""

    names: tuple[str, ...] = ()
    without_parser: bool = False
    """They are places of `sys.argv`, which no parser declares."""


def required_arguments(tree: ast.Module, nodes: Iterable[ast.AST]) -> RequiredArguments:
    """Return the arguments that must be given, in order of the file and each once.

    `nodes` are all nodes of the tree. Positional places of `sys.argv` are named `argv[1]`, `argv[2]`, …
    """
    calls = sorted(
        (node for node in nodes if isinstance(node, ast.Call)), key=lambda node: node.lineno
    )
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    found = [*_declared(calls), *_of_functions(calls, functions)]
    if not found and not any(
        _last_name(call) in {"ArgumentParser", "OptionParser"} for call in calls
    ):
        places = tuple(_places(tree))
        return RequiredArguments(places, without_parser=bool(places))
    return RequiredArguments(tuple(dict.fromkeys(found)))


def _declared(calls: Sequence[ast.Call]) -> Iterator[str]:
    """Yield what argparse, click and absl calls declare as required."""
    for call in calls:
        name, flags = _last_name(call), _texts(call.args)
        keywords = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
        required = _constant(keywords.get("required"))
        if name == "add_argument" and flags:
            positional = not flags[0].startswith("-")
            left_out = _constant(keywords.get("nargs")) in OPTIONAL_NARGS
            if required is True or (positional and not left_out):
                yield max(flags, key=len)
        elif name == "add_subparsers" and required is True:
            yield "command"
        elif name == "argument" and flags:
            if (
                required is not False
                and "default" not in keywords
                and _constant(keywords.get("nargs")) != -1
            ):
                yield flags[0]
        elif name == "option" and flags and required is True:
            yield flags[0]
        elif name == "mark_flag_as_required" and flags:
            yield f"--{flags[0]}"


def _of_functions(
    calls: Sequence[ast.Call], functions: dict[str, ast.FunctionDef]
) -> Iterator[str]:
    """Yield parameters without default of the one function that fire or typer starts."""
    for call in calls:
        if (
            _last_name(call) in {"Fire", "run"}
            and _base_name(call) in {"fire", "typer"}
            and call.args
        ):
            started = call.args[0]
            if isinstance(started, ast.Name) and started.id in functions:
                yield from _without_default(functions[started.id])


def _without_default(function: ast.FunctionDef) -> Iterator[str]:
    names = function.args.posonlyargs + function.args.args
    for name in names[: len(names) - len(function.args.defaults)]:
        yield name.arg


def _places(tree: ast.Module) -> Iterator[str]:
    """Yield the places of `sys.argv` that the file reads outside any condition on its length."""
    waiting: list[tuple[ast.AST, bool]] = [(tree, False)]
    places: set[int] = set()
    while waiting:
        node, conditional = waiting.pop()
        if isinstance(node, ast.Subscript) and _is_argv(node.value):
            place = _constant(node.slice)
            if isinstance(place, int) and place > 0 and not conditional:
                places.add(place)
        guarded = conditional or isinstance(node, ast.Try)
        if isinstance(node, ast.If | ast.IfExp):
            about_argv = any(_is_argv(inner) for inner in ast.walk(node.test))
            stops = isinstance(node, ast.If) and _stops(node.body)
            guarded = conditional or (about_argv and not stops)
        waiting += [(child, guarded) for child in ast.iter_child_nodes(node)]
    for place in range(1, max(places, default=0) + 1):
        yield f"argv[{place}]"


def _stops(body: Sequence[ast.stmt]) -> bool:
    """Whether a branch ends the program: then what follows still needs what was checked."""
    last = body[-1]
    if isinstance(last, ast.Expr) and isinstance(last.value, ast.Call):
        return _last_name(last.value) in {"exit", "quit", "_exit", "usage", "error"}
    return isinstance(last, ast.Raise | ast.Return)


def _is_argv(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr == "argv"
    return isinstance(node, ast.Name) and node.id == "argv"


def _last_name(call: ast.Call) -> str:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _base_name(call: ast.Call) -> str:
    base = call.func.value if isinstance(call.func, ast.Attribute) else call.func
    return base.id if isinstance(base, ast.Name) else ""


def _texts(arguments: Sequence[ast.expr]) -> list[str]:
    return [text for node in arguments if isinstance(text := _constant(node), str)]


def _constant(node: ast.expr | None) -> object:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _constant(node.operand)
        return -inner if isinstance(inner, int) else None
    return node.value if isinstance(node, ast.Constant) else None
