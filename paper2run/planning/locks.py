"""Reads exact versions from the repository's lock files, where the manifests still admit them.

A lock never adds a package; it says which version a wanted package has.
"""

import re
from collections.abc import Iterable, Mapping

from packaging.requirements import Requirement as Pep508
from packaging.specifiers import SpecifierSet

from paper2run.formats.version_ranges import conda
from paper2run.model.facts import CondaPackage, LockedVersion, RepoFacts, Requirement
from paper2run.model.resolution import Lock
from paper2run.planning.trust import LOCKS, of


def locks_of(
    facts: RepoFacts, declared: Iterable[Requirement], conda_names: Mapping[str, str]
) -> tuple[Lock, ...]:
    """Return the versions of the best lock file at the root and of compiled requirements, sorted by name.

    The compiled requirements are declared ones. The best lock file contradicts the fewest of the
    `declared` requirements (loosened); the resolver handles what a manifest refuses, and says so.
    Then come exact versions of conda environments, whose packages the index knows as `conda_names`
    (conda's name to the distribution's).
    """
    declaring = {fact.source.path for fact in declared}
    found = [
        fact
        for fact in facts.of(LockedVersion)
        if "/" not in fact.source.path or fact.source.path in declaring
    ]
    wished = {fact.name: Pep508(fact.text).specifier for fact in declared}
    paths = sorted(
        {fact.source.path for fact in found},
        key=lambda path: (_contradictions(path, found, wished), _place(path), path),
    )
    of_tools = [path for path in paths if _place(path) < len(LOCKS)]
    locks: dict[str, list[Lock]] = {}
    counted = [*of_tools[:1], *(path for path in paths if path not in of_tools)]
    for path in sorted(counted, key=lambda path: of("version", _role(path)).rank):
        own = [fact for fact in found if fact.source.path == path and fact.name not in locks]
        for fact in own:
            locks.setdefault(fact.name, []).append(_lock(fact))
    for package in facts.of(CondaPackage):
        name, specifier = conda_names.get(package.name, ""), _prefix(package.version)
        if name and specifier and name not in locks:
            locks[name] = [Lock(name=name, specifier=specifier, source=package.source)]
    return tuple(lock for name in sorted(locks) for lock in locks[name])


def loosened(facts: RepoFacts, declared: Iterable[Requirement]) -> tuple[Requirement, ...]:
    """Return the requirements, without their version if a lock of the same line has it."""
    lines = {(fact.source.path, fact.source.line, fact.name) for fact in facts.of(LockedVersion)}
    return tuple(
        _without_version(fact) if (fact.source.path, fact.source.line, fact.name) in lines else fact
        for fact in declared
    )


def _without_version(fact: Requirement) -> Requirement:
    wanted = Pep508(fact.text)
    wanted.specifier = SpecifierSet()
    return fact.changed(text=str(wanted))


def _contradictions(
    path: str, locked: list[LockedVersion], wished: Mapping[str, SpecifierSet]
) -> int:
    return sum(
        not wished[fact.name].contains(fact.version, prereleases=True)
        for fact in locked
        if fact.source.path == path and fact.name in wished
    )


def _role(path: str) -> str:
    return "lock of a tool" if _place(path) < len(LOCKS) else "compiled requirements"


def _place(path: str) -> int:
    return next((place for place, start in enumerate(LOCKS) if path.startswith(start)), len(LOCKS))


def _lock(fact: LockedVersion) -> Lock:
    return Lock(
        name=fact.name,
        specifier=f"=={fact.version}",
        marker=fact.marker,
        source=fact.source,
    )


def _prefix(version: str) -> str:
    """Return `==1.16.*` for conda's `=1.16` and `==1.16`.

    The index often adds a number to a library's version.
    """
    specifier = conda(version)
    if re.fullmatch(r"==\d+(?:\.\d+)*", specifier):
        return f"{specifier}.*"
    return specifier if re.fullmatch(r"==[^,]+", specifier) else ""
