"""Turns a script's conditions on interpreter and platform into environment markers.

https://packaging.python.org/en/latest/specifications/dependency-specifiers/#environment-markers
"""

import ast
import re
from typing import Final

from paper2run.python.python_imports import dotted_name

VERSION_INFO: Final = frozenset(
    {"sys.version_info", "version_info", "sys.version_info.major", "platform.python_version_tuple"}
)
OPERATORS: Final[dict[type[ast.cmpop], tuple[str, str]]] = {
    ast.Lt: ("<", ">="),
    ast.LtE: ("<=", ">"),
    ast.Gt: (">", "<="),
    ast.GtE: (">=", "<"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
}
"""Operator in a marker, and the operator of its contrary."""
WHOLE_VERSION: Final = {(">", "<="): (">=", "<"), ("<=", ">"): ("<", ">=")}
BEFORE_3: Final = 'python_version < "3"'
SINCE_3: Final = 'python_version >= "3"'
VERSION_TEXT: Final = re.compile(
    r"^(?:sys\.|platform\.)?(?:py|python|sys)?_?version(?:_(?:suffix|short|string|str))?$",
    re.IGNORECASE,
)
"""Names under which scripts keep the interpreter's version as text, such as `3.4`."""
PYTHON_FLAGS: Final = {"PY2": (BEFORE_3, SINCE_3), "PY3": (SINCE_3, BEFORE_3)}
"""Flags of six and of many scripts' own, by their last name."""


def markers_of(test: ast.expr) -> tuple[str, str]:
    """Return a condition on interpreter or platform as a marker, and its negation.

    Two empty texts for any other condition.
    """
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        marker, contrary = markers_of(test.operand)
        return contrary, marker
    if isinstance(test, ast.Name | ast.Attribute):
        flag = PYTHON_FLAGS.get(dotted_name(test).rpartition(".")[2])
        return flag or ("", "")
    if isinstance(test, ast.Call):
        return _platform_markers(test)
    if not isinstance(test, ast.Compare) or len(test.ops) != 1:
        return "", ""
    operators = OPERATORS.get(type(test.ops[0]))
    left = test.left
    whole = not (isinstance(left, ast.Subscript) and isinstance(left.slice, ast.Constant))
    name = dotted_name(left.value if isinstance(left, ast.Subscript) else left)
    value = _literal(test.comparators[0])
    if operators is None:
        return "", ""
    if name in {"sys.platform", "os.name"} and isinstance(value, str):
        variable = name.replace(".", "_")
        return f'{variable} {operators[0]} "{value}"', f'{variable} {operators[1]} "{value}"'
    if VERSION_TEXT.match(name) and isinstance(value, str):
        return _version_markers(operators, value.split(".")[:2], by_major=False)
    if name not in VERSION_INFO:
        return "", ""
    numbers = value if isinstance(value, tuple) else (value,)
    if not numbers or not all(isinstance(number, int) for number in numbers):
        return "", ""
    by_major = name.endswith("major") or not whole
    if not by_major and not isinstance(left, ast.Subscript):
        # (2, 7, 18, …) > (2, 7): a whole version is never equal to its beginning.
        operators = WHOLE_VERSION.get(operators, operators)
    return _version_markers(operators, [str(number) for number in numbers[:2]], by_major)


def _literal(node: ast.expr) -> object:
    try:
        value: object = ast.literal_eval(node)
    except (ValueError, TypeError, MemoryError, RecursionError):
        return None
    return value


def _platform_markers(test: ast.Call) -> tuple[str, str]:
    """Return the markers of `sys.platform.startswith("win")`; empty for any other call."""
    beginning = _literal(test.args[0]) if test.args else None
    if dotted_name(test.func) != "sys.platform.startswith" or not isinstance(beginning, str):
        return "", ""
    platform = "win32" if beginning == "win" else beginning
    return f'sys_platform == "{platform}"', f'sys_platform != "{platform}"'


def _version_markers(
    operators: tuple[str, str], numbers: list[str], by_major: bool
) -> tuple[str, str]:
    """Return the markers of a version comparison and of its negation.

    A comparison of the major version alone becomes one of `python_version` with X.0.
    """
    if not all(number.isdecimal() for number in numbers):
        return "", ""
    major = int(numbers[0])
    if by_major and operators[0] in {"==", "<=", ">", "!="}:
        # major == 2 is < 3; major > 2 is >= 3.
        low, high = f'python_version < "{major + 1}"', f'python_version >= "{major + 1}"'
        if operators[0] in {"==", "!="} and major >= 3:
            low, high = f'python_version >= "{major}"', f'python_version < "{major}"'
            return (low, high) if operators[0] == "==" else (high, low)
        return (low, high) if operators[0] in {"==", "<="} else (high, low)
    version = ".".join(numbers)
    return (
        f'python_version {operators[0]} "{version}"',
        f'python_version {operators[1]} "{version}"',
    )
