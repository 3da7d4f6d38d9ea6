"""Decides which manifests speak for the whole repository.

Those at the root do; if they name nothing, a file in their place does.
"""

import posixpath
import re
import shlex
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from paper2run.commands.plain_commands import folder_and_line
from paper2run.formats.requirement_text import GROUP_WORDS
from paper2run.formats.shell_words import PIP
from paper2run.model.facts import (
    Command,
    CondaPackage,
    LockedVersion,
    PipInclude,
    RepoFacts,
    Requirement,
)
from paper2run.model.value import Source
from paper2run.python.own_projects import is_aside, own_projects
from paper2run.python.python_modules import BUILD_FILES

ROOT_FOLDERS: Final = ("requirements/", "binder/", ".binder/")
LIST: Final = re.compile(r"\.(?:txt|in|pip)$")
OF_TESTS: Final = re.compile(r"^(?:tests?|testing)/[^/]*(?:req|dep)[^/]*\.(?:txt|in|pip)$")
"""A list in the folder of the root's tests."""
OF_A_GPU: Final = frozenset({"gpu", "cuda", "cu"})
VARIANTS: Final = OF_A_GPU | {
    "all",
    "conda",
    "cpu",
    "full",
    "linux",
    "py",
    "ubuntu",
    "unix",
    "venv",
}
"""Words that name a machine or interpreter; such a list is still for running."""


class Declarations:
    """The declarations that speak for the whole repository, for one set of facts."""

    def __init__(self, facts: RepoFacts) -> None:
        self._facts = facts
        self._folders = {project.root for project in own_projects(facts)} | {""}
        self._running = list(self._declare_running())
        self.has_manifest = any(not source.path.endswith(".ipynb") for source in self._running)
        """Whether a manifest of pip's world at the root says what running needs."""
        conda = any(self._is_at_root(fact.source.path) for fact in facts.of(CondaPackage))
        self._chosen = "" if self._running or conda else self._stand_in()

    def speaks(self, source: Source) -> bool:
        """Whether a line is at the root, beside an installed project's setup.py, or in the chosen file."""
        return self._is_at_root(source.path) or (source.path == self._chosen != "")

    def requirements(self) -> Iterator[Requirement]:
        """Yield what is declared for running, testing and building, without documentation tools."""
        for fact in self._facts.of(Requirement):
            if OF_TESTS.match(fact.source.path) and fact.group != "docs":
                # The list beside the tests is theirs, whatever it calls itself.
                yield fact.changed(group="test")
                continue
            if fact.group == "test" and _is_code_of_tests(fact.source.path):
                yield fact
                continue
            known = fact.group in {"runtime", "build", "test"} or fact.source.path == self._chosen
            if known and self.speaks(fact.source):
                yield fact

    def _declare_running(self) -> Iterator[Source]:
        """Yield the places at the root, other than documents, that say what running needs."""
        facts = self._facts
        named: list[Requirement | LockedVersion | PipInclude] = [
            *facts.of(Requirement),
            *facts.of(LockedVersion),
            *facts.of(PipInclude),
        ]
        for fact in named:
            source = fact.source
            at_root = source.kind == "file" and self._is_at_root(source.path)
            if fact.group == "runtime" and at_root:
                yield source

    def _is_at_root(self, path: str) -> bool:
        return posixpath.dirname(path) in self._folders or path.startswith(ROOT_FOLDERS)

    def _stand_in(self) -> str:
        """Return the list that documents install, else the run-time list nearest to the root; else nothing."""
        lists = dict.fromkeys(
            fact.source.path
            for fact in self._facts.of(Requirement)
            if fact.source.kind == "file"
            and fact.group in {"runtime", "extra"}
            and LIST.search(fact.source.path)
        )
        documented = [path for path in self._documented() if path in lists]
        if documented:
            return min(documented, key=_is_for_gpu)
        # Beside a project that needs nothing, lists in folders are for what lies there.
        inside = any(project.root == "" for project in own_projects(self._facts))
        near = [
            path
            for path in lists
            if not is_aside(posixpath.dirname(path)) and not (inside and "/" in path)
        ]
        near = [path for path in near if _is_for_running(path)]
        depth = min((path.count("/") for path in near), default=0)
        nearest = [path for path in near if path.count("/") == depth]
        if depth and len(nearest) > 1:
            # Several folders with a list of their own are several programs.
            return ""
        return min(nearest, key=lambda path: (_is_for_gpu(path), "2" in path, path), default="")

    def _documented(self) -> Iterator[str]:
        """Yield the files that documents at the root install, in their order."""
        for command in self._facts.of(Command):
            source = command.source
            if command.purpose != "install" or source.kind != "readme" or "/" in source.path:
                continue
            folder, line = folder_and_line(command.line)
            try:
                words = shlex.split(line) if PIP.search(line) else []
            except ValueError:
                continue
            for option, path in pairwise(words):
                if option in {"-r", "--requirement"}:
                    yield posixpath.normpath(posixpath.join(folder, path))


def _is_code_of_tests(path: str) -> bool:
    """Whether tests themselves show a need, by what they use."""
    return path.endswith(".py") and posixpath.basename(path) not in BUILD_FILES


def _words(path: str) -> set[str]:
    stem = posixpath.basename(path).rpartition(".")[0].lower()
    return set(re.split(r"[\W\d_]+", stem)) - {""}


def _is_for_running(path: str) -> bool:
    return _words(path) <= VARIANTS | GROUP_WORDS["runtime"]


def _is_for_gpu(path: str) -> bool:
    return not OF_A_GPU.isdisjoint(_words(path))
