"""Which language a repository is about, by the bytes of its sources."""

from typing import Final

from paper2run.model.facts import LanguageShare, Project, RepoFacts, Requirement

NATIVE: Final = frozenset({"c", "c++", "fortran", "cuda"})
"""Counted as one: their sources are built together."""
BESIDE: Final = frozenset(
    {"shell", "notebook", "matlab", "javascript", "perl", "awk", "tcl", "ruby", "php", "mathematica", "stata", "sas",
     "spss", "stan", "nextflow", "snakemake"}
)  # fmt: skip
"""Found beside code of every language: helpers, pages of documentation, outputs that fill notebooks."""


def leads(facts: RepoFacts, languages: frozenset[str]) -> bool:
    """Tell whether `languages` together hold more source than any other, and no Python project is declared."""
    if any(_declares_python(fact) for fact in facts.facts):
        return False
    own = 0
    others: dict[str, int] = {}
    for share in facts.of(LanguageShare):
        if share.language in languages:
            own += share.size_bytes
        elif share.language not in BESIDE:
            kin = "native" if share.language in NATIVE else share.language
            others[kin] = others.get(kin, 0) + share.size_bytes
    return own > 0 and own >= max(others.values(), default=0)


def _declares_python(fact: object) -> bool:
    """Tell whether a fact says that the repository itself is installed as Python; CI and documents may use it."""
    if isinstance(fact, Requirement):
        return fact.group == "runtime" and "/" not in fact.source.path and fact.extra == ""
    return isinstance(fact, Project) and fact.root == ""


def leading(facts: RepoFacts) -> str:
    """Return the language with most source, one that stands on its own before one found beside all; empty without."""
    shares = facts.of(LanguageShare)
    best = max(shares, key=lambda s: (s.language not in BESIDE, s.size_bytes), default=None)
    return best.language if best else ""
