r"""Regular expressions over strangers' texts: none takes quadratic time for many line ends.

With MULTILINE `^` matches behind every line end, and `\s*` behind it runs over all that follow: 80,000 empty lines
took 26 seconds. `^[ \t]*` says what is meant.
"""

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser as sre_parser  # type: ignore[attr-defined]

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("paper2run", "tasks", "flows")
FILES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
CALLS = {"compile", "search", "match", "fullmatch", "split", "findall", "finditer", "sub", "subn"}
MANY = 1000
"""Repetitions that count as without a bound."""


def runs_over_lines(pattern: str, flags: int = 0) -> bool:
    """Whether a line's start is followed by a repetition that can run over line ends."""
    try:
        parsed = sre_parser.parse(pattern, flags)
    except (re.error, RecursionError, OverflowError):
        return False
    return bool(parsed.state.flags & re.MULTILINE) and _follows(list(parsed), parsed.state.flags)[0]


def _follows(items: list, flags: int) -> tuple[bool, bool]:
    """Return whether the shape is in `items`, and whether their end may still be a line's start."""
    at_start = False
    for kind, value in items:
        if kind is sre.AT:
            at_start = value is sre.AT_BEGINNING or at_start
            continue
        found, ends_at_start = False, False
        if kind in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
            least, most, inner = value
            if at_start and most > MANY and any(_takes_line_end(item, flags) for item in inner):
                return True, False
            found, ends_at_start = _follows(list(inner), flags)
            ends_at_start = ends_at_start or (at_start and least == 0)
        else:
            for inner in _branches(kind, value):
                # What stands before a group stands before each of its branches.
                before = [(sre.AT, sre.AT_BEGINNING)] if at_start else []
                one = _follows(before + list(inner), flags)
                found, ends_at_start = found or one[0], ends_at_start or one[1]
        if found:
            return True, False
        at_start = ends_at_start
    return False, at_start


def _branches(kind: object, value: object) -> Iterator[list]:
    if kind is sre.SUBPATTERN:
        yield value[3]
    elif kind is sre.BRANCH:
        yield from value[1]
    elif kind is sre.ATOMIC_GROUP:
        yield value
    elif kind is sre.ASSERT_NOT:
        # It takes nothing: what stands before it stands before what follows.
        yield []


def _takes_line_end(item: tuple, flags: int) -> bool:
    kind, value = item
    if kind is sre.IN:
        members = [
            _takes_line_end(member, flags) for member in value if member[0] is not sre.NEGATE
        ]
        return any(members) != (value[0][0] is sre.NEGATE)
    if kind is sre.CATEGORY:
        return value in (sre.CATEGORY_SPACE, sre.CATEGORY_NOT_WORD, sre.CATEGORY_NOT_DIGIT)
    if kind is sre.LITERAL:
        return value == ord("\n")
    if kind is sre.NOT_LITERAL:
        return value != ord("\n")
    if kind is sre.RANGE:
        return value[0] <= ord("\n") <= value[1]
    if kind is sre.ANY:
        return bool(flags & re.DOTALL)
    return any(
        _takes_line_end(inner, flags) for branch in _branches(kind, value) for inner in branch
    )


def strings(node: ast.AST) -> Iterator[ast.Constant]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            yield inner


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            if isinstance(owner, ast.Name) and owner.id == "re" and node.func.attr in CALLS:
                yield node


def suspects_in(path: Path) -> list[str]:
    tree = ast.parse(path.read_text())
    single_line = {
        id(constant)
        for call in calls(tree)
        if not {"MULTILINE", "M"} & {n.attr for n in ast.walk(call) if isinstance(n, ast.Attribute)}
        for constant in strings(call.args[0])
    }
    # A text that is no argument of a call may be a table's, used with whatever flags.
    return [
        f"{path.relative_to(ROOT)}:{constant.lineno}: {constant.value!r}"
        for constant in strings(tree)
        if "^" in constant.value
        and runs_over_lines(constant.value, 0 if id(constant) in single_line else re.MULTILINE)
    ]


def test_no_expression_runs_from_a_lines_start_over_further_lines() -> None:
    assert [suspect for path in FILES for suspect in suspects_in(path)] == []


def test_no_expression_that_is_put_together_from_parts_does_either() -> None:
    rooms = [path for path in FILES if path.relative_to(ROOT).parts[0] != "flows"]
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in rooms]
    compiled = [
        (f"{name}.{constant}", value)
        for name in names
        for constant, value in vars(importlib.import_module(name)).items()
        if isinstance(value, re.Pattern) and isinstance(value.pattern, str)
    ]
    assert len(compiled) > 300
    assert [name for name, value in compiled if runs_over_lines(value.pattern, value.flags)] == []


@pytest.mark.parametrize(
    ("pattern", "is_found"),
    [
        (r"^\s*a", True),
        (r"^\s+a", True),
        (r"(?:^|x)\s*a", True),
        (r"(^)(?:\s{2,}|b)a", True),
        (r"^(?!b)[^#]*a", True),
        (r"^b?[\s,]*a", True),
        (r"^(?:\n|b)*a", True),
        (r"^[ \t]*a", False),
        (r"^a\s*b", False),
        (r"^[^#\n]*a", False),
        (r"^.*a", False),
        (r"^\s{0,3}a", False),
    ],
)
def test_the_shape_is_told(pattern: str, is_found: bool) -> None:
    assert runs_over_lines(pattern, re.MULTILINE) is is_found
    assert not runs_over_lines(pattern)
