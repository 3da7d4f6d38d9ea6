"""Finds Python examples of documents that show what they print, and runs them in order in one process.

Sessions with `>>>` (https://docs.python.org/3/library/doctest.html), and calls with a number in a remark behind them:
`fit(x)  # -> 24.7`.
"""

import ast
import doctest
import json
import re
import shlex
from collections.abc import Iterator
from typing import Final, NamedTuple

from paper2run.claims.answers import MARK
from paper2run.claims.numbers import numbers_in
from paper2run.formats.code_blocks import Block

SESSIONS: Final = frozenset(
    {"", "pycon", "python", "py", "python3", "python-repl", "ipython", "doctest"}
)
PYTHONS: Final = frozenset({"python", "py", "python3"})
REMARK: Final = re.compile(
    r"#\s*(?P<sign>->|=>|→|⇒|prints?:?|returns?:?|outputs?:?|result:?|=)?\s*(?P<said>.*)$",
    re.IGNORECASE,
)
MAX_CHARS: Final = 60_000
"""Of the examples of one document: they travel as one argument of a command."""
RUNNER: Final = f"""\\
import json, sys
try:
    from StringIO import StringIO
except ImportError:
    from io import StringIO
if sys.argv[2:]:
    sys.path[:] = [place for place in sys.path if place]
names = {{"__name__": "__main__"}}
shown, failed = sys.stdout, 0
for line, source in json.loads(sys.argv[1]):
    sys.stdout, said = StringIO(), ""
    try:
        exec(compile(source, "<example of line %d>" % line, "single"), names)
    except BaseException as error:
        said = type(error).__name__ + ": " + str(error)
        failed += 1
    printed, sys.stdout = sys.stdout.getvalue(), shown
    print("{MARK}" + json.dumps([line, printed[:4000], said[:500]]))
    sys.stdout.flush()
sys.exit(1 if failed else 0)
"""
"""Runs on Python 2.7 and 3.x; an example that fails does not end the others. With a further argument it imports nothing
from the folder that it runs in."""


class Example(NamedTuple):
    """One statement, and what its document says that it prints."""

    line: int
    source: str
    want: str
    """Empty where nothing is said: later examples may need it."""


def examples_in(blocks: tuple[Block, ...]) -> list[Example]:
    """Return the examples of a document in order; none where no block shows what it prints."""
    found = [one for block in blocks for one in _of_block(block)]
    kept: list[Example] = []
    for one in found:
        if sum(len(example.source) for example in kept) + len(one.source) > MAX_CHARS:
            break
        kept.append(one)
    return kept if any(one.want for one in kept) else []


def command_for(examples: list[Example], *, installed: bool) -> str:
    """Return the command that runs the examples in the checkout and prints a line for each.

    What is `installed` is not looked for in the checkout, which lacks its compiled parts.
    """
    told = json.dumps([(one.line, one.source) for one in examples])
    return shlex.join(["python", "-c", RUNNER, told, *(["installed"] if installed else [])])


def _of_block(block: Block) -> Iterator[Example]:
    if ">>> " in block.text:
        yield from _session(block) if block.language in SESSIONS else ()
    elif block.language in PYTHONS:
        yield from _remarked(block)


def _session(block: Block) -> Iterator[Example]:
    try:
        examples = doctest.DocTestParser().get_examples(block.text)
    except ValueError:
        # Prompts without a space behind them, or lines that are indented less.
        return
    for one in examples:
        yield Example(block.line + one.lineno, one.source, one.want.rstrip("\n"))


def _remarked(block: Block) -> Iterator[Example]:
    try:
        statements = ast.parse(block.text).body
    except (SyntaxError, ValueError, RecursionError):
        return
    lines = block.text.split("\n")
    for statement in statements:
        end = statement.end_lineno or statement.lineno
        source = "\n".join(lines[statement.lineno - 1 : end]) + "\n"
        behind = lines[end - 1].encode()[statement.end_col_offset or 0 :].decode(errors="replace")
        remark = REMARK.search(behind) if isinstance(statement, ast.Expr) else None
        want = _shown(remark["sign"], remark["said"].strip()) if remark else ""
        yield Example(block.line + statement.lineno - 1, source, want)


def _shown(sign: str | None, said: str) -> str:
    """Return what a remark says that comes out: a number behind a sign, or one without words."""
    found = numbers_in(said)
    if not found:
        return ""
    if sign and found[0].start == 0:
        return said[: found[0].end]
    return said if re.search(r"[A-Za-z]{2,}", said) is None else ""
