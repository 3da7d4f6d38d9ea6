"""Finds the Java classes that can be started: those with a `main` method."""

import re
from collections.abc import Iterable
from typing import Final

from paper2run.formats.tree import RepoTree
from paper2run.model.facts import EntryPoint, Fact
from paper2run.model.value import Source

NAME: Final = "java_programs"

MAIN: Final = re.compile(r"\bpublic\s+static\s+(?:final\s+)?void\s+main\s*\(\s*(?:final\s+)?String")
PACKAGE: Final = re.compile(r"^[ \t]*package\s+([\w.]+)\s*;", re.MULTILINE)


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield one entry point per class with its qualified name, in path order; test classes are left out."""
    for path in tree.matching("*.java"):
        text = tree.text(path)
        match = MAIN.search(text) if "/test/" not in f"/{path}" else None
        if match:
            package = PACKAGE.search(text)
            name = path.rpartition("/")[2].removesuffix(".java")
            line = text.count("\n", 0, match.start()) + 1
            yield EntryPoint(
                name=f"{package[1]}.{name}" if package else name,
                form="java-class",
                source=Source(kind="file", path=path, line=line),
            )
