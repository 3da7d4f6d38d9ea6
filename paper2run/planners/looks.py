"""Looks that a model may take before it answers, into the checkout and into the log.

They are bounded, and nothing is run. A look reads what stands in the tree of the checkout, whose links that lead out
of it are not followed.
"""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Annotated, Any, Final, Literal, assert_never

from pydantic import Field, StringConstraints

from paper2run.formats.tree import RepoTree
from paper2run.model.facts import Unreadable
from paper2run.model.value import Value
from paper2run.planners.message import Message
from paper2run.planners.prompt import cut, fenced

Word = Annotated[str, StringConstraints(max_length=300)]
AT_ONCE: Final = 4
"""Looks in one answer."""
MAX_NAMES: Final = 200
MAX_LINES: Final = 120
MAX_HITS: Final = 40
MAX_CHARS: Final = 6000
"""Of what one look shows."""
MAX_LINE_CHARS: Final = 300
NOTHING: Final = "(nothing)"


class Look(Value):
    """One look; fields that its kind does not use are ignored."""

    kind: Literal["list", "read", "grep", "log"]
    path: Word = ""
    """list: a folder, empty for the root; read: a file; grep: a pattern of file names such as `*.py`, empty for all."""
    text: Word = ""
    """grep, log: what the lines hold, letter by letter, capitals or not."""
    line: Annotated[int, Field(ge=1)] = 1
    """read: the first line shown, 1-based."""


class Looks(Value):
    """An answer that asks for looks."""

    look: Annotated[tuple[Look, ...], Field(min_length=1, max_length=AT_ONCE)]


LOOKS_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "look": {
            "type": "array",
            "maxItems": AT_ONCE,
            "items": {
                "type": "object",
                "properties": {
                    "kind": {"type": "string", "enum": ["list", "read", "grep", "log"]},
                    "path": {"type": "string", "maxLength": 300},
                    "text": {"type": "string", "maxLength": 300},
                    "line": {"type": "integer"},
                },
                "required": ["kind", "path", "text", "line"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["look"],
    "additionalProperties": False,
}


def shown_by(looks: Looks, tree: RepoTree, log: str, taken: int) -> Message:
    """Return the message with what the looks show, numbered on from those `taken` before."""
    parts = []
    for number, look in enumerate(looks.look, taken + 1):
        parts.append(
            f"L{number}, {_asked(look)}:\n\n{fenced(f'L{number}', _shown(look, tree, log))}"
        )
    parts.append("Look again, or answer with the JSON object.")
    return Message("user", "\n\n".join(parts))


def _asked(look: Look) -> str:
    """Return the look in words of ours: what a model wrote is not repeated outside of a fence."""
    return {"list": "names in a folder", "read": "a file", "grep": "lines of files", "log": "lines of the log"}[
        look.kind
    ]  # fmt: skip


def _shown(look: Look, tree: RepoTree, log: str) -> str:
    # A model may name a file by its place in the image.
    path = f"{look.path}/".removeprefix("/repo/").strip("/")
    match look.kind:
        case "list":
            lines = _names(tree, path)
        case "read":
            lines = _lines_of(tree, path, look.line)
        case "grep":
            lines = _hits(tree, path, look.text)
        case "log":
            lines = _matching(log.splitlines(), look.text)[-MAX_LINES:]
        case _:
            assert_never(look.kind)
    return cut("\n".join(line[:MAX_LINE_CHARS] for line in lines), MAX_CHARS) or NOTHING


def _names(tree: RepoTree, folder: str) -> list[str]:
    """Return the names in a folder, folders with how many files lie below them."""
    prefix = f"{folder}/" if folder else ""
    files: list[str] = []
    below: dict[str, int] = {}
    for path in tree.below(folder):
        name, slash, _ = path[len(prefix) :].partition("/")
        if slash:
            below[name] = below.get(name, 0) + 1
        else:
            files.append(f"{name} {tree.size_bytes(path)}")
    names = [*(f"{name}/ ({count} files)" for name, count in sorted(below.items())), *files]
    more = [f"and {len(names) - MAX_NAMES} more"] if len(names) > MAX_NAMES else []
    return [*names[:MAX_NAMES], *more]


def _lines_of(tree: RepoTree, path: str, first: int) -> list[str]:
    content = tree.read(path)
    if isinstance(content, Unreadable):
        return [f"{content.path}: {content.why}"]
    lines = content.splitlines()
    shown = lines[first - 1 : first - 1 + MAX_LINES]
    left = len(lines) - (first - 1 + len(shown))
    return [*shown, *([f"and {left} more lines"] if left > 0 else [])]


def _hits(tree: RepoTree, pattern: str, text: str) -> list[str]:
    """Return the lines that hold the text, with their places, of files whose name or path fits."""
    found: list[str] = []
    wanted = text.lower()
    if not wanted:
        return found
    for path in tree.files:
        if pattern and not (
            fnmatchcase(path.rpartition("/")[2], pattern) or fnmatchcase(path, pattern)
        ):
            continue
        for number, line in enumerate(tree.text(path).splitlines(), 1):
            if wanted in line.lower():
                found.append(f"{path}:{number}: {line.strip()}")
                if len(found) == MAX_HITS:
                    return found
    return found


def _matching(lines: Sequence[str], text: str) -> list[str]:
    wanted = text.lower()
    return [line for line in lines if wanted in line.lower()]
