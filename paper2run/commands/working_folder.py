"""Follows the `cd` commands of a document or script.

Each command keeps the folder that it is meant for.
"""

import posixpath
import re
import shlex
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

    It starts at the repository's root; a document in a subfolder means its own folder where a script
    that it names stands there and not at the root.
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
        if not self._beside or script is None or self._tree.has(script[1]):
            return ""
        beside = posixpath.normpath(posixpath.join(self._beside, script[1]))
        return self._beside if self._tree.has(beside) else ""
