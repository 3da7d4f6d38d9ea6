"""What a model is told of a repository and of the site, whatever it is asked."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from paper2run.formats.tree import RepoTree
from paper2run.model.facts import RepoFacts
from paper2run.model.repo import Paper

README_CHARS: Final = 8000
"""Of the README's beginning: what the repository does, and how it is started."""
READMES: Final = ("README*", "readme*", "Readme*")


class Known(NamedTuple):
    """What a model may draw on, and what its answers are checked against."""

    facts: RepoFacts
    paper: Paper = Paper(path="", origin="none")
    paths: frozenset[str] = frozenset()
    """Files of the checkout, below its root."""
    readme: str = ""
    """How the README begins."""
    offered: tuple[str, ...] = ()
    """Base images that can be had here; empty where a registry has all."""


def known_of(tree: RepoTree, facts: RepoFacts, paper: Paper, offered: Iterable[str]) -> Known:
    """Return what is known of the checkout."""
    paths = frozenset(tree.files)
    readme = next((path for path in tree.matching(*READMES) if "/" not in path), "")
    text = tree.text(readme)[:README_CHARS] if readme else ""
    return Known(facts, paper, paths, text, tuple(offered))
