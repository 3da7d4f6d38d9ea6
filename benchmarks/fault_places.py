"""The places of a checkout that all of its documented work goes through, and edits of them.

Runs nothing. Files are read and written as Latin-1, which gives every byte back as it was; what is put in is ASCII.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Final

from paper2run.detectors import read_facts
from paper2run.formats.tree import RepoTree
from paper2run.model.diagnosis import Cause
from paper2run.model.facts import Command, EntryPoint, OwnModule, RepoFacts

Files = Mapping[str, str | None]
"""The new text by path; None takes the file out."""
BESIDE: Final = re.compile(r"(^|/)(tests?|testing|docs?|examples?|benchmarks?|tutorials?|scripts)/")
"""Folders of what is no part of the leading code."""
TEST: Final = re.compile(r"(^|/)tests?(/|\.py$)|(^|/)(test_[^/]*|[^/]*_test|conftest)\.py$")
BUILD_SCRIPT: Final = re.compile(r"(^|/)(setup|conftest|tasks|noxfile|build_\w+)\.py$")
HEAD: Final = re.compile(
    r"(?:\xef\xbb\xbf)?(?:[ \t]*(?:#[^\n]*)?\r?\n)*"
    r'(?:[rRuU]{0,2}(?P<quote>"""|\'\'\')[\s\S]*?(?P=quote)[^\n]*(?:\n|\Z)|'
    r'[rRuU]{0,2}(?:"[^"\n]*"|\'[^\'\n]*\')[ \t]*(?:\r?\n|\Z))?'
    r"(?:[ \t]*(?:#[^\n]*)?\r?\n|from __future__ import (?:\([^)]*\)[^\n]*|[^\n(]*)\n)*"
)
"""What must stay above the first statement: comments, the docstring, imports from the future."""
LIST_OF_REQUIREMENTS: Final = re.compile(r"\binstall_requires\s*=\s*\[(?=\s*[\"'\]])")
SETUP_CALL: Final = re.compile(r"(?m)^([ \t]*)((?:setuptools\.)?setup)\($")
PROJECT_LIST: Final = re.compile(r"(?m)^dependencies\s*=\s*\[")
POETRY_TABLE: Final = re.compile(r"(?m)^\[tool\.poetry\.dependencies\][^\n]*\n")
EXACT: Final = re.compile(r"^([\w.-]+)==([\w.]+)$")


@dataclass(frozen=True)
class Change:
    """One change of a checkout, and what is true of the changed repository."""

    files: Files
    causes: tuple[Cause, ...] = ()
    """Any of them is the right answer, best first; empty: the repository still works."""
    objects: tuple[str, ...] = ()
    """Words of which a good explanation holds at least one: the file, module or address that it is about."""


class Places:
    """What a checkout's facts say about where its work begins."""

    def __init__(self, root: Path) -> None:
        """Read the checkout in the folder `root`."""
        self.tree = RepoTree.of(root)

    @cached_property
    def facts(self) -> RepoFacts:
        """What the detectors find."""
        return read_facts(self.tree)

    @cached_property
    def package(self) -> OwnModule | None:
        """The leading package or module of the repository; None if it consists of scripts.

        That is the installed one with most Python files.
        """
        installed = [
            fact
            for fact in self.facts.of(OwnModule)
            if fact.installed and fact.source.path.endswith("/__init__.py")
        ]
        return max(installed, key=lambda fact: len(self._modules(fact)), default=None)

    @cached_property
    def modules(self) -> tuple[str, ...]:
        """Python files of the leading code, tests left out, in path order."""
        if self.package:
            return self._modules(self.package)
        paths = [path for path in self.tree.matching("*.py") if not BESIDE.search(path)]
        return tuple(path for path in paths if _is_work(path))

    @cached_property
    def hearts(self) -> tuple[str, ...]:
        """The files of which every documented use of the leading code runs at least one.

        The package's first module, and the scripts that can be started without it.
        """
        if not self.package:
            return self.modules
        scripts = [
            fact.source.path
            for fact in self.facts.of(EntryPoint)
            if fact.form == "script" and not BESIDE.search(fact.source.path)
        ]
        started = [path for path in scripts if path in self.modules or "/" not in path]
        beside = [path for path in started if _is_work(path) and path.endswith(".py")]
        return tuple(dict.fromkeys([self.package.source.path, *beside]))

    @cached_property
    def commands(self) -> tuple[str, ...]:
        """Shell commands by which documents start the code."""
        return tuple(
            fact.line
            for fact in self.facts.of(Command)
            if fact.purpose == "run" and fact.form == "shell" and fact.source.kind == "readme"
        )

    @property
    def folder(self) -> str:
        """The folder of the first heart; empty for the root."""
        parent = str(PurePosixPath(self.hearts[0]).parent)
        return "" if parent == "." else parent

    def text(self, path: str) -> str:
        """Return the file's bytes as Latin-1; nothing for a file that is not there."""
        file = self.tree.root / path
        return file.read_bytes().decode("latin-1") if self.tree.has(path) else ""

    def first(self, code: str) -> Files:
        """Return all hearts with `code` as their first statement."""
        return {path: with_first(self.text(path), code) for path in self.hearts}

    def declared(self, *requirements: str) -> Files:
        """Return the manifest with these runtime requirements too.

        That is requirements.txt where the form of the others does not allow it.
        """
        quoted = "".join(f'"{text}", ' for text in requirements)
        setup, project = self.text("setup.py"), self.text("pyproject.toml")
        if hit := LIST_OF_REQUIREMENTS.search(setup):
            return {"setup.py": setup[: hit.end()] + quoted + setup[hit.end() :]}
        if "install_requires" not in setup and (hit := SETUP_CALL.search(setup)):
            line = f"\n{hit[1]}    install_requires=[{quoted}],"
            return {"setup.py": setup[: hit.end()] + line + setup[hit.end() :]}
        if hit := PROJECT_LIST.search(project):
            return {"pyproject.toml": project[: hit.end()] + quoted + project[hit.end() :]}
        exact = [EXACT.match(text) for text in requirements]
        names = {hit[1] for hit in exact if hit}
        if len(names) == len(requirements) and (hit := POETRY_TABLE.search(project)):
            lines = "".join(f'{name[1]} = "{name[2]}"\n' for name in exact if name)
            return {"pyproject.toml": project[: hit.end()] + lines + project[hit.end() :]}
        listed = self.text("requirements.txt")
        end = "" if not listed or listed.endswith("\n") else "\n"
        return {"requirements.txt": listed + end + "".join(f"{text}\n" for text in requirements)}

    def in_setup(self, code: str) -> Files:
        """Return setup.py with `code` before its first statement; nothing without a setup.py."""
        text = self.text("setup.py")
        return {"setup.py": with_first(text, code)} if text else {}

    def documented(self, sentence: str) -> Files:
        """Return the README with one more paragraph, or a new README."""
        names = [path for path in self.tree.matching("README*", "readme*") if "/" not in path]
        path = names[0] if names else "README.md"
        return {path: f"{self.text(path).rstrip()}\n\n{sentence}\n"}

    def _modules(self, package: OwnModule) -> tuple[str, ...]:
        folder = str(PurePosixPath(package.source.path).parent)
        paths = [path for path in self.tree.below(folder) if path.endswith((".py", ".pyx"))]
        return tuple(path for path in paths if not TEST.search(path))


def with_first(text: str, code: str) -> str:
    """Return Python code with `code` as its first statement."""
    hit = HEAD.match(text)
    head = hit[0] if hit else ""
    end = "" if not head or head.endswith("\n") else "\n"
    return f"{head}{end}{code.rstrip()}\n{text[len(head) :]}"


def merged(*parts: Files) -> dict[str, str | None]:
    """Return the files of all parts; a later part must not edit what an earlier one has edited."""
    files: dict[str, str | None] = {}
    for part in parts:
        twice = files.keys() & part.keys()
        if twice:
            raise ValueError(f"edited twice: {sorted(twice)}")
        files.update(part)
    return files


def without(paths: Sequence[str]) -> Files:
    """Return the change that takes these files out."""
    return dict.fromkeys(paths, None)


def _is_work(path: str) -> bool:
    return not TEST.search(path) and not BUILD_SCRIPT.search(path)
