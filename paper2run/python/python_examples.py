"""Turns a documented Python example into one shell command.

The example must stand on its own and use the repository.
"""

import ast
import builtins
import json
import re
import shlex
import warnings
from collections.abc import Iterator
from typing import Final

from packaging.utils import canonicalize_name

from paper2run.model.facts import Command
from paper2run.model.value import Source

MAX_EXAMPLE_CHARS: Final = 3_000
"""A longer example is a program that should be a file."""
PROMPT: Final = re.compile(r"^(?:>>>|\.\.\.)(?: |$)|^In \[\d+\]: ")
SESSION: Final = re.compile(r"^(?:>>>|In \[\d+\]:)", re.MULTILINE)


def example_commands(text: str, source: Source, *, own: frozenset[str]) -> Iterator[Command]:
    """Yield `python -c …` for an example that imports the repository's own package.

    An example that uses an undefined name gives nothing.
    """
    if SESSION.search(text):
        lines = (line for line in text.split("\n") if PROMPT.match(line))
        text = "\n".join(PROMPT.sub("", line) for line in lines)
    if len(text) > MAX_EXAMPLE_CHARS or "import" not in text:
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            nodes = list(ast.walk(ast.parse(text)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    if not _imported(nodes) & own or _leaves_open(nodes):
        return
    code = text.strip("\n")
    script = code if "\n" not in code else f"exec({json.dumps(code, ensure_ascii=False)})"
    line = f"python -c {shlex.quote(script)}"
    yield Command(purpose="run", line=line, form="python-example", source=source)


def example_code(line: str) -> str:
    """Return the Python of a command of `example_commands`, also behind `cd FOLDER &&`; else nothing."""
    _, found, words = line.partition("python -c ")
    if not found:
        return ""
    try:
        code = next(iter(shlex.split(words)), "")
        return str(json.loads(code[len("exec(") : -1])) if code.startswith("exec(") else code
    except ValueError:
        return ""  # an exec of the example's own


def only_imports(line: str) -> bool:
    """Whether a command of `example_commands`, also behind `cd FOLDER &&`, does no more than import."""
    code = example_code(line)
    try:
        nodes = ast.parse(code).body if code else []
    except SyntaxError:
        return False  # of a user's own, or of Python 2
    return bool(nodes) and all(isinstance(node, ast.Import | ast.ImportFrom) for node in nodes)


def _imported(nodes: list[ast.AST]) -> frozenset[str]:
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    return frozenset(canonicalize_name(name.partition(".")[0]) for name in names)


def _leaves_open(nodes: list[ast.AST]) -> bool:
    """Whether the example uses names that it does not bind, or an ellipsis for what the reader knows."""
    bound = set(dir(builtins))
    for node in nodes:
        match node:
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                bound |= {(alias.asname or alias.name).partition(".")[0] for alias in aliases}
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                bound.add(name)
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                bound.add(name)
            case ast.ExceptHandler(name=str() as name):
                bound.add(name)
            case ast.Constant(value=value) if value is ...:
                return True
            case _:
                continue
    if "*" in bound:
        return False
    used = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    return not used <= bound
