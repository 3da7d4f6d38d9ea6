"""Chooses smoke commands for build products: documented runs, tests, programs that start.

Many programs end with status 1 if called without arguments, so a bare start is judged by its
output.
"""

import re
import shlex
from collections.abc import Iterable
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Final

from paper2run.commands.plain_commands import ACCELERATED, UNSAFE
from paper2run.model.environment import SmokeChoice
from paper2run.model.facts import BuildProduct, Command
from paper2run.planning.evidence import Evidence
from paper2run.planning.plan_builder import choice
from paper2run.smoke.ci_tests import PROVES

SAID: Final = "/tmp/said"
NOT_STARTED: Final = 126
"""Exit statuses from here on are the shell's: not executable, not found, a library missing, ended by a signal."""
PLACEHOLDER: Final = re.compile(r"path[_ ]?to|your", re.IGNORECASE)
REDIRECTED: Final = re.compile(r"(?:\s+>\s*[\w./-]+)?(?:\s+#.*)?$")
"""Redirections and remarks in a documented command; printing to the terminal shows as much."""
OUTPUT: Final = re.compile(r"--?(?:o|out\w*|output[\w-]*|save[\w-]*)")
"""Options whose value is written."""
NUMBER: Final = re.compile(r"-?[\d.]+(?:[eE][+-]?\d+)?")


def documented(evidence: Evidence, programs: Iterable[str]) -> SmokeChoice | None:
    """Return the first documented run of one of the programs that reads a file of the checkout, or None.

    Runs without a file are skipped: they may only print which arguments are missing, and fail.
    """
    by_name = {program.rpartition("/")[2]: program for program in programs}
    for fact in evidence.facts.of(Command):
        line = REDIRECTED.sub("", fact.line)
        if fact.purpose != "run" or UNSAFE.search(line) or ACCELERATED.search(line):
            continue
        words = _words(line)
        program = by_name.get(words[0].rpartition("/")[2]) if words else None
        if program and reads_the_checkout(words[1:], evidence.paths):
            command = shlex.join([f"./{program}", *words[1:]])
            return choice("documented", command, "a documented command runs", fact.source)
    return None


def reads_the_checkout(
    words: list[str], paths: frozenset[str], *, may_read_nothing: bool = False
) -> bool:
    """Whether at least one argument is a file of the checkout and no argument is a missing path."""
    known = {str(parent) for path in paths for parent in PurePosixPath(path).parents} - {"."}
    reads = False
    for option, word in pairwise(("", *words)):
        value = word.partition("=")[2] or word
        if value.startswith(("/", "~")) or PLACEHOLDER.search(value):
            return False
        place = PurePosixPath(value)
        if str(place) in paths:
            reads = True
        elif OUTPUT.fullmatch(option) and "/" not in value:
            continue
        elif _looks_like_path(value) and not {str(place), str(place.parent)} & known:
            return False
    return reads or may_read_nothing


def _looks_like_path(value: str) -> bool:
    return "/" in value or bool(PurePosixPath(value).suffix and not NUMBER.fullmatch(value))


def machine_tested(evidence: Evidence, forms: Iterable[str]) -> SmokeChoice | None:
    """Return the first test command of the CI that is one of `forms`; None without one."""
    wanted = set(forms)
    for fact in evidence.facts.of(Command):
        if fact.purpose == "test" and fact.source.kind == "ci" and fact.line in wanted:
            return choice("ci-tests", fact.line, PROVES, fact.source)
    return None


def starts(product: BuildProduct) -> SmokeChoice:
    """Return the check that a program was built, starts, does not crash, and says something."""
    name = shlex.quote(product.name)
    if product.path:
        found, program = "", shlex.quote(f"./{product.path}")
    else:
        found, program = (
            f"program=$(find . -type f -name {name} -perm -u+x | head -n 1); ",
            '"$program"',
        )
    command = (
        f"{found}test -x {program} || exit 1; {program} </dev/null >{SAID} 2>&1;"
        f" test $? -lt {NOT_STARTED} && test -s {SAID} && head -n 20 {SAID}"
    )
    return choice(
        "program", command, f"{product.name} was built, starts and says something", product.source
    )


def was_built(product: BuildProduct) -> SmokeChoice:
    """Return the check that a library was built."""
    pattern = product.name if product.path else f"lib{product.name.removeprefix('lib')}.*"
    stem = shlex.quote(pattern)
    command = f"find . -name {stem} -size +0 | grep '[.]\\(a\\|so\\|la\\)'"
    return choice("compiled", command, f"the library {product.name} was built", product.source)


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:
        return []
