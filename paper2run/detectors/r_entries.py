"""Finds R scripts that start something, and where to start them.

They read, print or draw at the top level, and no other script sources them. A script that wants arguments, a person or
a folder of its author's machine is left out: its failure tells nothing.
"""

import posixpath
import re
from collections.abc import Iterable
from typing import Final

from paper2run.detectors.r_inputs import COMMENT, READ, SOURCED, is_package
from paper2run.detectors.side_parts import side_of
from paper2run.formats.tree import RepoTree
from paper2run.knowledge.side_folders import is_beside
from paper2run.model.facts import EntryPoint, Fact
from paper2run.model.value import Source

NAME: Final = "r_entries"

ACTS: Final = re.compile(
    r"^(?:[\w.$]{1,80}[ \t]*(?:<-|=)[ \t]*)?(?:\w+::)?"
    r"(?:read[\w.]*|load|fread|vroom|import|source|print|plot\w*|cat|write[\w.]*|save\w*|ggsave|ggplot|pdf|png)\(",
    re.MULTILINE,
)
"""A call that stands in no function."""
WANTS_A_PERSON: Final = re.compile(
    r"\b(?:commandArgs|parse_args|OptionParser|ArgumentParser|docopt|getopt|file\.choose|choose\.files|readline|menu)\("
    r"|\brstudioapi\b|\b(?:runApp|shinyApp|shinyServer|shinyUI)\("
    r"|\bsetwd\(\s*[\"'](?:[A-Za-z]:|[/~\\])"
)
MAX_SCRIPTS: Final = 6


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield the scripts nearest to the root first, each with the folder from which its files are found."""
    if is_package(tree) or tree.truncated:
        return
    texts = {
        path: COMMENT.sub("", tree.text(path))
        for path in tree.matching("*.R", "*.r")
        if not is_beside(path) and side_of(tree, path) is None
    }
    sourced = {
        posixpath.basename(match[1]) for text in texts.values() for match in SOURCED.finditer(text)
    }
    found = [
        path
        for path, text in texts.items()
        if posixpath.basename(path) not in sourced
        and ACTS.search(text)
        and not WANTS_A_PERSON.search(text)
    ]
    for path in sorted(found, key=lambda path: (path.count("/"), path))[:MAX_SCRIPTS]:
        yield EntryPoint(
            name=path,
            form="r-script",
            folder=_folder(tree, path, texts[path]),
            source=Source(kind="file", path=path, line=1),
        )


def _folder(tree: RepoTree, path: str, text: str) -> str:
    """Return the script's own folder if more of its files are found from there than from the root."""
    own = posixpath.dirname(path)
    named = [match[1] for kind in (READ, SOURCED) for match in kind.finditer(text)]
    here = sum(tree.has(posixpath.normpath(posixpath.join(own, name))) for name in named)
    return own if here > sum(tree.has(posixpath.normpath(name)) for name in named) else ""
