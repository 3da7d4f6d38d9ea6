"""Reads what Binder's own files install: apt.txt and postBuild, at the root or in binder/.

https://repo2docker.readthedocs.io/en/latest/configuration/. Its other files are read where they belong.
"""

import re
from collections.abc import Iterable
from typing import Final

from paper2run.commands.command_facts import command_facts, distinct
from paper2run.formats.shell_words import logical_lines
from paper2run.formats.tree import RepoTree
from paper2run.model.facts import Fact, SystemPackage, Unreadable
from paper2run.model.plan_text import DEBIAN_PACKAGE
from paper2run.model.value import Source
from paper2run.python.python_projects import own_names

NAME: Final = "binder"

FOLDERS: Final = ("", "binder/", ".binder/")
"""Where Binder looks."""


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield the Debian packages of apt.txt, then the commands of postBuild."""
    for folder in FOLDERS:
        for name in ("apt.txt", "postBuild"):
            if not tree.has(folder + name):
                continue
            content = tree.read(folder + name)
            if isinstance(content, Unreadable):
                yield content
            elif name == "apt.txt":
                yield from _packages(folder + name, content)
            else:
                yield from distinct(_commands(tree, folder + name, content))


def _packages(path: str, content: str) -> Iterable[Fact]:
    for number, line in enumerate(content.split("\n"), 1):
        for name in line.partition("#")[0].split():
            if re.fullmatch(DEBIAN_PACKAGE, name):
                yield SystemPackage(name=name, source=Source(kind="file", path=path, line=number))


def _commands(tree: RepoTree, path: str, content: str) -> Iterable[Fact]:
    for number, command in logical_lines(content):
        source = Source(kind="file", path=path, line=number)
        yield from command_facts(command.strip(), source, own=tree.once(own_names))
