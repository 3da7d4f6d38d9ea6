"""Everything that a planner by rules may look at."""

from typing import NamedTuple

from paper2run.model.environment import Asked
from paper2run.model.facts import RepoFacts


class Evidence(NamedTuple):
    """The facts, the checkout's paths, and the user's request."""

    facts: RepoFacts
    paths: frozenset[str]
    asked: Asked
