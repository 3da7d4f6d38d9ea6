"""Writes changes of files as one patch that `git apply` takes.

Lines end at LF alone, and text that is no UTF-8 passes as it is (`surrogateescape`).
https://git-scm.com/docs/diff-format
"""

from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import Final

CONTEXT_LINES: Final = 3
NO_END: Final = "\\ No newline at end of file"


def new_file(path: str, text: str) -> str:
    """Return the part of a patch that adds a file. `path` is one of ours: without blanks and quotes."""
    head = f"diff --git a/{path} b/{path}\nnew file mode 100644\n--- /dev/null\n+++ b/{path}\n"
    lines = _lines(text)
    return head + f"@@ -0,0 +1,{len(lines)} @@\n" + "".join(_marked("+", lines))


def changed_file(path: str, before: str, after: str) -> str:
    """Return the part of a patch that changes a file."""
    old, new = _lines(before), _lines(after)
    parts = [f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n"]
    for group in SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(CONTEXT_LINES):
        first, last = group[0], group[-1]
        before_range, after_range = _range(first[1], last[2]), _range(first[3], last[4])
        parts.append(f"@@ -{before_range} +{after_range} @@\n")
        for tag, old_from, old_to, new_from, new_to in group:
            if tag == "equal":
                parts += _marked(" ", old[old_from:old_to])
                continue
            parts += _marked("-", old[old_from:old_to])
            parts += _marked("+", new[new_from:new_to])
    return "".join(parts)


def _lines(text: str) -> list[str]:
    """Return the lines with their ends; `str.splitlines` would end them at other characters too."""
    pieces = text.split("\n")
    return [f"{piece}\n" for piece in pieces[:-1]] + ([pieces[-1]] if pieces[-1] else [])


def _marked(mark: str, lines: Iterable[str]) -> list[str]:
    return [
        f"{mark}{line}" if line.endswith("\n") else f"{mark}{line}\n{NO_END}\n" for line in lines
    ]


def _range(start: int, stop: int) -> str:
    """Return a range of lines as the unified format counts: an empty one names the line before it."""
    return f"{start + 1 if stop > start else start},{stop - start}"
