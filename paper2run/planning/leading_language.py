"""Which language a repository is about, by the bytes of its sources."""

import re
from typing import Final

from paper2run.model.facts import BuildFile, Fact, LanguageShare, Project, RepoFacts, Requirement

NATIVE: Final = frozenset({"c", "c++", "fortran", "cuda"})
"""Counted as one: their sources are built together."""
BESIDE: Final = frozenset(
    {"shell", "notebook", "matlab", "javascript", "perl", "awk", "tcl", "ruby", "php", "mathematica", "stata", "sas",
     "spss", "stan", "nextflow", "snakemake"}
)  # fmt: skip
"""Found beside code of every language: helpers, pages of documentation, outputs that fill notebooks."""

LIST: Final = re.compile(r"\.(?:txt|in|pip)$")
"""Files that list distributions without making the repository installable."""
FAR_MORE: Final = 5
"""With this many times the Python source, Python does not matter."""
BUILDS: Final[dict[str, frozenset[str]]] = {
    "autotools": NATIVE,
    "cmake": NATIVE,
    "make": NATIVE,
    "meson": NATIVE,
    "cargo": frozenset({"rust"}),
    "go": frozenset({"go"}),
    "ant": frozenset({"java"}),
    "gradle": frozenset({"java"}),
    "maven": frozenset({"java"}),
    "r-package": frozenset({"r"}),
    "renv": frozenset({"r"}),
}
"""Languages of what each build system builds, by the names of `BuildFile`."""


def leads(facts: RepoFacts, languages: frozenset[str]) -> bool:
    """Whether `languages` together hold the most source and no Python project is declared."""
    own = 0
    others: dict[str, int] = {}
    for share in facts.of(LanguageShare):
        if share.language in languages:
            own += share.size_bytes
        elif share.language not in BESIDE:
            kin = "native" if share.language in NATIVE else share.language
            others[kin] = others.get(kin, 0) + share.size_bytes
    if own == 0 or own < max(others.values(), default=0):
        return False
    declared = [fact for fact in facts.facts if _declares_python(fact)]
    # Next to a build of another language, a list of names is for its scripts.
    lists = all(LIST.search(fact.source.path) for fact in declared)
    built = any(not languages.isdisjoint(BUILDS.get(b.system, ())) for b in facts.of(BuildFile))
    far_more = own >= FAR_MORE * others.get("python", 0)
    return not declared or (lists and built and far_more)


def _declares_python(fact: Fact) -> bool:
    """Whether a fact says that the repository itself is installed as Python.

    Python that CI and documents use does not count.
    """
    if isinstance(fact, Requirement):
        at_root = "/" not in fact.source.path and fact.source.kind == "file"
        return fact.group == "runtime" and at_root and fact.extra == ""
    return isinstance(fact, Project) and fact.root == ""


def leading(facts: RepoFacts) -> str:
    """Return the language with most source; empty if no language is known.

    Languages that accompany any repository (BESIDE) come last.
    """
    shares = facts.of(LanguageShare)
    best = max(shares, key=lambda s: (s.language not in BESIDE, s.size_bytes), default=None)
    return best.language if best else ""
