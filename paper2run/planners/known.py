"""What a model is told of a repository and of the site, whatever it is asked."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from paper2run.formats.tree import RepoTree
from paper2run.model.facts import RepoFacts
from paper2run.model.repo import Paper

NO_PAPER: Final = Paper(path="", origin="none")
README_CHARS: Final = 8000
"""Of the README's beginning: what the repository does, and how it is started."""
READMES: Final = ("README*", "readme*", "Readme*")


NO_TREE: Final = RepoTree(Path(), (), truncated=False, odd_names=())


class Known(NamedTuple):
    """What a model may draw on, and what its answers are checked against."""

    facts: RepoFacts
    paper: Paper = NO_PAPER
    tree: RepoTree = NO_TREE
    """The checkout."""
    readme: str = ""
    """How the README begins."""
    offered: tuple[str, ...] = ()
    """Base images that can be had here; empty where a registry has all."""
    site: str = ""
    """What the container has, and which network there is, in our words."""


def known_of(
    tree: RepoTree, facts: RepoFacts, paper: Paper, offered: Iterable[str], site: str = ""
) -> Known:
    """Return what is known of the checkout; a README that is shown whole stands for no paper beside it."""
    path = next((path for path in tree.matching(*READMES) if "/" not in path), "")
    readme = tree.text(path) if path else ""
    is_whole = paper.origin == "readme" and len(readme) <= README_CHARS
    shown = NO_PAPER if is_whole else paper
    return Known(facts, shown, tree, readme[:README_CHARS], tuple(offered), site)
