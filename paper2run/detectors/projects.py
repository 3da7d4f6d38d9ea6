"""Lists the folders that `pip install` takes; python_projects.py says how they are told."""

from collections.abc import Iterable
from typing import Final

from paper2run.formats.tree import RepoTree
from paper2run.model.facts import Fact
from paper2run.python.python_projects import projects_of

NAME: Final = "projects"


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield one project per folder, in path order."""
    yield from tree.once(projects_of)
