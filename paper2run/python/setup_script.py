"""Reads a setup.py as data: the arguments of its `setup()` call and what it imports. It is never run.

Scripts of Python 2 are read too. Follows assignments, list concatenation, branches on the interpreter's
version (kept as environment markers) and requirements files named literally.
"""

import ast
import posixpath
import re
import warnings
from dataclasses import dataclass, field
from typing import Final

from paper2run.formats.lined_text import LinedText, line_of
from paper2run.formats.structured import unreadable
from paper2run.formats.tree import RepoTree
from paper2run.model.facts import Unreadable
from paper2run.python.condition_markers import markers_of
from paper2run.python.literal_values import UNKNOWN, Evaluator, FileText, added
from paper2run.python.python_dialects import rewrite
from paper2run.python.python_imports import dotted_name

SETUP_CALLS: Final = re.compile(
    r"^(?:(?:setuptools|skbuild|distutils\.core|numpy\.distutils\.core|core)\.)?setup$"
)

BUILD_NAMES: Final = frozenset(
    {"setup", "setuptools", "distutils", "exec", "execfile", "runpy", "import_module", "__import__"}
)


@dataclass
class SetupScript:
    """What a setup.py says."""

    tree: ast.Module
    keywords: dict[str, object] = field(default_factory=dict)
    """Arguments of the `setup()` call that could be worked out."""
    line: int = 0
    """Line of the call; 0 where none was found."""

    @property
    def sets_up(self) -> bool:
        """Whether the script names `setup` or hands over to another file; else it only has the name of one."""
        if self.line:
            return True
        named: set[str] = set()
        for node in ast.walk(self.tree):
            match node:
                case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name):
                    named |= {*name.split(".")}
                case ast.ImportFrom(module=str(name)):
                    named |= {*name.split(".")}
                case _:
                    pass
        return not named.isdisjoint(BUILD_NAMES)

    def texts(self, keyword: str) -> list[str | FileText]:
        """Return the texts and files of an argument that is a list or a text with one item per line."""
        return flattened(self.keywords.get(keyword))


def read_setup(tree: RepoTree, path: str) -> SetupScript | Unreadable:
    """Return what the script at `path` says, or why it cannot be read."""
    return tree.once(_all_scripts).get(path) or unreadable(path, "not there", cause="absent")


def flattened(value: object) -> list[str | FileText]:
    """Return the texts and files of a list or of a single one.

    A text of several lines gives one item per line.
    """
    found: list[str | FileText] = []
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, str):
            lines = enumerate(item.splitlines(), line_of(item))
            found += [_at(line.strip(), item, number) for number, line in lines if line.strip()]
        elif isinstance(item, FileText):
            found.append(item)
    return list(dict.fromkeys(found))


def _at(line: str, whole: str, number: int) -> LinedText:
    """Return one line of a text; its number counts from the text's own, where that is known."""
    return LinedText.at(line, number if line_of(whole) else 0)


def parse_leniently(text: str) -> ast.Module:
    """Return the syntax tree of a script of any Python. SyntaxError if no rewriting makes it readable."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return _parsed(text)
        except TabError:
            return _parsed(rewrite(text, tabs_mixed=True).text)
        except SyntaxError:
            return _parsed(rewrite(text).text)


def _parsed(text: str) -> ast.Module:
    try:
        return ast.parse(text)
    except (ValueError, RecursionError, MemoryError) as error:
        # Zero bytes, and what is nested deeper than the parser can go: it says so in three ways.
        raise SyntaxError(str(error) or "nested too deeply") from error


def _all_scripts(tree: RepoTree) -> dict[str, SetupScript | Unreadable]:
    return {path: _read(tree, path) for path in tree.matching("setup.py")}


def _read(tree: RepoTree, path: str) -> SetupScript | Unreadable:
    text = tree.read(path)
    if isinstance(text, Unreadable):
        return text
    try:
        script = SetupScript(parse_leniently(text))
        _Walk(script).run()
    except SyntaxError as error:
        return unreadable(path, f"not Python: {error.msg}", error.lineno or 0)
    except (ValueError, RecursionError, MemoryError) as error:
        return unreadable(path, f"not Python: {type(error).__name__} {error}")
    return script


class _Walk:
    """Goes through the statements in order and notes the arguments of the first `setup()` call."""

    def __init__(self, script: SetupScript) -> None:
        self._script = script
        functions = {n.name: n for n in ast.walk(script.tree) if isinstance(n, ast.FunctionDef)}
        self._evaluator = Evaluator(functions=functions)
        self._unfollowed = functions.copy()

    def run(self) -> None:
        self._block(self._script.tree.body)
        while self._unfollowed and not self._script.line:
            self._follow(next(iter(self._unfollowed)))

    def _follow(self, name: str) -> None:
        """Go through a function's body, once: functions that call each other would never end."""
        function = self._unfollowed.pop(name, None)
        if function is not None and not self._script.line:
            self._block(function.body)

    def _block(self, statements: list[ast.stmt]) -> None:
        for statement in statements:
            self._statement(statement)

    def _statement(self, node: ast.stmt) -> None:
        names = self._evaluator.names
        match node:
            case ast.Assign(targets=[ast.Name(id=name)]):
                self._expression(node.value)
                names[name] = self._evaluator.value(node.value)
            case ast.AnnAssign(target=ast.Name(id=name)) if node.value:
                names[name] = self._evaluator.value(node.value)
            case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=name), slice=key)]):
                self._set_item(names.get(name), self._evaluator.value(key), node.value)
            case ast.AugAssign(target=ast.Name(id=name), op=ast.Add()):
                names[name] = added(names.get(name, UNKNOWN), self._evaluator.value(node.value))
            case ast.Expr():
                self._expression(node.value)
            case ast.If():
                self._branches(node)
            case ast.Try():
                for block in (node.body, *(handler.body for handler in node.handlers)):
                    self._block(block)
                self._block(node.orelse + node.finalbody)
            case ast.With():
                for item in node.items:
                    if isinstance(item.optional_vars, ast.Name):
                        names[item.optional_vars.id] = self._evaluator.value(item.context_expr)
                self._block(node.body)
            case ast.For(target=ast.Name(id=name)):
                names[name] = self._evaluator.value(node.iter)
                self._block(node.body)
            case _:
                return

    def _set_item(self, owner: object, key: object, value: ast.expr) -> None:
        if isinstance(owner, dict) and isinstance(key, str):
            owner[key] = self._evaluator.value(value)

    def _expression(self, node: ast.expr) -> None:
        if not isinstance(node, ast.Call):
            return
        name = dotted_name(node.func)
        if SETUP_CALLS.match(name):
            self._note_setup(node)
        elif isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
            self._method(node.func.value.id, node.func.attr, node)
        else:
            self._follow(name)

    def _method(self, owner: str, method: str, node: ast.Call) -> None:
        """Follow `name.append(…)`, `.extend(…)`, `.insert(…)` and `.update(…)`."""
        known = _as_list(self._evaluator.names.get(owner))
        value = self._evaluator.value(node.args[-1] if node.args else None)
        if isinstance(known, list) and method in {"append", "extend", "insert"}:
            self._evaluator.names[owner] = added(known, value)
        elif isinstance(known, dict) and method == "update":
            words = {
                word.arg: self._evaluator.value(word.value) for word in node.keywords if word.arg
            }
            known.update({**value, **words} if isinstance(value, dict) else words)

    def _note_setup(self, node: ast.Call) -> None:
        if self._script.line:
            return
        self._script.line = node.lineno
        for word in node.keywords:
            value = self._evaluator.value(word.value)
            if word.arg:
                self._script.keywords[word.arg] = value
            elif isinstance(value, dict):
                self._script.keywords |= value

    def _branches(self, node: ast.If) -> None:
        """Follow both branches; what only one of them puts into a list keeps the condition as a marker."""
        marker, contrary = markers_of(node.test)
        before = dict(self._evaluator.names)
        self._block(node.body)
        taken = self._evaluator.names
        self._evaluator.names = {**before} if marker else taken
        self._block(node.orelse)
        other = self._evaluator.names
        if not marker:
            return
        merged = {**taken, **other}
        for name in merged:
            left, right = _as_list(taken.get(name)), _as_list(other.get(name))
            if isinstance(left, list) and (isinstance(right, list) or right is None):
                merged[name] = _merged(
                    _as_list(before.get(name)), left, right or [], marker, contrary
                )
            elif isinstance(right, list) and left is None:
                merged[name] = _merged([], [], right, marker, contrary)
        self._evaluator.names = merged


def _merged(
    before: object, left: list[object], right: list[object], marker: str, contrary: str
) -> list[object]:
    known = _plain(before) if isinstance(before, list) else {}
    lefts, rights = _plain(left), _plain(right)
    both = [item for item in lefts if item in rights]
    found: list[object] = [item for item in both if item in known]
    found += [item for item in both if item not in known]
    found += [_marked(item, marker) for item in lefts if item not in rights]
    found += [_marked(item, contrary) for item in rights if item not in lefts]
    return found


def _marked(item: str | FileText, marker: str) -> str | FileText:
    return item if isinstance(item, FileText) else LinedText.at(f"{item}; {marker}", line_of(item))


def _as_list(value: object) -> object:
    """Return the lines of a file as the list they are, and any other value as it is."""
    return [value] if isinstance(value, FileText) else value


def _plain(items: list[object]) -> dict[str | FileText, None]:
    """Return the texts and files of a list as an ordered set."""
    return {item: None for item in items if isinstance(item, str | FileText)}


def beside(path: str, name: str) -> str:
    """Return the path of a file that the script at `path` names, below the repository."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
