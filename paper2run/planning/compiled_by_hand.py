"""Finds programs that documents build by calling the compiler.

Small research code without a build file does that.
"""

import posixpath
import re
import shlex
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Final, NamedTuple

from paper2run.knowledge.side_folders import is_beside, vendored_place
from paper2run.model.facts import BuildFile, BuildProduct, Command
from paper2run.model.value import Source
from paper2run.planning.evidence import Evidence

SYSTEM: Final = "compiler"
PLAIN: Final = "main"
"""System of programs that no description builds."""
SOURCES: Final = (".c", ".cc", ".cpp", ".cxx")
HEADERS: Final = (".h", ".hh", ".hpp", ".hxx")
MAX_PLAIN: Final = 10
MAX_FOLDERS: Final = 40
"""Folders in which headers are looked for, and those above them."""
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


def plain_programs(evidence: Evidence) -> list[BuildProduct]:
    """Return the programs that nothing says how to build: a source with a `main` each, the first ones."""
    return [fact for fact in evidence.facts.of(BuildProduct) if fact.system == PLAIN][:MAX_PLAIN]


def plain_steps(programs: list[BuildProduct], paths: frozenset[str]) -> list[tuple[str, Source]]:
    """Return a compiler call for each program, with the sources that a person would give it.

    Those without a `main` in its folder and below; for the only program of a checkout, all of them.
    """
    mains = {program.path for program in programs}
    sources = sorted(path for path in paths if _is_own(path, SOURCES) and path not in mains)
    folders = sorted(
        {
            str(above)
            for path in paths
            if path.endswith(HEADERS)
            for above in PurePosixPath(path).parents
        }
    )[:MAX_FOLDERS]
    found = []
    for program in programs:
        folder = posixpath.dirname(program.path)
        beside = [
            path
            for path in sources
            if len(programs) == 1 or path.startswith(f"{folder}/".lstrip("/"))
        ]
        compiler = "gcc" if all(path.endswith(".c") for path in (program.path, *beside)) else "g++"
        words = [compiler, "-O2", "-o", f"{program.path.rpartition('.')[0]}.out"]
        words += [f"-I{place}" for place in folders]
        words += [program.path, *beside, "-lm", "-lpthread"]
        found.append((shlex.join(words), program.source))
    return found


def built(program: BuildProduct) -> BuildProduct:
    """Return a plain program as what its compiler call makes."""
    path = f"{program.path.rpartition('.')[0]}.out"
    return program.changed(path=path, name=posixpath.basename(path))


def _is_own(path: str, endings: tuple[str, ...]) -> bool:
    return path.endswith(endings) and not is_beside(path) and not vendored_place(path)[0]


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
