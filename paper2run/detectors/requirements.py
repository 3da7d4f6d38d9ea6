"""Reads requirements files wherever they stand, with what they include.

Format: https://pip.pypa.io/en/stable/reference/requirements-file-format/. Includes that lead out of the
checkout are refused; every file is read once, so that a loop of includes ends.
"""

import posixpath
import re
from collections.abc import Iterable
from typing import Final

from paper2run.model.facts import Fact, Group, Unreadable
from paper2run.model.value import Source
from paper2run.requirement_text import group_of, read_requirement
from paper2run.shell_words import logical_lines
from paper2run.structured import unreadable
from paper2run.tree import RepoTree

NAME: Final = "requirements"

FILE_NAME: Final = re.compile(
    r"^(?:[\w.]+-)*requires?(?:ments?)?(?:[-_.]?[\w.-]*)?\.(?:txt|in|pip)$|^[\w.-]+[-_.]require(?:ments|s)\.(?:txt|in)$"
    r"|^pip[-_]?(?:deps|packages|freeze)?\.txt$",
    re.IGNORECASE,
)
FOLDERS: Final = frozenset({"requirements", "requires", "reqs"})
INCLUDE: Final = re.compile(r"^\s*(?:-r|-c|--requirement|--constraint)[\s=]*([^\s#]+)")


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield the requirements of each file in path order, then of the files that only includes lead to."""
    waiting = [(path, _group(path)) for path in tree.files if _is_requirements(path)]
    seen = {path for path, _ in waiting}
    # The list grows while it is walked: an included file takes the group of the file that names it.
    for path, group in waiting:
        text = tree.read(path)
        if isinstance(text, Unreadable):
            yield text
            continue
        for number, line in logical_lines(text):
            include = INCLUDE.match(line)
            if include is None:
                source = Source(kind="file", path=path, line=number)
                extra = _extra(path) if group == "extra" else ""
                yield from read_requirement(line, group=group, source=source, extra=extra)
                continue
            target = posixpath.normpath(posixpath.join(posixpath.dirname(path), include[1]))
            if not tree.has(target):
                yield unreadable(path, f"includes {include[1]!r}, which is not there", number)
            elif target not in seen:
                seen.add(target)
                waiting.append((target, group))


def _is_requirements(path: str) -> bool:
    folder, _, name = path.rpartition("/")
    if folder.endswith(".egg-info"):
        return False
    in_folder = folder.rpartition("/")[2].lower() in FOLDERS and name.endswith((".txt", ".in"))
    # A compiled `x.txt` beside its `x.in` says the same with pins: both are evidence.
    return in_folder or (name.endswith((".txt", ".in", ".pip")) and bool(FILE_NAME.match(name)))


def _group(path: str) -> Group:
    return group_of(_extra(path), "extra")


def _extra(path: str) -> str:
    """Return the words that tell what the file is for: its name, with its folder's for `docs/requirements.txt`."""
    folder, _, name = path.rpartition("/")
    parent = folder.rpartition("/")[2].lower()
    stem = name.rpartition(".")[0]
    words = re.sub(r"require(?:ments?|s)?|^reqs?", "", stem, flags=re.IGNORECASE).strip("-_.")
    inherited = parent if group_of(parent) in {"test", "docs"} else ""
    return words or inherited or "requirements"
