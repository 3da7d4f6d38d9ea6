"""Providers: one module per ecosystem. The first plan wins, so their order is a decision."""

from typing import Protocol

from paper2run.evidence import Evidence
from paper2run.model.environment import PlannedEnvironment
from paper2run.providers import python


class Provider(Protocol):
    """What a module in this package provides."""

    NAME: str

    def propose(self, evidence: Evidence) -> PlannedEnvironment | None:
        """Return a plan, or None where this ecosystem is not what the repository is about."""
        ...


# Python first: repositories of mixed languages mostly carry the others inside a Python project.
PROVIDERS: tuple[Provider, ...] = (python,)
