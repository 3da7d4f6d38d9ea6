"""Providers: one module per ecosystem. The first plan wins, so their order is a decision."""

from typing import Protocol

from paper2run.model.environment import PlannedEnvironment
from paper2run.planning.evidence import Evidence
from paper2run.providers import (
    go_language,
    java,
    javascript,
    julia,
    native,
    octave,
    perl,
    python,
    r_language,
    rust,
)


class Provider(Protocol):
    """What a module in this package provides."""

    NAME: str

    def propose(self, evidence: Evidence) -> PlannedEnvironment | None:
        """Return a plan, or None where this ecosystem is not what the repository is about."""
        ...


# Python last: it takes any repository with Python in it, while each of the others asks that its own language leads
# and that no Python project is declared at the root. Of those, R, Go, Rust, Java and Node come before the compilers of
# C: their manifests mean one thing, while a Makefile stands beside code of every language. Perl takes only what is Perl
# for the most part.
PROVIDERS: tuple[Provider, ...] = (
    r_language,
    go_language,
    rust,
    java,
    javascript,
    julia,
    native,
    perl,
    octave,
    python,
)
