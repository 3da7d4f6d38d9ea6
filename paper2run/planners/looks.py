"""Looks that a model may take before it answers: into checkout, log, package index and image.

They are bounded. A look reads what stands in the tree of the checkout, whose links that lead out of it are not
followed; those into index, Debian's lists and image are taken elsewhere (tasks/beyond.py). What follows from words of
the model itself, such as a command, is fenced apart, because no quote of it shows anything.
"""

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from itertools import islice
from typing import Annotated, Any, Final, Literal, NamedTuple, assert_never, get_args

from pydantic import Field, StringConstraints, field_validator

from paper2run.formats.tree import RepoTree
from paper2run.model.facts import Unreadable
from paper2run.model.value import Value
from paper2run.planners.message import Message
from paper2run.planners.prompt import cut, fenced, load_text

Word = Annotated[str, StringConstraints(max_length=300)]
MAX_TEXT_CHARS: Final = 1500
"""A file of requirements has more than a word."""
Text = Annotated[str, StringConstraints(max_length=MAX_TEXT_CHARS)]
AT_ONCE: Final = 4
"""Looks in one answer."""
MAX_NAMES: Final = 200
MAX_LINES: Final = 120
MAX_HITS: Final = 40
MAX_CHARS: Final = 6000
"""Of what one look shows."""
MAX_LINE_CHARS: Final = 300
MAX_FILE_BYTES: Final = 2_000_000
MAX_SEARCHED_BYTES: Final = 50_000_000
"""Of all files that one look searches: about a second."""
FILE_COST: Final = 5_000
"""Bytes that opening a file counts for."""
MAX_PROBES: Final = 3
"""Commands in the image, in one exchange."""
MAX_SEARCHES: Final = 4
"""Sets of versions that are searched for, in one exchange."""
Kind = Literal[
    "list", "read", "grep", "log", "releases", "installable", "resolve", "debian", "probe"
]
OF_THE_MODEL: Final = frozenset({"probe", "resolve"})
"""What these show follows from words of the model, and repeats them: no quote of it shows anything."""
WORDS: Final[dict[Kind, str]] = {
    "list": "names in a folder",
    "read": "a file",
    "grep": "lines of files",
    "log": "lines of the log",
    "releases": "releases on the package index",
    "installable": "how releases are had for an interpreter",
    "resolve": "what the resolver answers to your lines, which cannot be quoted",
    "debian": "packages and files of Debian",
    "probe": "what your command printed, which cannot be quoted",
}
"""By kind: what a look is called beside its fence, in words of ours."""
MORE: Final = "Answer with the JSON object, or look again while looks are left."
NO_MORE: Final = "No looks are left: answer with the JSON object."
NOTHING: Final = "(nothing)"


class Look(Value):
    """One look; fields that its kind does not use are ignored."""

    kind: Kind
    path: Word = ""
    """list: a folder, empty for the root; read: a file; grep: a pattern of file names such as `*.py`, empty for all;
    installable, resolve: a Python, and with spaces a machine and a day."""
    text: Text = ""
    """grep, log: what the lines hold, letter by letter, capitals or not; releases, installable: a distribution's name,
    and with a space how the versions begin; resolve: requirements, one a line; debian: a part of the name of a package
    or file; probe: a command."""
    line: int = 1
    """read: the first line shown, 1-based; less is the first."""


Beyond = Callable[[Look], Sequence[str]]
"""Takes a look into index, Debian's lists or image, and returns its lines."""


def nowhere(look: Look) -> Sequence[str]:
    """Return what a look beyond the checkout shows where there is nothing to look into."""
    return [f"{look.kind}: there is nothing to look into"]


class LookAt(NamedTuple):
    """What a model may look into."""

    tree: RepoTree
    log: str = ""
    beyond: Beyond = nowhere


class Looks(Value):
    """An answer that asks for looks; only the first few are taken."""

    look: Annotated[tuple[Look, ...], Field(min_length=1)]

    @field_validator("look", mode="before")
    @classmethod
    def _without_nulls(cls, looks: Any) -> Any:
        if not isinstance(looks, list):
            return looks
        return [
            {name: value for name, value in look.items() if value is not None}
            if isinstance(look, dict)
            else look
            for look in looks[:AT_ONCE]
        ]


LOOKS_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "look": {
            "type": "array",
            "minItems": 1,
            "maxItems": AT_ONCE,
            "items": {
                "type": "object",
                "properties": {
                    "kind": {"type": "string", "enum": list(get_args(Kind))},
                    "path": {"type": "string", "maxLength": 300},
                    "text": {"type": "string", "maxLength": MAX_TEXT_CHARS},
                    "line": {"type": "integer", "minimum": 1},
                },
                "required": ["kind", "path", "text", "line"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["look"],
    "additionalProperties": False,
}


def offered() -> str:
    """Return what a model is told of the looks that it may take."""
    return load_text("looks.md")


def shown_by(looks: Looks, at: LookAt, taken: int, room_chars: int) -> Message:
    """Return the message with what the looks show, numbered on from those `taken` before.

    Together they take at most about `room_chars` characters.
    """
    each = min(MAX_CHARS, room_chars // len(looks.look))
    parts = []
    for number, look in enumerate(looks.look, taken + 1):
        text = cut("\n".join(_shown(look, at)), each) or NOTHING
        name = f"{'P' if look.kind in OF_THE_MODEL else 'L'}{number}"
        parts.append(f"{name}, {WORDS[look.kind]}:\n\n{fenced(name, text)}")
    return Message("user", "\n\n".join([*parts, MORE]))


def _shown(look: Look, at: LookAt) -> list[str]:
    # A model may name a file by its place in the image.
    path = f"{look.path}/".removeprefix("/repo/").strip("/")
    match look.kind:
        case "list":
            lines = _names(at.tree, path)
        case "read":
            lines = _lines_of(at.tree, path, max(look.line, 1))
        case "grep":
            lines = _hits(at.tree, path, look.text)
        case "log":
            lines = _matching(at.log.splitlines(), look.text)[-MAX_LINES:]
        case "releases" | "installable" | "resolve" | "debian" | "probe":
            lines = list(at.beyond(look))
        case _:
            assert_never(look.kind)
    return [line[:MAX_LINE_CHARS] for line in lines]


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
    wanted, left = text.lower(), MAX_SEARCHED_BYTES
    for path in tree.files if wanted else ():
        name = path.rpartition("/")[2]
        if pattern and not (fnmatchcase(name, pattern) or fnmatchcase(path, pattern)):
            continue
        # Not by `tree.text`, which keeps what it has read.
        content = tree.begin(path, MAX_FILE_BYTES)
        left -= len(content) + FILE_COST
        if b"\0" not in content[:1000]:
            lines = content.decode("utf-8", "replace").splitlines()
            found += [
                f"{path}:{number}: {lines[number - 1].strip()}"
                for number in _numbers(lines, wanted)
            ]
        if left <= 0 or len(found) >= MAX_HITS:
            stopped = [f"and no more was searched, from {path} on"]
            return [*found[:MAX_HITS], *stopped]
    return found


def _numbers(lines: Sequence[str], wanted: str) -> list[int]:
    """Return the 1-based numbers of the first lines that hold the text."""
    hits = (number for number, line in enumerate(lines, 1) if wanted in line.lower())
    return list(islice(hits, MAX_HITS))


def _matching(lines: Sequence[str], text: str) -> list[str]:
    wanted = text.lower()
    return [line for line in lines if wanted in line.lower()]
