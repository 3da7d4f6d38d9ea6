"""Commands of documents that run others: scripts of a shell, and goals of a Makefile.

A goal becomes the lines of its recipe, so that the image needs no make.
"""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final, NamedTuple

from paper2run.commands.plain_commands import plain_words
from paper2run.formats.makefile import recipe_of
from paper2run.formats.tree import RepoTree
from paper2run.model.environment import SmokeChoice
from paper2run.model.facts import Command, RepoFacts

MAKEFILES: Final = ("GNUmakefile", "makefile", "Makefile")
SCRIPT: Final = re.compile(r"[\w./-]+\.(?:sh|bash)")
FROM_ELSEWHERE: Final = re.compile(
    r"(?:^|[\s;&|(])(?:pip3?|conda|apt(?:-get)?|curl|wget|git|docker|sudo|ssh|scp|rsync|brew|npm|cargo)\s"
)
"""A line that installs or fetches has no business in an image that has everything."""
PUBLISHES: Final = re.compile(r"(?i)clean|install|upload|deploy|docs?|lint|format|test|check|help")
"""Goals that compute no result."""


class Run(NamedTuple):
    """A documented command and the line of shell that does what it does."""

    choice: SmokeChoice
    line: str


def script_runs(tree: RepoTree, facts: RepoFacts) -> Iterator[Run]:
    """Yield the scripts and goals that READMEs name, in order, each once."""
    makefile = next((path for path in MAKEFILES if path in tree.files), "")
    text = tree.text(makefile) if makefile else ""
    seen: set[str] = set()
    for fact in facts.of(Command):
        if fact.source.kind != "readme" or fact.purpose not in ("run", "install"):
            continue
        words = plain_words(fact.line)
        line = _line(words, text, tree)
        if line and fact.line not in seen:
            seen.add(fact.line)
            proves = "a documented command runs"
            yield Run(
                SmokeChoice(
                    kind="documented", command=fact.line, proves=proves, source=fact.source
                ),
                line,
            )


def _line(words: list[str], makefile: str, tree: RepoTree) -> str:
    """Return the line of shell for a call; empty where it is no such call, or fetches something."""
    if len(words) > 1 and words[0] == "make":
        goals = words[1:]
        lines = [line for goal in goals for line in recipe_of(makefile, goal)]
        if any(PUBLISHES.search(goal) for goal in goals) or any(map(FROM_ELSEWHERE.search, lines)):
            return ""
        return " && ".join(f"{{ {line}; }}" for line in lines)
    if words and words[0] in ("sh", "bash"):
        script, shell = words[1] if len(words) > 1 else "", words[0]
    elif words:
        script, shell = words[0], "bash"
    else:
        return ""
    path = str(PurePosixPath(script))
    if not SCRIPT.fullmatch(script) or path not in tree.files:
        return ""
    if FROM_ELSEWHERE.search(tree.text(path)):
        return ""
    return " ".join((shell, path, *words[2 if words[0] in ("sh", "bash") else 1 :]))
