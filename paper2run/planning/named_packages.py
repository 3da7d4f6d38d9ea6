"""Which Debian packages CI's tests install or a document names, beyond those that tables know.

A table holds names against one release of Debian. Of other names only the image itself knows whether it has them.
"""

from collections.abc import Collection, Iterator
from typing import Final

from paper2run.model.environment import NamedPackage
from paper2run.model.facts import RepoFacts, SystemPackage
from paper2run.planning.ci_needs import UNRELATED_PACKAGES, CiNeeds

BY_CI: Final = "the tests of its CI install it"
MAX_NAMED: Final = 60


def named_packages(
    facts: RepoFacts, needs: CiNeeds, already: Collection[str]
) -> tuple[NamedPackage, ...]:
    """Return each name once, without those that a plan has `already`: CI's first, then the documents'."""
    first: dict[str, NamedPackage] = {}
    for package in _named(facts, needs):
        if package.name not in already and not UNRELATED_PACKAGES.fullmatch(package.name):
            first.setdefault(package.name, package)
    return tuple(first.values())[:MAX_NAMED]


def _named(facts: RepoFacts, needs: CiNeeds) -> Iterator[NamedPackage]:
    for name, source in needs.packages:
        yield NamedPackage(name=name, why=BY_CI, source=source)
    for fact in facts.of(SystemPackage):
        if fact.source.kind == "readme" and "/" not in fact.source.path and not fact.called:
            why = "its documents say to install it"
            yield NamedPackage(name=fact.name, why=why, source=fact.source)
