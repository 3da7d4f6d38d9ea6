"""Judges a model's smoke command: does it run the repository, and end with that program's status?

It must run an interpreter, a test or build runner, or a program of the repository's own. The rule
lists what may run rather than what may not: `grep -c '' main.py` and `true # python main.py` show
nothing, and such words are endless.
"""

import ast
import re
import warnings
from collections.abc import Collection, Iterator, Sequence
from itertools import takewhile
from pathlib import PurePosixPath
from typing import Final, Literal

from paper2run.planners.shell_line import ASSIGNMENT, Call, calls
from paper2run.planners.smoke_programs import (
    CHECK_OPTIONS,
    CODE_OPTIONS,
    ENDING,
    ENVIRONMENTS,
    HARMLESS_SET,
    INTERPRETERS,
    KEYWORDS,
    LAUNCHER_MODULES,
    LOOK_OPTIONS,
    LOOKERS,
    MAKE_LOOKS,
    PRINTERS,
    PYTHON,
    RUN_BY_CODE,
    RUNNER_MODULES,
    RUNNERS,
    SHELLS,
    WITH_SUBCOMMAND,
    WRAPPERS,
)

Judgement = Literal["runs", "hides", "nothing"]
"""`hides`: its exit status need not be the program's; `nothing`: it runs nothing of the repository."""

MAX_DEPTH: Final = 5
"""Nested shells: `sh -c "bash -c …"`."""


def judge(command: str, own: Collection[str], depth: int = 0) -> Judgement:
    """Return what a smoke command does; `own` are names of the repository's modules, programs and files."""
    line = _without_exits(calls(command))
    if line is None or depth > MAX_DEPTH:
        return "hides"
    judged = [_call(call, own, depth) for call in line]
    # `a; b` ends as `b` does, whatever became of `a`.
    last = max((number for number, call in enumerate(line) if call.joint == ";"), default=0)
    is_read = all(_is_plain(call, is_last=number >= last) for number, call in enumerate(line))
    if "hides" in judged or ("runs" in judged and "runs" not in judged[last:]):
        return "hides"
    if not is_read:
        return "hides"
    return "runs" if "runs" in judged[last:] else "nothing"


def _without_exits(line: list[Call] | None) -> list[Call] | None:
    """Return the calls without `|| exit N`: an alternative that fails itself."""
    if line is None:
        return None
    return [
        call
        for call in line
        if not (call.joint == "||" and len(call.words) == 2 and _fails(*call.words))
    ]


def _fails(word: str, status: str) -> bool:
    return word == "exit" and status.isdecimal() and int(status[:9]) % 256 != 0


def _is_plain(call: Call, *, is_last: bool) -> bool:
    """Whether a call is joined by `&&` or `;` and leaves the status of the line alone."""
    if call.joint not in {"", "&&", ";"}:
        return False
    if not call.words:
        return True
    first = call.words[0]
    if first in KEYWORDS:
        return False
    if first == "set":
        return all(HARMLESS_SET.fullmatch(word) for word in call.words[1:])
    return first not in ENDING or (first == "exec" and is_last)


def _call(call: Call, own: Collection[str], depth: int) -> Judgement:
    words = _unwrapped(call.words)
    if not words or words[-1] in {"-V", "--version"}:
        return "nothing"
    program, arguments = PurePosixPath(words[0]).name, words[1:]
    if program in SHELLS:
        return _shell(arguments, call.stdin, own, depth)
    if PYTHON.fullmatch(program):
        runs = _python(arguments, call.stdin, own)
    elif program in INTERPRETERS:
        runs = _interpreter(program, arguments, call.stdin, own)
    elif program in RUNNERS:
        runs = _runner(program, arguments)
    else:
        runs = _is_own_program(words[0], own)
    return "runs" if runs else "nothing"


def _unwrapped(words: Sequence[str]) -> Sequence[str]:
    """Return the words from the wrapped program on: after the wrappers, their options and assignments."""
    while words:
        name = PurePosixPath(words[0]).name
        if name in ENVIRONMENTS and words[1:2] == ("run",):
            rest = words[2:]
        elif name in WRAPPERS and not (name == "command" and words[1:2] in {("-v",), ("-V",)}):
            rest = words[1:]
        else:
            return words
        before = ""
        skipped = 0
        for word in rest:
            is_value = before.startswith("-") and "=" not in before and not _is_program(word)
            if not (
                word.startswith("-")
                or ASSIGNMENT.match(word)
                or re.fullmatch(r"[\d.]+[smhd]?", word)
                or is_value
            ):
                break
            before = word
            skipped += 1
        words = rest[skipped:]
    return words


def _is_program(word: str) -> bool:
    name = PurePosixPath(word).name
    known = LOOKERS | SHELLS | INTERPRETERS | RUNNERS | WRAPPERS | ENVIRONMENTS
    return name in known or PYTHON.fullmatch(name) is not None


def _python(arguments: Sequence[str], stdin: str, own: Collection[str]) -> bool:
    """Whether Python runs a script, module or code of the repository; options are those of 2.7 to 3.13."""
    rest = list(arguments)
    while rest and rest[0].startswith("-") and rest[0] != "-":
        option = rest.pop(0)
        if option.startswith("--"):
            if option.startswith(("--version", "--help")):
                return False
            continue
        for place, letter in enumerate(option[1:], 2):
            # `-i` ends with status 0 at the end of its input, whatever the script did.
            if letter in "Vh?i":
                return False
            if letter in "cmWXQ":
                value = option[place:] or (rest.pop(0) if rest else "")
                if letter == "c":
                    return _is_own_code(value, own)
                if letter == "m":
                    return _module(value, rest, own)
                break
    if not rest or rest[0] == "-":
        return _names(stdin, own)
    if PurePosixPath(rest[0]).name == "setup.py" and rest[1:2] and rest[1].startswith("-"):
        return False
    return _names(rest[0], own) or rest[0].startswith("./")


def _module(module: str, arguments: Sequence[str], own: Collection[str]) -> bool:
    if module.split(".")[0] in RUNNER_MODULES:
        return LOOK_OPTIONS.isdisjoint(arguments)
    if LAUNCHER_MODULES.fullmatch(module):
        return any(_names(word, own) or word in RUNNER_MODULES for word in arguments)
    return _names(module, own) or f"{module.rpartition('.')[2]}.py" in own


def _is_own_code(code: str, own: Collection[str]) -> bool:
    """Whether Python code imports something of the repository, or calls something by a name of it."""
    if RUN_BY_CODE.search(code):
        return True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        # Python 2's own syntax: what is no comment counts.
        return _names(re.sub(r"#.*", "", code), own)
    # What an `except` catches shows nothing.
    caught = {
        id(node)
        for found in ast.walk(tree)
        if isinstance(found, ast.Try)
        for node in _inside(found)
    }
    nodes = [node for node in ast.walk(tree) if id(node) not in caught]
    return any(_is_own_module(name, own) for node in nodes for name in _imported(node)) or any(
        _names(text, own) for node in nodes for text in _texts_of_call(node)
    )


def _inside(found: ast.Try) -> Iterator[ast.AST]:
    for statement in found.body if found.handlers else ():
        yield from ast.walk(statement)


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [f"{node.module or ''}.{alias.name}" for alias in node.names]
    return []


def _is_own_module(name: str, own: Collection[str]) -> bool:
    known = {one.replace("-", "_") for one in own}
    return any(part in known or f"{part}.py" in known for part in name.split("."))


def _texts_of_call(node: ast.AST) -> list[str]:
    if not isinstance(node, ast.Call):
        return []
    if isinstance(node.func, ast.Name) and node.func.id in PRINTERS:
        return []
    given = [*node.args, *(keyword.value for keyword in node.keywords)]
    return [
        inner.value
        for argument in given
        for inner in ast.walk(argument)
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str)
    ]


def _shell(arguments: Sequence[str], stdin: str, own: Collection[str], depth: int) -> Judgement:
    """Return what a shell does with its line (`-c`) or script."""
    options = list(takewhile(lambda word: word.startswith("-"), arguments))
    rest = arguments[len(options) :]
    letters = "".join(option[1:] for option in options if not option.startswith("--"))
    if "n" in letters or not LOOK_OPTIONS.isdisjoint(options):
        return "nothing"
    if "c" in letters:
        return judge(rest[0], own, depth + 1) if rest else "nothing"
    script = rest[0] if rest else stdin
    return "runs" if _names(script, own) or script.startswith("./") else "nothing"


def _interpreter(program: str, arguments: Sequence[str], stdin: str, own: Collection[str]) -> bool:
    """Whether an interpreter or compiler is given a file or code of the repository."""
    if arguments[:1] and (arguments[0] in LOOK_OPTIONS or arguments[0] == "-v"):
        return False
    check = CHECK_OPTIONS.get(program)
    if check and any(check.fullmatch(word) for word in arguments):
        return False
    for number, word in enumerate(arguments):
        option, _, value = word.partition("=")
        if CODE_OPTIONS.fullmatch(option):
            code = value or " ".join(arguments[number + 1 : number + 2])
            return _names(code, own) or RUN_BY_CODE.search(code) is not None
        if program in {"perl", "ruby"} and re.match(r"-[elnpw]*e.", word):
            return _names(word, own)
    given = (*arguments, stdin)
    return any(
        _names(word, own) or word.startswith("./") or word in RUNNER_MODULES for word in given
    )


def _runner(program: str, arguments: Sequence[str]) -> bool:
    if not LOOK_OPTIONS.isdisjoint(arguments):
        return False
    if program in {"make", "gmake"}:
        return not any(_is_make_look(word) for word in arguments)
    if program == "ctest":
        return "-N" not in arguments
    wanted = WITH_SUBCOMMAND.get(program)
    first = next((word for word in arguments if program == "cmake" or not word.startswith("-")), "")
    return wanted is None or wanted.fullmatch(first) is not None


def _is_make_look(word: str) -> bool:
    # A cluster ends at the letter that takes a value: `-Cinput`, `-fprintable.mk`.
    cluster = re.split(r"[CfIjlOoW]", word)[0] if re.match(r"-[a-zA-Z]", word) else word
    return MAKE_LOOKS.fullmatch(cluster) is not None


def _is_own_program(word: str, own: Collection[str]) -> bool:
    """Whether a word names a program of the repository: by its name, or by a path below the checkout."""
    if PurePosixPath(word).name in own:
        return True
    inside = not word.startswith("/") or word.startswith("/repo/")
    return "/" in word and inside and ".." not in word.split("/") and "$" not in word


def _names(text: str, own: Collection[str]) -> bool:
    """Whether a text holds a name of the repository as a word."""
    return any(re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text) for name in own)
