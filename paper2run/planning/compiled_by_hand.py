"""Finds programs that documents build by calling the compiler.

Small research code without a build file does that.
"""

import posixpath
import re
import shlex
from itertools import pairwise
from typing import Final, NamedTuple

from paper2run.model.facts import BuildFile, BuildProduct, Command
from paper2run.model.value import Source
from paper2run.planning.evidence import Evidence

SYSTEM: Final = "compiler"
CALL: Final = re.compile(
    r"(?:cd (?P<folder>[\w./-]+) && )?(?P<call>(?:gcc|g\+\+|cc|c\+\+|clang|clang\+\+|gfortran)\s[^;&|<>`$()*]+)"
)
"""One plain call: we do not guess at other shell syntax."""
CODE: Final = re.compile(r"\.(?:c|cc|cpp|cxx|f|f90|f95|for)$", re.IGNORECASE)

MAX_STEPS: Final = 30
"""Half of what a plan may hold, since repairs add steps. A course has a program for every exercise."""


class CompilerCall(NamedTuple):
    """A documented call whose sources all stand in the checkout."""

    command: Command
    product: str
    """The program that it writes, below the checkout; empty if it only makes objects."""


def documented_calls(evidence: Evidence) -> tuple[CompilerCall, ...]:
    """Return the first call for each product, in the order of the documents.

    Later calls are for other systems.
    """
    found: dict[str, CompilerCall] = {}
    for command in evidence.facts.of(Command):
        match = CALL.fullmatch(command.line) if command.source.kind == "readme" else None
        words = _words(match["call"]) if match else []
        folder = ((match["folder"] if match else "") or "").strip("./")
        sources = [word for word in words[1:] if CODE.search(word)]
        if sources and all(_below(folder, source) in evidence.paths for source in sources):
            product = "" if "-c" in words else _below(folder, _output(words))
            found.setdefault(product or command.line, CompilerCall(command, product))
    return tuple(found.values())


def as_build(calls: tuple[CompilerCall, ...]) -> BuildFile | None:
    """Return the document as a build file; None without a call that makes a program."""
    made = [call for call in calls if call.product]
    if not made:
        return None
    source = made[0].command.source
    return BuildFile(system=SYSTEM, path=source.path, source=source)


def steps(calls: tuple[CompilerCall, ...]) -> list[tuple[str, Source]]:
    """Return the calls as install steps, several per step if there are more than `MAX_STEPS`."""
    together = -(-len(calls) // MAX_STEPS)
    groups = [calls[start : start + together] for start in range(0, len(calls), together or 1)]
    return [(_joined(group), group[0].command.source) for group in groups]


def _joined(calls: tuple[CompilerCall, ...]) -> str:
    lines = [call.command.line for call in calls]
    # Subshells, so that each call starts in the root folder.
    return lines[0] if len(lines) == 1 else " && ".join(f"({line})" for line in lines)


def products(calls: tuple[CompilerCall, ...]) -> list[BuildProduct]:
    """Return the programs that the calls make."""
    return [
        BuildProduct(
            form="library" if call.product.endswith((".so", ".a")) else "program",
            name=posixpath.basename(call.product),
            path=call.product,
            system=SYSTEM,
            source=call.command.source,
        )
        for call in calls
        if call.product
    ]


def _output(words: list[str]) -> str:
    for word, following in pairwise(words):
        if word == "-o":
            return following
    return next((word[2:] for word in words if word.startswith("-o") and len(word) > 2), "a.out")


def _below(folder: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(folder, path))


def _words(call: str) -> list[str]:
    try:
        return shlex.split(call)
    except ValueError:
        return []
