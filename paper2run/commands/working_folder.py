"""Follows the `cd` commands of a document or script.

Each command keeps the folder that it is meant for.
"""

import posixpath
import re
import shlex
from collections.abc import Mapping
from typing import Final

from paper2run.formats.tree import RepoTree

CHANGE: Final = re.compile(r"^(?:cd|pushd)\s+([^\s;&|]+)\s*(?:&&\s*(.*))?$")
CLONE: Final = re.compile(r"^git clone\s+(?:-\S+\s+)*\S*?([\w.-]+?)(?:\.git)?/?(?:\s+([\w.-]+))?$")
SCRIPT: Final = re.compile(
    r"^(?:\S*python[\d.]*|bash|sh|Rscript|julia|node)\s+(?:-u\s+)?([\w./-]+\.\w+)\b"
)


def folders_of(tree: RepoTree) -> frozenset[str]:
    """Return all folders of a checkout. Called through `tree.once`."""
    found: set[str] = set()
    for path in tree.files:
        folder = posixpath.dirname(path)
        while folder and folder not in found:
            found.add(folder)
            folder = posixpath.dirname(folder)
    return frozenset(found)


class WorkingFolder:
    """The folder in which a document's next command would run.

    It starts at the repository's root; where a script stands elsewhere, a document means that place.
    """

    def __init__(self, tree: RepoTree, document: str) -> None:
        self._tree = tree
        self._beside = posixpath.dirname(document)
        self._folder = ""
        self._clone = ""

    def follow(self, line: str) -> str:
        """Return the command with the folder before it, or nothing where the line only changes the folder.

        A folder that the repository does not have is the clone itself, or outside: the root again.
        """
        clone = CLONE.match(line)
        if clone:
            self._clone = clone[2] or clone[1]
        change = CHANGE.match(line)
        if change:
            self._change(change[1].strip("\"'").rstrip("/"))
            return self.follow(change[2]) if change[2] else ""
        folder = self._folder or self._own_folder(line)
        return f"cd {shlex.quote(folder)} && {line}" if folder else line

    def _change(self, target: str) -> None:
        if target == self._clone:
            # A package of the repository often has the name of the clone.
            self._clone, self._folder = "", ""
            return
        joined = posixpath.normpath(posixpath.join(self._folder, target))
        known = self._tree.once(folders_of)
        self._folder = joined if joined in known else target if target in known else ""

    def _own_folder(self, line: str) -> str:
        script = SCRIPT.match(line)
        return (self.place_of(script[1]) or "") if script else ""

    def place_of(self, script: str) -> str | None:
        """Return the folder in which a script of the document is started; None where none is known.

        The root comes first, then the document's own folder, then the only place that the tree has.
        """
        for folder in ("", self._beside):
            if self._tree.has(posixpath.normpath(posixpath.join(folder, script))):
                return folder
        tail = f"/{posixpath.normpath(script)}"
        named = self._tree.once(_paths_by_name).get(posixpath.basename(script), ())
        found = [path for path in named if path.endswith(tail)]
        return found[0].removesuffix(tail) if len(found) == 1 else None


def _paths_by_name(tree: RepoTree) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in tree.files:
        found.setdefault(posixpath.basename(path), []).append(path)
    return found
