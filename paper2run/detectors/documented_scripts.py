"""Finds scripts that the README starts and that are not there, or hold nothing to start.

Those of its shell scripts, too. Not what a document fetches or makes first, what lies on another machine or in another
repository, and no placeholder.
"""

import posixpath
import re
from collections.abc import Iterable, Iterator
from typing import Final

from paper2run.commands.plain_commands import folder_and_line
from paper2run.commands.started_files import PLACEHOLDER, SCRIPT
from paper2run.commands.working_folder import CHANGE, CLONE, folders_of
from paper2run.detectors.documents import document_facts
from paper2run.formats.document_files import MAX_DOCUMENT_CHARS, is_readme
from paper2run.formats.shell_words import logical_lines
from paper2run.formats.tree import RepoTree
from paper2run.model.facts import Command, Fact, MissingPart, Unreadable
from paper2run.model.value import Source
from paper2run.python.python_modules import modules_of

NAME: Final = "documented_scripts"
OUTSIDE: Final = re.compile(r"(?:^|\s)(?:[/~$]|\.\./)|\$\w|://|[;|<>*`]")
"""Signs of a command that is about other places than the checkout, or more than one call."""
ELSEWHERE: Final = re.compile(
    r"docker(?:-compose| compose)? (?:run|exec)|\bssh\s|\bcd\s+[/~$]|vagrant ssh|singularity|apptainer"
)
"""Commands after which a document speaks of another file system."""
CALLED: Final = re.compile(
    r"\s*(?:\w+=\S*\s+)*(?:python[\d.]*|torchrun|accelerate\s+launch|deepspeed)\s[^#|;&]*?(?<!\S)([\w./-]+\.py)(?=\s|$)"
)
"""A line of a shell script that starts a file of Python: its first one."""
VARIABLE: Final = re.compile(r"(?<!\S)\$\{?\w+\}?/")
"""A folder that the script itself names."""
NEAR_LINES: Final = 12
FOREIGN: Final = frozenset({"setup.py", "get-pip.py", "ez_setup.py", "manage.py", "install.sh"})
"""Names that documents of everything hold."""


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield the missing scripts in the README's order, each once; nothing beside other clones.

    One that only imports and defines is `Unreadable`: starting it exits 0 and does nothing.
    """
    if tree.truncated:
        return
    names = {path.rpartition("/")[2] for path in tree.files}
    said: set[str] = set()
    for path in tree.files:
        if "/" in path or not is_readme(path):
            continue
        text = tree.text(path)[:MAX_DOCUMENT_CHARS]
        clones = {
            match[1] for line in text.splitlines() if (match := CLONE.match(line.strip(" $`")))
        }
        if len(clones) > 1:
            continue
        for fact in document_facts(tree, path, text):
            if not isinstance(fact, Command) or fact.purpose != "run" or fact.form != "shell":
                continue
            if _is_elsewhere(text, fact.source.line):
                continue
            for script, source in _started(tree, fact):
                name = script.rpartition("/")[2]
                if name not in names | said | FOREIGN and not _is_made(name, text):
                    said.add(name)
                    yield MissingPart(form="script", module=script, path=script, source=source)
                idle = _idle(tree, fact, script)
                if idle and idle not in said:
                    said.add(idle)
                    yield Unreadable(
                        path=idle,
                        cause="empty",
                        why="holds imports and definitions alone: nothing to start",
                        source=Source(kind="file", path=idle),
                    )


def _started(tree: RepoTree, fact: Command) -> Iterator[tuple[str, Source]]:
    """Yield the script that a command starts, and those that a shell script of the checkout starts."""
    folder, _ = folder_and_line(fact.line)
    for script in _scripts(fact.line):
        yield script, fact.source
        path = posixpath.normpath(posixpath.join(folder, script))
        if not script.endswith(".sh") or not tree.has(path):
            continue
        is_outside = False
        for number, line in logical_lines(tree.text(path), 1):
            is_outside = _outside_after(line.strip(), tree, path, is_outside=is_outside)
            called = CALLED.match(VARIABLE.sub("", line))
            if (
                called
                and not is_outside
                and not _is_made(called[1].rpartition("/")[2], tree.text(path))
            ):
                yield called[1], Source(kind="file", path=path, line=number)


def _outside_after(line: str, tree: RepoTree, script: str, *, is_outside: bool) -> bool:
    """Whether a line of a shell script leaves it in a folder that it made itself."""
    if line == "popd":
        return False
    change = CHANGE.match(line)
    if change is None:
        return is_outside
    target = change[1].strip("\"'").rstrip("/")
    if target in ("", ".") or target.startswith(("..", "-", "$", "~", "/")):
        # Back, or somewhere that a reader cannot tell.
        return is_outside and target == "."
    places = (target, posixpath.join(posixpath.dirname(script), target))
    return not any(posixpath.normpath(place) in tree.once(folders_of) for place in places)


def _idle(tree: RepoTree, fact: Command, script: str) -> str:
    """Return the file of a documented script whose start does nothing; empty for others."""
    folder, _ = folder_and_line(fact.line)
    path = posixpath.normpath(posixpath.join(folder, script))
    idle = any(one.path == path and one.parsed and one.source.idle for one in modules_of(tree))
    # An empty file is told with the entry points.
    return path if idle and tree.size_bytes(path) else ""


def _scripts(line: str) -> list[str]:
    """Return the script that a plain call starts: the first one; further names are its arguments."""
    _, plain = folder_and_line(line)
    if PLACEHOLDER.search(plain) or OUTSIDE.search(plain):
        return []
    return SCRIPT.findall(plain)[:1]


def _is_elsewhere(text: str, line: int) -> bool:
    """Whether the lines just above a command enter a container or another machine."""
    above = text.splitlines()[max(line - NEAR_LINES, 0) : line]
    return any(map(ELSEWHERE.search, above))


def _is_made(name: str, text: str) -> bool:
    """Whether a document fetches the file, writes it, or makes it from another one, such as a notebook."""
    quoted = re.escape(name)
    stem = re.escape(name.rpartition(".")[0])
    return (
        re.search(
            rf"://\S*{quoted}|(?:>|-o|--output|cp \S+|mv \S+|touch|create)\s+\S*{quoted}", text
        )
        is not None
        or re.search(rf"{stem}\.ipynb", text) is not None
    )
