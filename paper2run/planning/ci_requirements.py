"""Expands what commands of a CI job install into names for the resolver and installs of projects."""

import posixpath
import shlex
from collections.abc import Iterator
from typing import Final

from packaging.requirements import Requirement as Pep508
from packaging.utils import canonicalize_name

from paper2run.commands.python_installs import PythonInstall, python_install
from paper2run.formats.requirement_text import read_requirement
from paper2run.knowledge.conda_translation import translated
from paper2run.model.facts import Command, CondaPackage, RepoFacts, Requirement
from paper2run.model.value import Source
from paper2run.planning.ci_needs import NOTHING, UNRELATED
from paper2run.planning.ci_wanted import wanted_by_ci
from paper2run.planning.collected_requirements import NOT_INSTALLED, replaced
from paper2run.planning.declarations import Declarations
from paper2run.python.own_projects import own_projects

MANIFESTS: Final = ("pyproject.toml", "setup.cfg", "setup.py", "Pipfile")
BUILDERS: Final = frozenset({"setuptools", "wheel"})
"""Tools of the interpreter that scripts of a job count on beside its projects."""
ENVIRONMENTS: Final = frozenset({"tox.ini", "noxfile.py"})


def texts_of(
    facts: RepoFacts, installed: PythonInstall, folder: str, source: Source
) -> Iterator[str]:
    """Yield the requirements of one command: its own, those of its files, and those of its projects."""
    for written in installed.requirements:
        for fact in read_requirement(written, group="test", source=source):
            if isinstance(fact, Requirement) and (
                fact.name in BUILDERS or not UNRELATED.fullmatch(fact.name)
            ):
                yield from _text(fact, facts)
    needs = NOTHING._replace(
        files=tuple((_below(folder, file), source) for file in installed.files),
        extras=tuple(
            (extra if extra == "*" else canonicalize_name(extra), source)
            for extra in (*installed.extras, *(["*"] if installed.every_extra else []))
        ),
    )
    for fact, _ in wanted_by_ci(facts, needs, Declarations(facts), _own(facts)):
        yield from _text(fact, facts)
    for place in installed.folders:
        root = _below(folder, place)
        beside = [
            fact
            for fact in facts.of(Requirement)
            if fact.group == "runtime" and posixpath.dirname(fact.source.path) == root
        ]
        declared = [fact for fact in beside if fact.source.path.endswith(MANIFESTS)]
        for fact in declared or beside:
            yield from _text(fact, facts)


def texts_of_conda(facts: RepoFacts, file: str) -> Iterator[str]:
    """Yield the index's counterparts of what a conda environment file asks for, and its pip section."""
    path = posixpath.normpath(file)
    for package in facts.of(CondaPackage):
        name = translated(package.name).distribution if package.source.path == path else ""
        if name and replaced(name) not in NOT_INSTALLED and not UNRELATED.fullmatch(name):
            yield name
    for fact in facts.of(Requirement):
        if fact.source.path == path and not UNRELATED.fullmatch(fact.name):
            yield from _text(fact, facts)


def of_environments(facts: RepoFacts) -> tuple[list[str], list[str]]:
    """Return the requirements and project installs of what tox or nox would set up for tests."""
    texts = [
        text
        for fact in facts.of(Requirement)
        if fact.group == "test" and fact.source.path in ENVIRONMENTS
        for text in _text(fact, facts)
    ]
    root = PythonInstall(folders=(".",))
    projects = [root] if any(project.root == "" for project in own_projects(facts)) else []
    commands = [
        found
        for command in facts.of(Command)
        if command.purpose == "install" and command.source.path in ENVIRONMENTS
        if (found := python_install(command.line)) is not None
    ]
    for found in (*projects, *commands):
        texts += texts_of(facts, found, "", Source(kind="file"))
    return texts, [step for one in projects for step in project_steps(one, "", "")]


def project_steps(installed: PythonInstall, folder: str, command: str) -> Iterator[str]:
    """Yield the steps that install projects of the checkout; their needs are there already."""
    words = set(command.split())
    flags = "--no-build-isolation " if "--no-build-isolation" in words else ""
    flags += "-e " if {"-e", "--editable", "develop"} & words else ""
    for place in installed.folders:
        root = _below(folder, place)
        if not root.startswith(("/", "..")):
            target = shlex.quote(f"./{root}" if root else ".")
            yield f"pip install --no-compile --no-deps {flags}{target}"


def _below(folder: str, path: str) -> str:
    """Return a path below the repository; empty for its root."""
    joined = posixpath.normpath(posixpath.join(folder, path))
    return "" if joined == "." else joined


def _own(facts: RepoFacts) -> set[str]:
    return {str(canonicalize_name(project.name)) for project in own_projects(facts) if project.name}


def _text(fact: Requirement, facts: RepoFacts) -> Iterator[str]:
    name = replaced(fact.name)
    if name not in NOT_INSTALLED and name not in _own(facts):
        requirement = Pep508(fact.text)
        requirement.name = name
        yield str(requirement)
