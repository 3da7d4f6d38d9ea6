"""Lists what the rules doubt about their own plan or stop, where another planner is worth its price.

The measure is evidence, not effort: a plan is weak if no manifest declares what it installs, if
that manifest cannot be read, if names are only guessed, or if its smoke command shows nothing of
the repository.
"""

import re
from pathlib import PurePosixPath
from typing import Final

from paper2run.model.diagnosis import Diagnosis
from paper2run.model.environment import PlannedEnvironment
from paper2run.model.facts import (
    BuildFile,
    CondaPackage,
    ForeignRequirement,
    Import,
    PipInclude,
    Project,
    RepoFacts,
    Requirement,
    Unreadable,
)

DECLARING: Final = (
    Requirement, PipInclude, CondaPackage, Project, ForeignRequirement, BuildFile,
)  # fmt: skip
"""Facts that only a manifest or a build description can give."""
MANIFEST: Final = re.compile(
    r"(?:.*requirements.*\.(?:txt|in)|setup\.(?:py|cfg)|pyproject\.toml|Pipfile|environment.*\.ya?ml"
    r"|package\.json|DESCRIPTION|pom\.xml|go\.mod)",
    re.IGNORECASE,
)
MAX_NAMED: Final = 5
"""Names that one sentence lists."""


def doubts(found: PlannedEnvironment | Diagnosis, facts: RepoFacts) -> tuple[str, ...]:
    """Return what speaks against the rules' answer, a sentence each; empty if it stands on evidence.

    A stop is doubted if the rules only found nothing to start; all other stops bring evidence.
    """
    if isinstance(found, Diagnosis):
        return (found.decision.reason,) if found.decision.confidence == "low" else ()
    return (*_undeclared(found, facts), *_unreadable(facts), *_shows_nothing(found))


def _undeclared(planned: PlannedEnvironment, facts: RepoFacts) -> tuple[str, ...]:
    """Doubt dependencies that were inferred from imports.

    If a manifest exists, undeclared imports do not matter.
    """
    if any(isinstance(fact, DECLARING) for fact in facts.facts):
        return ()
    modules = sorted({fact.module for fact in facts.of(Import) if not fact.guarded})
    guessed = sorted({guess.name for guess in planned.guesses})
    found = []
    if modules:
        found.append(f"no manifest declares what the code imports: {_listed(modules)}")
    if guessed:
        found.append(f"names of distributions are guessed from modules: {_listed(guessed)}")
    return tuple(found)


def _unreadable(facts: RepoFacts) -> tuple[str, ...]:
    """Doubt plans beside an unreadable manifest near the root."""
    return tuple(
        f"{fact.path} could not be read: {fact.why}"
        for fact in facts.of(Unreadable)
        if fact.path.count("/") < 2 and MANIFEST.fullmatch(PurePosixPath(fact.path).name)
    )[:MAX_NAMED]


def _shows_nothing(planned: PlannedEnvironment) -> tuple[str, ...]:
    """Doubt a smoke command that no evidence names: it runs nothing of the repository."""
    smoke = next((reason for reason in planned.reasons if reason.topic == "smoke"), None)
    if smoke is not None and smoke.source.kind != "default":
        return ()
    return ("the smoke command runs nothing of the repository's own",)


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return ", ".join(names[:MAX_NAMED]) + more
