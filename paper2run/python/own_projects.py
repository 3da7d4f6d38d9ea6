"""Tells which Python projects of a checkout are the repository's own, and which get installed.

A setup.py below tests is a fixture, one below third_party somebody else's: neither says anything about the repository.
"""

import shlex
from collections.abc import Iterator, Mapping
from typing import Final

from packaging.utils import canonicalize_name

from paper2run.commands.plain_commands import folder_and_line
from paper2run.model.facts import Command, Project, RepoFacts, Requirement
from paper2run.python.python_modules import SIDE_FOLDERS, TEST_FOLDERS
from paper2run.rendering.pip_steps import INSTALLERS

FIXTURES: Final = TEST_FOLDERS | {"fixture", "fixtures", "testdata", "test_data"}
"""Folders whose projects are input of tests."""
ASIDE: Final = FIXTURES | SIDE_FOLDERS | {"example", "examples", "tools"}
"""Folders whose projects are not what the repository is about."""
MAX_REQUIRED: Final = 20
"""Projects of one checkout that come with those that are chosen."""
SETUP: Final = frozenset({"install", "develop"})


def is_fixture(folder: str) -> bool:
    """Whether a folder of the checkout holds input of tests."""
    return not FIXTURES.isdisjoint(folder.lower().split("/"))


def is_aside(folder: str) -> bool:
    """Whether a folder holds fixtures, examples, tools or other people's code."""
    return not ASIDE.isdisjoint(folder.lower().split("/"))


def own_projects(facts: RepoFacts) -> tuple[Project, ...]:
    """Return the projects that get installed, in order.

    The root's; else those that documents install; else the only one, or several of which each requires another or is
    required by it. What lies below another counts as part of it. Nothing where others stand side by side: a
    collection, or tools. Those that one of them requires by name, and that lie in the checkout too, come with it.
    """
    projects = {project.root: project for project in facts.of(Project)}
    chosen = _chosen(facts, projects)
    return _with_required(facts, chosen) if chosen and len(projects) > 1 else chosen


def _with_required(facts: RepoFacts, chosen: tuple[Project, ...]) -> tuple[Project, ...]:
    """Return the projects, behind those of the checkout that they require."""
    required = _required(facts)
    found = {project.root: project for project in chosen}
    waiting = list(chosen)
    while waiting and len(found) < len(chosen) + MAX_REQUIRED:
        for other in required.get(waiting.pop(0).root, ()):
            if other.root not in found:
                found[other.root] = other
                waiting.append(other)
    beside = list(found.values())[len(chosen) :][:MAX_REQUIRED]
    return (*reversed(beside), *chosen)


def _required(facts: RepoFacts) -> dict[str, list[Project]]:
    """Return by folder the projects of the checkout that the one there requires by name."""
    by_name: dict[str, Project] = {
        canonicalize_name(fact.name): fact
        for fact in facts.of(Project)
        if fact.name and not is_aside(fact.root)
    }
    required: dict[str, list[Project]] = {}
    for fact in facts.of(Requirement):
        if fact.group == "runtime" and fact.name in by_name:
            home = fact.source.path.rpartition("/")[0]
            required.setdefault(home, []).append(by_name[fact.name])
    return required


def _chosen(facts: RepoFacts, projects: Mapping[str, Project]) -> tuple[Project, ...]:
    if "" in projects:
        return (projects[""],)
    documented = dict.fromkeys(_documented(facts))
    named = [folder for folder in documented if folder in projects and not is_fixture(folder)]
    if named:
        return tuple(projects[folder] for folder in named)
    own = sorted((folder for folder in projects if not is_aside(folder)), key=len)
    apart = [folder for folder in own if not folder.startswith(f"{own[0]}/")]
    if len(apart) == 1:
        return (projects[own[0]],)
    pairs = {
        (home, other.root)
        for home, others in _required(facts).items()
        for other in others
        if home in apart and other.root in apart and home != other.root
    }
    linked = {folder for pair in pairs for folder in pair}
    first = {folder for folder, _ in pairs} - {folder for _, folder in pairs}
    # What they require comes before them by itself.
    return tuple(projects[one] for one in apart if one in first) if linked == {*apart} else ()


def is_installed(facts: RepoFacts, folder: str) -> bool:
    """Whether the project that a folder belongs to, the nearest above it, will be installed."""
    return home_of(facts, folder) in {project.root for project in own_projects(facts)}


def speaks_for_the_whole(facts: RepoFacts, folder: str) -> bool:
    """Whether what stands in a folder may bind the repository.

    False for a project that does not get installed.
    """
    if folder not in {project.root for project in facts.of(Project)}:
        return True
    own = own_projects(facts)
    return folder in {project.root for project in own} or not (own or is_aside(folder))


def home_of(facts: RepoFacts, folder: str) -> str:
    """Return the folder of the nearest project that holds `folder`; the root's where there is none."""
    roots = (project.root for project in facts.of(Project))
    above = [root for root in roots if not root or f"{folder}/".startswith(f"{root}/")]
    return max(above, key=len, default="")


def _documented(facts: RepoFacts) -> Iterator[str]:
    """Yield the folders that documents at the root install, in their order."""
    for command in facts.of(Command):
        source = command.source
        if command.purpose != "install" or source.kind != "readme" or "/" in source.path:
            continue
        folder, line = folder_and_line(command.line)
        try:
            words = shlex.split(line)
        except ValueError:
            continue
        places = words[1:] if INSTALLERS.match(line) else []
        if words[1:2] == ["setup.py"] and not SETUP.isdisjoint(words[2:]):
            places = ["."]
        for place in places:
            plain = place.partition("[")[0].strip("/").removeprefix("./").removeprefix(".")
            yield "/".join(part for part in (folder, plain) if part)
