"""What requirements name by an address: projects of their own, whose namesakes on the index are other people's.

Forms: https://pip.pypa.io/en/stable/topics/vcs-support/ and `name @ address`.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from packaging.utils import canonicalize_name

from paper2run.distributions import Guess, distribution_for
from paper2run.model.facts import PipInclude, RepoFacts

ADDRESS: Final = re.compile(r"(?:\w+\+)?\w+://\S+|(?:\w+\+)?\w+@[\w.-]+:\S+")
NAME_BEFORE: Final = re.compile(r"^(?:-e\s+)?([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*@\s")
EGG: Final = re.compile(r"[#&]egg=([A-Za-z0-9][\w.-]*)")
REPOSITORY: Final = re.compile(
    r"(?:github\.com|gitlab\.com|bitbucket\.org)[/:][^/\s]+/([\w.-]+)|/([\w.-]+?)(?:\.git)?/?(?:@[^/]*)?$"
)
"""A repository of a known host, else the last part of the path, without the revision."""


def is_address(include: PipInclude) -> bool:
    """Tell whether a requirement is fetched from elsewhere, and no folder or file of the repository."""
    return ADDRESS.search(include.text) is not None


def addressed(facts: RepoFacts) -> Mapping[str, PipInclude]:
    """Return what requirements name by an address, by each normalised name that the project may have."""
    found: dict[str, PipInclude] = {}
    for include in facts.of(PipInclude):
        for name in _names(include.text) if is_address(include) else ():
            found.setdefault(name, include)
    return found


def distribution_beside(
    asked: Mapping[str, PipInclude],
    module: str,
    declared: Iterable[str] = (),
    mentioned: Iterable[str] = (),
) -> Guess:
    """Return the guess of `distribution_for`, but none unverified for a module that an address of `asked` names."""
    guess = distribution_for(module, declared, mentioned)
    top = canonicalize_name(module.partition(".")[0])
    include = next((asked[name] for name in asked if top == name or top in name.split("-")), None)
    if include is None or not guess.unverified:
        return guess
    why = f"{include.source} asks for {include.text}, not for the index's project of that name"
    return Guess(module, "", "absent", why)


def _names(text: str) -> list[str]:
    address = ADDRESS.search(text)
    bare = re.split(r"[#?\s]", address[0])[0] if address else ""
    repository = REPOSITORY.search(bare)
    found = [match[1] for match in (NAME_BEFORE.match(text), EGG.search(text)) if match]
    if repository:
        found.append(repository[1] or repository[2])
    return [canonicalize_name(name.partition("@")[0].removesuffix(".git")) for name in found]
