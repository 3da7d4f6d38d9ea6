"""Which requirements the tests of a CI job, or extras named by a requirements file, bring."""

import re
from collections.abc import Collection, Iterator
from typing import Final

from packaging.requirements import Requirement as Pep508
from packaging.utils import canonicalize_name

from paper2run.model.facts import PipInclude, RepoFacts, Requirement
from paper2run.model.value import Source
from paper2run.planning.ci_needs import UNRELATED, CiNeeds
from paper2run.planning.declarations import Declarations

MANIFESTS: Final = frozenset({"pyproject.toml", "setup.cfg", "setup.py"})


OWN_EXTRAS: Final = re.compile(
    r"(?:-e\s+|--editable[\s=])?(?:file:)?\./?\[(?P<extras>[\w\s,.-]+)\]"
)
"""The repository itself as a line of a requirements file: `-e .[test,plot]`."""


def wanted_by_ci(
    facts: RepoFacts, needs: CiNeeds, declarations: Declarations, own: Collection[str]
) -> Iterator[tuple[Requirement, str]]:
    """Yield each requirement with the reason; `own` are the names of the repository's projects.

    Extras for documentation are left out, and so are tools for other work than tests.
    """
    for fact in needs.requirements:
        yield fact, "the tests of its CI install it"
    files = dict(needs.files)
    extras = _with_inner(dict(needs.extras), facts, own)
    for fact in _for_tests(facts):
        if fact.source.path in files:
            yield fact, f"the tests of its CI install {fact.source.path}"
        elif _is_asked(fact, extras) and declarations.speaks(fact.source):
            yield fact, f"the tests of its CI install the extra {fact.extra}"


def wanted_by_files(
    facts: RepoFacts, declarations: Declarations, own: Collection[str]
) -> Iterator[tuple[Requirement, str]]:
    """Yield what the extras hold that a requirements file asks of the repository itself, with the reason."""
    asked: dict[str, Source] = {
        canonicalize_name(extra.strip()): include.source
        for include in facts.of(PipInclude)
        if include.group in {"runtime", "test"} and declarations.speaks(include.source)
        if (match := OWN_EXTRAS.fullmatch(include.text))
        for extra in match["extras"].split(",")
        if extra.strip()
    }
    extras = _with_inner(asked, facts, own)
    for fact in _for_tests(facts):
        if _is_asked(fact, extras) and declarations.speaks(fact.source):
            source = extras[canonicalize_name(fact.extra)]
            yield fact, f"{source} asks for the extra {fact.extra}"


def _for_tests(facts: RepoFacts) -> Iterator[Requirement]:
    for fact in facts.of(Requirement):
        if fact.group not in {"docs", "limit"} and not UNRELATED.fullmatch(fact.name):
            yield fact


def _with_inner(
    extras: dict[str, Source], facts: RepoFacts, own: Collection[str]
) -> dict[str, Source]:
    """Return the extras and those that they consist of: `all = ["name[plot,test]"]`."""
    extended = True
    while extended:
        inner: dict[str, Source] = {
            canonicalize_name(name): extras.get(canonicalize_name(fact.extra), fact.source)
            for fact in facts.of(Requirement)
            if fact.name in own and _is_asked(fact, extras)
            for name in Pep508(fact.text).extras
        }
        extended = not inner.keys() <= extras.keys()
        extras = {**inner, **extras}
    return extras


def _is_asked(fact: Requirement, extras: Collection[str]) -> bool:
    if "*" in extras and fact.source.path.rpartition("/")[2] in MANIFESTS:
        return bool(fact.extra)
    return bool(fact.extra) and canonicalize_name(fact.extra) in extras
