"""Takes one line of shell apart: its calls, and the signs that join them. Nothing is run or expanded.

POSIX sh, as `/bin/sh -c` of the images has it: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html
"""

import re
from typing import Final, NamedTuple

ASSIGNMENT: Final = re.compile(r"[A-Za-z_]\w*\+?=")
OPERATORS: Final = ("&&", "||", ";;", "|&", "&", "|", ";")
"""Longer signs first. `&>` is bash's: for sh it is `&`, and a redirection of nothing."""
REDIRECTIONS: Final = (">>", ">|", ">&", "<&", "<>", ">", "<")
MAX_DEPTH: Final = 20
"""Nested substitutions; people write two."""


class Call(NamedTuple):
    """One command of a line."""

    words: tuple[str, ...]
    """Without quotes, redirections and the assignments in front; empty if there is nothing else."""
    joint: str
    """The sign in front of it; empty for the first."""
    stdin: str = ""
    """The file that it reads from by `<`."""


def calls(line: str) -> list[Call] | None:
    """Return the calls of a line in order, without grouping brackets; None if it is too complex.

    Too complex are unclosed quotes, here-documents, process substitutions and function definitions.
    """
    try:
        return _Reader(line).read()
    except _UnclearError:
        return None


class _UnclearError(Exception):
    """The line holds what is not read here."""


class _Reader:
    def __init__(self, line: str) -> None:
        self._line = line
        self._at = 0
        self._calls: list[Call] = []
        self._words: list[str] = []
        self._joint = ""
        self._stdin = ""
        self._target = ""
        """The redirection whose file is the next word."""
        self._is_call = False
        """Something stands here that has an exit status of its own."""
        self._behind_group = False

    def read(self) -> list[Call]:
        depth = 0
        while self._at < len(self._line):
            character = self._line[self._at]
            if character in " \t":
                self._at += 1
            elif character == "#":
                break
            elif character == "(":
                # Elsewhere than before a command: a function's name is in front of it.
                if self._is_call or self._target or self._behind_group:
                    raise _UnclearError
                depth += 1
                self._at += 1
            elif character == ")":
                depth -= 1
                self._end_call("")
                self._behind_group = True
                self._at += 1
            elif sign := self._starting(OPERATORS):
                self._end_call(sign)
                self._at += len(sign)
            elif character in "<>":
                self._redirect()
            else:
                self._word()
            if depth < 0:
                raise _UnclearError
        if depth or self._target:
            raise _UnclearError
        self._end_call("")
        if self._joint not in {"", ";"}:
            self._calls.append(Call((), self._joint))
        return self._calls

    def _starting(self, signs: tuple[str, ...]) -> str:
        return next((sign for sign in signs if self._line.startswith(sign, self._at)), "")

    def _redirect(self) -> None:
        if self._target or self._line[self._at : self._at + 2] in {"<<", "<(", ">("}:
            raise _UnclearError
        # Redirections after a group belong to the group and are not a call.
        self._is_call = self._is_call or not self._behind_group
        self._target = self._starting(REDIRECTIONS)
        self._at += len(self._target)

    def _word(self) -> None:
        start = self._at
        word = _word(self._line, start)
        self._at += word.length
        number = self._line[start : self._at].isdigit()
        if number and self._line[self._at : self._at + 1] in {"<", ">"}:
            return  # the number of what is redirected
        if self._target:
            self._stdin = word.text if self._target == "<" else self._stdin
            self._target = ""
        elif self._behind_group:
            raise _UnclearError
        else:
            self._is_call = True
            if self._words or not ASSIGNMENT.match(word.text):
                self._words.append(word.text)

    def _end_call(self, sign: str) -> None:
        if self._target:
            raise _UnclearError
        if self._is_call:
            self._calls.append(Call(tuple(self._words), self._joint, self._stdin))
            self._joint = ""
        self._words, self._stdin, self._is_call, self._behind_group = [], "", False, False
        # `(a; b) && c`: the end of a group brings no sign of its own.
        self._joint = sign or self._joint


class _Word(NamedTuple):
    text: str
    length: int


def _word(line: str, start: int) -> _Word:
    """Return the word at `start` without its quotes; expansions (`$…`) stay as written."""
    text, at = "", start
    while at < len(line) and line[at] not in " \t&|;<>()":
        match line[at]:
            case "'":
                end = line.find("'", at + 1)
                if end < 0:
                    raise _UnclearError
                text += line[at + 1 : end]
                at = end + 1
            case '"':
                inside, at = _double_quoted(line, at)
                text += inside
            case "\\":
                text += line[at + 1 : at + 2]
                at += 2
            case "$" | "`":
                end = _expansion(line, at)
                text += line[at:end]
                at = end
            case character:
                text += character
                at += 1
    return _Word(text, at - start)


def _double_quoted(line: str, start: int, depth: int = 0) -> tuple[str, int]:
    """Return what stands in the quotes that open at `start`, and the place behind them."""
    text, at = "", start + 1
    while at < len(line):
        character = line[at]
        if character == '"':
            return text, at + 1
        if character == "\\" and line[at + 1 : at + 2] in {"$", "`", '"', "\\"}:
            text += line[at + 1]
            at += 2
        elif character in "$`":
            end = _expansion(line, at, depth)
            text += line[at:end]
            at = end
        else:
            text += character
            at += 1
    raise _UnclearError


def _expansion(line: str, start: int, depth: int = 0) -> int:
    """Return the place behind the `$(…)`, `${…}`, `` `…` `` or `$` at `start`."""
    if depth > MAX_DEPTH:
        raise _UnclearError
    if line[start] == "`":
        return _until(line, start + 1, "", "`", depth)
    following = line[start + 1 : start + 2]
    if following == "'":
        # bash's $'…' is a `$` and a quoted word to sh.
        raise _UnclearError
    closing = {"(": ")", "{": "}"}.get(following)
    return _until(line, start + 2, following, closing, depth) if closing else start + 1


def _until(line: str, at: int, opening: str, closing: str, depth: int) -> int:
    """Return the place behind the `closing` that answers an `opening` before `at`, quotes respected."""
    level = 1
    while at < len(line):
        character = line[at]
        if character == closing:
            level -= 1
            at += 1
            if not level:
                return at
        elif character == opening:
            level += 1
            at += 1
        elif character == "\\":
            at += 2
        elif character == "'" and closing != "`":
            at = line.find("'", at + 1) + 1
            if not at:
                raise _UnclearError
        elif character == '"' and closing != "`":
            _, at = _double_quoted(line, at, depth + 1)
        elif character in "$`":
            at = _expansion(line, at, depth + 1)
        else:
            at += 1
    raise _UnclearError
