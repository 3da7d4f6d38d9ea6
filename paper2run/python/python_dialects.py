"""Rewrites source text of other Python versions so that this interpreter's own parser reads it.

Only for reading: the result has the same lines, imports, definitions and calls, not the same meaning.
Statements that are no expressions today (`print x`) become assignments to `_`. What was rewritten tells
which versions accept the file. Grammar: https://docs.python.org/2.7/reference/grammar.html.
"""

import re
from typing import Final, NamedTuple


class Syntax(NamedTuple):
    """A piece of syntax that only some versions of Python accept."""

    major: int
    minor: int
    """Lowest minor version of that major that accepts it; 0 for any."""
    line: int
    what: str
    below: int = 0
    """First minor version of that major that no longer accepts it; 0 for none."""
    is_hint: bool = False
    """A type hint: older versions parse the file, and fail when they import it."""


class Rewritten(NamedTuple):
    """Text for today's parser, and what had to be changed for it."""

    text: str
    syntax: tuple[Syntax, ...]


class _Rule(NamedTuple):
    pattern: re.Pattern[str]
    replacement: str
    major: int
    minor: int
    what: str
    below: int = 0


LITERAL: Final = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"""'
    r"|'''(?:[^'\\]|\\.|'(?!''))*'''"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'(?:[^'\\\n]|\\.)*'"
    r"|#[^\n]*",
    re.DOTALL,
)
"""String literals without their prefix, and comments."""
MAX_PASSES: Final = 8
"""Of one rule: `def f((a, b), (c, d))` takes two."""
ESCAPE: Final = re.compile(r"\\([uUN])")
_START = r"(^[ \t]*|[:;][ \t]*)"
"""Where a statement may begin."""
_OPERAND = r"(?=[ \t]+[\w\[{~\\]|[ \t]*[\"`\[{])"

# Each works on text whose literals are masked as "7"; order matters: backticks become brackets first.
RULES: Final = (
    _Rule(re.compile(r"`([^`\n]*)`"), r"(\1)", 2, 0, "backticks"),
    _Rule(re.compile(_START + r"print[ \t]*>>", re.M), r"\1_ =", 2, 0, "print >> file"),
    _Rule(re.compile(_START + r"print\b" + _OPERAND, re.M), r"\1_ =", 2, 0, "print statement"),
    _Rule(re.compile(_START + r"exec\b" + _OPERAND, re.M), r"\1_ =", 2, 0, "exec statement"),
    _Rule(
        re.compile(_START + r"raise[ \t]+(?=[\w.\[\]]+(?:\([^()\n]*\))?[ \t]*,)", re.M),
        r"\1_ = ",
        2,
        0,
        "raise E, value",
    ),
    _Rule(
        re.compile(
            r"\bexcept[ \t]{1,20}([^\s:][^:]{0,300}?)[ \t]{0,20},[ \t]{0,20}([A-Za-z_]\w*)[ \t]{0,20}:"
        ),
        r"except \1 as \2:",
        2,
        0,
        "except E, name",
    ),
    _Rule(
        re.compile(
            r"\bexcept[ \t]{1,20}([^\s:][^:]{0,300}?)[ \t]{0,20},[ \t]{0,20}\([\w, \t]{0,300}\)[ \t]{0,20}:"
        ),
        r"except \1:",
        2,
        0,
        "except E, (name, name)",
    ),
    _Rule(re.compile(r"<>"), "!=", 2, 0, "<>"),
    _Rule(re.compile(r"\b[uU][rR](?=\")"), "r", 2, 0, "ur string"),
    _Rule(
        re.compile(r"(?<![\w.])(?<![eE][-+])0(?=[0-7]*[1-7])([0-7]+)[lL]?\b(?![.\w])"),
        r"0o\1",
        2,
        0,
        "octal number 0777",
    ),
    _Rule(re.compile(r"(?<![\w.])(\d+|0[xX][0-9a-fA-F]+)[lL]\b"), r"\1", 2, 0, "long number 1L"),
    _Rule(
        re.compile(r"\blambda[ \t]*\(([\w\s,]{1,300})\)[ \t]*:"),
        r"lambda \1:",
        2,
        0,
        "tuple argument",
    ),
    _Rule(
        re.compile(r"(\bdef[ \t]+\w+[ \t]*\((?:[^()]{0,300},)?\s{0,80})\(([\w\s,]{1,300})\)"),
        r"\1\2",
        2,
        0,
        "tuple argument",
    ),
    _Rule(re.compile(r"\basync\b(?=[ \t]*[=,).:\]])"), "async_", 3, 0, "async as a name", 7),
    _Rule(
        re.compile(r"(\b(?:def|class)[ \t]+\w+)\[[^\]\n]{0,300}\]"), r"\1", 3, 12, "type parameters"
    ),
    _Rule(
        re.compile(r"^([ \t]*)type[ \t]+(\w+)(?:\[[^\]\n]*\])?[ \t]*=", re.M),
        r"\1\2 =",
        3,
        12,
        "type statement",
    ),
)


def rewrite(text: str, *, tabs_mixed: bool = False) -> Rewritten:
    """Return the text as today's parser wants it, with the syntax that was rewritten in line order.

    `tabs_mixed` says that the parser complained about them; Python 2 counts one up to the next column of 8.
    """
    syntax: list[Syntax] = []
    if tabs_mixed:
        text = re.sub(r"^[ \t]+", lambda match: match[0].expandtabs(8), text, flags=re.M)
        syntax.append(Syntax(2, 0, 1, "tabs and spaces mixed"))
    literals: list[str] = []

    def mask(match: re.Match[str]) -> str:
        if match[0].startswith("#"):
            return ""
        # A \u that Python 2 takes literally is a malformed escape today.
        literals.append(ESCAPE.sub(r"/\1", match[0]))
        return f'"{len(literals) - 1}"'

    def unmask(masked: str) -> str:
        return re.sub(r'"(\d+)"', lambda match: literals[int(match[1])], masked)

    masked = LITERAL.sub(mask, text)
    for rule in RULES:
        first = rule.pattern.search(masked)
        if first is None:
            continue
        line = unmask(masked[: first.start()]).count("\n") + 1
        line += first[0].startswith("\n")
        syntax.append(Syntax(rule.major, rule.minor, line, rule.what, rule.below))
        for _ in range(MAX_PASSES):
            before, masked = masked, rule.pattern.sub(rule.replacement, masked)
            if masked == before:
                break
    return Rewritten(unmask(masked), tuple(sorted(syntax, key=lambda found: found.line)))
