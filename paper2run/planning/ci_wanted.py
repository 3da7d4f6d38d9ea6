"""Which requirements the tests of a CI job bring: named, of files, and of extras."""

from collections.abc import Collection, Iterator
from typing import Final

from packaging.requirements import Requirement as Pep508
from packaging.utils import canonicalize_name

from paper2run.model.facts import RepoFacts, Requirement
from paper2run.model.value import Source
from paper2run.planning.ci_needs import UNRELATED, CiNeeds
from paper2run.planning.declarations import Declarations

MANIFESTS: Final = frozenset({"pyproject.toml", "setup.cfg", "setup.py"})


def wanted_by_ci(
    facts: RepoFacts, needs: CiNeeds, declarations: Declarations, own: Collection[str]
) -> Iterator[tuple[Requirement, str]]:
    """Yield each requirement with the reason; `own` are the names of the repository's projects.

    Extras for documentation are left out, and so are tools for other work than tests.
    """
    for fact in needs.requirements:
        yield fact, "the tests of its CI install it"
    files = dict(needs.files)
    extras = dict(needs.extras)
    extended = True
    while extended:
        # An extra may consist of others: `all = ["name[plot,test]"]`.
        inner: dict[str, Source] = {
            canonicalize_name(name): extras.get(canonicalize_name(fact.extra), fact.source)
            for fact in facts.of(Requirement)
            if fact.name in own and _is_asked(fact, extras)
            for name in Pep508(fact.text).extras
        }
        extended = not inner.keys() <= extras.keys()
        extras = {**inner, **extras}
    for fact in facts.of(Requirement):
        if fact.group in {"docs", "limit"} or UNRELATED.fullmatch(fact.name):
            continue
        if fact.source.path in files:
            yield fact, f"the tests of its CI install {fact.source.path}"
        elif _is_asked(fact, extras) and declarations.speaks(fact.source):
            yield fact, f"the tests of its CI install the extra {fact.extra}"


def _is_asked(fact: Requirement, extras: Collection[str]) -> bool:
    if "*" in extras and fact.source.path.rpartition("/")[2] in MANIFESTS:
        return bool(fact.extra)
    return bool(fact.extra) and canonicalize_name(fact.extra) in extras
