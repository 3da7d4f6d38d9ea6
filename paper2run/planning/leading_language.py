"""Which code a repository is about: what its authors show, then what there is most of.

A vendored, generated, documenting or example part never leads; the detectors `side_parts` and `languages` tell them.
"""

from collections import Counter
from pathlib import PurePosixPath
from typing import Final

from paper2run.knowledge.language_endings import ENDINGS
from paper2run.knowledge.language_names import TOOLS
from paper2run.knowledge.side_folders import is_beside
from paper2run.model.facts import Extension, LanguageShare, Project, RepoFacts, SidePart
from paper2run.model.leading import Leading
from paper2run.planning.evidence import Evidence
from paper2run.planning.leading_signs import HELPERS, Sign, family_of, own_bytes, signs
from paper2run.planning.toolchain_stops import PLANNED

NATIVE: Final = frozenset({"c", "c++", "fortran", "cuda"})
"""Counted as one: their sources are built together."""
NEARLY_ALL: Final = 0.9
SURE: Final = 1.5
"""So many times the weight of the next family leaves no doubt."""


def leads(evidence: Evidence, languages: frozenset[str]) -> bool:
    """Whether the leading code is in one of `languages`."""
    found = leading_of(evidence)
    return found is not None and family_of(found.language) in {
        family_of(name) for name in languages
    }


def leading_of(evidence: Evidence) -> Leading | None:
    """Return the leading code with what speaks for it; None if the repository has no code."""
    return _weighed(evidence.facts, evidence.paths)


def without_lead(evidence: Evidence) -> Evidence | None:
    """Return the evidence without the leading code, so that the next leads; None if the lead is sure.

    None also where the lead is for a tool without a plan: what stands beside it is a part.
    """
    found = leading_of(evidence)
    family = family_of(found.language) if found else ""
    if found is None or found.sure or family not in PLANNED:
        return None
    kept = (
        fact
        for fact in evidence.facts.facts
        if not isinstance(fact, LanguageShare) or family_of(fact.language) != family
    )
    return evidence._replace(facts=evidence.facts.changed(facts=tuple(kept)))


def leading(facts: RepoFacts) -> str:
    """Return the language that leads; empty if no language is known."""
    found = _weighed(facts, frozenset())
    return found.language if found else ""


def _weighed(facts: RepoFacts, paths: frozenset[str]) -> Leading | None:
    by_family: dict[str, list[Sign]] = {}
    for sign in signs(facts, paths):
        by_family.setdefault(sign.family, []).append(sign)
    weights = {family: sum(sign.weight for sign in found) for family, found in by_family.items()}
    if not weights:
        return None
    # What accompanies any code leads only where nothing else is there, or where manifests and documents say so.
    ranked = sorted(weights, key=lambda family: (-weights[family], family in HELPERS, family))
    best = ranked[0]
    second = weights[ranked[1]] if len(ranked) > 1 else 0.0
    if (
        best == "native"
        and "python" in weights
        and weights[best] < SURE * second
        and _builds_a_package(facts)
    ):
        best = "python"
        second = weights["native"]
    found = sorted(by_family[best], key=lambda sign: -sign.weight)
    language = _language(facts, best)
    return Leading(
        language=language,
        root=_root(facts, paths, language),
        source=found[0].source,
        signs=tuple(sign.words for sign in found if sign.weight >= 0.5)[:5] or (found[0].words,),
        tool=TOOLS.get(language, ""),
        named=any(sign.form in {"prose", "command"} for sign in found),
        sure=weights[best] >= SURE * second and not _may_be_subject(found, facts, language),
    )


def _may_be_subject(found: list[Sign], facts: RepoFacts, language: str) -> bool:
    """Whether code may be input of other programs: only prose and amount speak for a rare language."""
    own = own_bytes(facts)
    told = {"code", "prose"}.issuperset(sign.form for sign in found)
    return language in TOOLS and told and own[language] < NEARLY_ALL * sum(own.values())


def _builds_a_package(facts: RepoFacts) -> bool:
    """Whether the root is a Python project that compiles code: in doubt, its tests show both."""
    return any(project.root == "" for project in facts.of(Project)) and bool(facts.of(Extension))


def _language(facts: RepoFacts, family: str) -> str:
    """Return the language of a family that has most code; notebooks only where there is no other."""
    own = own_bytes(facts)
    members = [language for language in own if family_of(language) == family]
    return max(members, key=lambda language: (language not in HELPERS, own[language]))


def _root(facts: RepoFacts, paths: frozenset[str], language: str) -> str:
    """Return the top folder that holds nearly all files of a language; empty where several do."""
    sides = tuple(f"{part.folder}/" for part in facts.of(SidePart))
    tops = Counter(
        path.partition("/")[0] if "/" in path else ""
        for path in paths
        if ENDINGS.get(PurePosixPath(path).suffix.lower()) == language
        and not path.startswith(sides)
        and not is_beside(path)
        and path != "setup.py"
    )
    top, files = tops.most_common(1)[0] if tops else ("", 0)
    return top if files >= NEARLY_ALL * tops.total() else ""
