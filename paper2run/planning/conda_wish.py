"""Decides whether conda should make a repository's environment, and what to ask its channels for."""

import re
from typing import Final

from pydantic import ValidationError

from paper2run.index.conda_channels import PUBLIC, addresses
from paper2run.model.conda import MAX_PACKAGES, CondaArchive, CondaWish
from paper2run.model.facts import Command, CondaEnvironment, CondaPackage, RepoFacts, Requirement

FOLDERS: Final = frozenset({"", "binder", ".binder", "conda", "conda.recipe", "recipe"})
"""Where an environment of the whole repository lies; deeper ones are of examples and services."""
OTHER_PURPOSE: Final = re.compile(
    r"(?:^|[-_.])(?:dev|docs?|gpu|cuda|test\w*|win\w*|osx|mac\w*|ci)(?:[-_.]|$)"
)
DOCUMENTED: Final = re.compile(r"\b(?:conda|mamba|micromamba)\s+(?:env\s+)?(?:create|update)\b")
COMMUNITY: Final = (f"{PUBLIC}conda-forge", f"{PUBLIC}bioconda")
"""The channels for recipes, which do not name theirs."""
PYTHON: Final = re.compile(r"^(?:[\w./-]+::)?python(?![\w.-])")


def wish_of(facts: RepoFacts, pythons: tuple[str, ...]) -> CondaWish | None:
    """Return what to ask conda for; None if the repository does not rest on conda.

    It does where no other manifest at the root says what to install, or where its documents make the
    environment with conda. A file with nothing but an interpreter and pip's section needs no conda.
    """
    here = [
        fact
        for fact in facts.of(CondaEnvironment)
        if fact.source.path.rpartition("/")[0] in FOLDERS and _brings_packages(facts, fact)
    ]
    alone = not any(
        fact.group == "runtime"
        and "/" not in fact.source.path
        and fact.source.path not in {environment.source.path for environment in here}
        for fact in facts.of(Requirement)
    )
    lines = [fact.line for fact in facts.of(Command) if DOCUMENTED.search(fact.line)]
    chosen = min(
        (fact for fact in here if alone or (lines and fact.form != "recipe")),
        key=lambda fact: _rank(fact, lines),
        default=None,
    )
    return None if chosen is None else _wish(chosen, pythons)


def _brings_packages(facts: RepoFacts, environment: CondaEnvironment) -> bool:
    return any(fact.source.path == environment.source.path for fact in facts.of(CondaPackage))


def _rank(fact: CondaEnvironment, lines: list[str]) -> tuple[bool, bool, bool, bool, int, str]:
    """Return the sort key of an environment file, best first.

    Locks first, then files that documents name, then environments before recipes, general ones
    before those for one purpose, shallow before deep.
    """
    path = fact.source.path
    stem = path.rpartition("/")[2].rpartition(".")[0].lower()
    return (
        fact.form != "lock",
        not any(path in line for line in lines),
        fact.form == "recipe",
        bool(OTHER_PURPOSE.search(stem)),
        path.count("/"),
        path,
    )


def _wish(fact: CondaEnvironment, pythons: tuple[str, ...]) -> CondaWish:
    channels, unasked = addresses(fact.channels)
    if fact.form == "recipe":
        channels, unasked = COMMUNITY, ""
    specs = tuple(dict.fromkeys(spec.strip() for spec in fact.specs if "\n" not in spec))
    if not any(PYTHON.match(spec) for spec in specs):
        specs = (*specs, f"python {pythons[0]}.*" if pythons else "python")
    if len(specs) > MAX_PACKAGES:
        specs, unasked = (), f"{fact.source} names {len(specs)} packages"
    return CondaWish(
        channels=channels,
        specs=specs,
        archives=_archives(fact.archives),
        unasked=unasked,
        source=fact.source,
    )


def _archives(written: tuple[str, ...]) -> tuple[CondaArchive, ...]:
    """Return a lock's packages; empty if there are too many.

    Empty too if one is not from a public channel or lacks a digest.
    """
    if len(written) > MAX_PACKAGES:
        return ()
    found = []
    for text in written:
        url, _, digest = text.partition("#")
        try:
            found.append(CondaArchive(url=url, digest=digest.lower()))
        except ValidationError:
            return ()
    return tuple(sorted(found, key=lambda archive: archive.name))
