"""Tells who wanted a package or a module and why: a requirement, a lock, an import, a guess, a repair."""

from typing import Final, NamedTuple

from packaging.requirements import Requirement as Pep508
from packaging.utils import canonicalize_name

from paper2run.knowledge.distributions import distribution_for
from paper2run.model.environment import PlannedEnvironment
from paper2run.model.facts import CondaPackage, Import, LockedVersion, RepoFacts, Requirement
from paper2run.model.value import Source
from paper2run.rendering.pip_steps import plan_requirements


class WantedBy(NamedTuple):
    """Why something was wanted, and the line that shows it."""

    why: str
    source: Source | None = None


UNKNOWN = WantedBy("needed by another package")
MAX_PARENTS: Final = 3
"""Packages that one line names."""


def who_wants_package(name: str, planned: PlannedEnvironment, facts: RepoFacts) -> WantedBy:
    """Return who wants a distribution, the plainest evidence first."""
    name = canonicalize_name(name)
    return (
        _declared(name, facts)
        or _guessed(name, planned, facts)
        or _imported(name, facts)
        or _asked(name, planned)
        or _needed(name, planned)
        or UNKNOWN
    )


def who_imports(module: str, facts: RepoFacts) -> WantedBy | None:
    """Return the repository's first import of a module or of its top-level package; None without one."""
    top = module.partition(".")[0]
    found = [fact for fact in facts.of(Import) if fact.module in (module, top)]
    found.sort(key=lambda fact: (fact.module != module, fact.guarded))
    return WantedBy(f"import {module}", _at(found[0].source)) if found else None


def version_of(name: str, planned: PlannedEnvironment) -> str:
    """Return the version to which the plan pins a distribution; empty if none."""
    pins = planned.resolution.pins if planned.resolution else ()
    wanted = canonicalize_name(name)
    return next((pin.version for pin in pins if canonicalize_name(pin.name) == wanted), "")


def _declared(name: str, facts: RepoFacts) -> WantedBy | None:
    requirements = [fact for fact in facts.of(Requirement) if fact.name == name]
    for fact in sorted(requirements, key=lambda fact: fact.group != "runtime"):
        return WantedBy(f"requirement {fact.text}", fact.source)
    for package in facts.of(CondaPackage):
        if canonicalize_name(package.name) == name:
            return WantedBy("conda environment", package.source)
    for locked in facts.of(LockedVersion):
        if locked.name == name:
            return WantedBy(f"locked at {locked.version}", locked.source)
    return None


def _guessed(name: str, planned: PlannedEnvironment, facts: RepoFacts) -> WantedBy | None:
    for guess in planned.guesses:
        if canonicalize_name(guess.name) == name:
            found = who_imports(guess.module, facts)
            return WantedBy(f"guessed from import {guess.module}", found.source if found else None)
    return None


def _imported(name: str, facts: RepoFacts) -> WantedBy | None:
    for fact in sorted(facts.of(Import), key=lambda fact: fact.guarded):
        if distribution_for(fact.module).name == name:
            return WantedBy(f"guessed from import {fact.module}", _at(fact.source))
    return None


def _asked(name: str, planned: PlannedEnvironment) -> WantedBy | None:
    texts = plan_requirements(planned.unpinned)
    if planned.draft is None and planned.resolution is not None:
        # A pinned plan names everything, also what only another package needs.
        return None
    named = {canonicalize_name(Pep508(text).name) for text in texts}
    return (
        WantedBy("asked for by the plan: a tool, or added by a repair") if name in named else None
    )


def _needed(name: str, planned: PlannedEnvironment) -> WantedBy | None:
    pins = planned.resolution.pins if planned.resolution else ()
    parents = next((pin.needed_by for pin in pins if canonicalize_name(pin.name) == name), ())
    return WantedBy(f"needed by {', '.join(parents[:MAX_PARENTS])}") if parents else None


def _at(source: Source) -> Source:
    """Return the place of an import as a file: `mcmc.py:468`."""
    return source.changed(kind="file") if source.path and source.line else source
