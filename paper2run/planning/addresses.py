"""Reads requirements that name a project by address; its namesake on the index is a stranger's.

Forms: https://pip.pypa.io/en/stable/topics/vcs-support/ and `name @ address`.
"""

import posixpath
import re
from collections.abc import Collection, Mapping
from typing import Final

from packaging.utils import canonicalize_name

from paper2run.knowledge.distributions import Guess, distribution_for
from paper2run.model.facts import PipInclude, RepoFacts

ADDRESS: Final = re.compile(r"(?:\w+\+)?\w+://\S+|(?:\w+\+)?\w+@[\w.-]+:\S+")
PLACE: Final = re.compile(r"(?:^(?:-e\s+)?|\s@\s*)(?:file:)?((?:/|~/|\.\./|[A-Za-z]:[\\/])\S*)")
"""A folder or file on its author's machine; a path with `..` may still lie in the repository."""
NAME_BEFORE: Final = re.compile(r"^(?:-e\s+)?([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*@\s")
EGG: Final = re.compile(r"[#&]egg=([A-Za-z0-9][\w.-]*)")
REPOSITORY: Final = re.compile(
    r"(?:github\.com|gitlab\.com|bitbucket\.org)[/:][^/\s]+/([\w.-]+)|/([\w.-]+?)(?:\.git)?/?(?:@[^/]*)?$"
)
"""A repository of a known host, else the last part of the path, without the revision."""


def is_address(include: PipInclude) -> bool:
    """Whether a requirement is fetched from elsewhere rather than from the repository's own files."""
    return ADDRESS.search(include.text) is not None or is_on_another_machine(include)


def is_on_another_machine(include: PipInclude) -> bool:
    """Whether a requirement names a file or folder on its author's machine, outside the repository."""
    place = PLACE.search(include.text)
    if place is None:
        return "file://" in include.text
    beside = posixpath.join(posixpath.dirname(include.source.path), place[1])
    return not place[1].startswith("..") or posixpath.normpath(beside).startswith("..")


def local_name(include: PipInclude) -> str:
    """Return the normalised name of `name @ folder`; empty for other forms."""
    name = NAME_BEFORE.match(include.text)
    return canonicalize_name(name[1]) if name and ADDRESS.search(include.text) is None else ""


def addressed(facts: RepoFacts) -> Mapping[str, PipInclude]:
    """Return the requirements by address, under each normalised name that the project may have.

    The words of a name are keys too.
    """
    found: dict[str, PipInclude] = {}
    for include in facts.of(PipInclude):
        for name in names_of(include.text) if is_address(include) else ():
            for word in (name, *name.split("-")):
                found.setdefault(word, include)
    return found


def distribution_beside(
    asked: Mapping[str, PipInclude],
    module: str,
    declared: Collection[str] = (),
    mentioned: tuple[str, ...] = (),
) -> Guess:
    """Return the guess of `distribution_for`; no unverified guess for a module that an address names.

    `asked` holds the addresses.
    """
    guess = distribution_for(module, declared, mentioned)
    include = address_of(asked, module)
    if include is None or not guess.unverified:
        return guess
    why = f"{include.source} asks for {include.text}, not for the index's project of that name"
    return Guess(module, "", "absent", why)


def address_of(asked: Mapping[str, PipInclude], module: str) -> PipInclude | None:
    """Return the requirement by address that a module may come from; None without one."""
    return asked.get(canonicalize_name(module.partition(".")[0]))


def names_of(text: str) -> list[str]:
    """Return the normalised names that the project behind an address may have."""
    address = ADDRESS.search(text)
    place = PLACE.search(text)
    bare = address[0] if address else place[1].replace("\\", "/") if place else ""
    repository = REPOSITORY.search(re.split(r"[#?\s]", bare)[0])
    found = [match[1] for match in (NAME_BEFORE.match(text), EGG.search(text)) if match]
    if repository:
        found.append(repository[1] or repository[2])
    return [canonicalize_name(name.partition("@")[0].removesuffix(".git")) for name in found]
