"""Turns a command that the repository gives to people or machines into facts.

Facts: the command, and what it installs.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Final

from packaging.utils import canonicalize_name

from paper2run.commands.command_purpose import purpose_of
from paper2run.formats.conda_specs import conda_package
from paper2run.formats.requirement_text import read_requirement
from paper2run.formats.shell_words import (
    apt_packages,
    conda_arguments,
    pip_arguments,
    without_remark,
)
from paper2run.model.facts import Command, Fact, Group, Requirement, SystemPackage
from paper2run.model.value import DEFAULT, Source
from paper2run.text_gate import UNPLANNED

CALL: Final = re.compile(r"(?:^|\s)-{1,2}\w|^[\w./-]+\.\w+(?:\s|$)")
"""An option, or a file as the first argument."""


def command_facts(
    line: str,
    source: Source,
    *,
    own: frozenset[str],
    programs: Collection[str] = (),
    group: Group = "runtime",
    extra: str = "",
) -> Iterator[Fact]:
    """Yield the facts of one command line; nothing where its words do not tell what it is for.

    `own` are the normalised names of the repository itself, whose installation is no dependency; `programs` are
    those that it brings. A line with control characters is no command that people type.
    """
    line = line.replace("\t", " ")
    if UNPLANNED.search(line):
        return
    purpose = purpose_of(line) or ("run" if _starts_own(line, own, programs) else None)
    if purpose is None:
        return
    if purpose == "run":
        yield Command(purpose=purpose, line=without_remark(line), source=source)
        return
    yield Command(purpose=purpose, line=line, source=source)
    for name in apt_packages(line):
        yield SystemPackage(name=name, source=source)
    for argument in pip_arguments(line):
        for fact in read_requirement(argument, group=group, source=source, extra=extra):
            if not isinstance(fact, Requirement) or fact.name not in own:
                yield fact
    # Where a machine or a page of documentation runs conda, it sets up more than the code needs.
    for spec in conda_arguments(line) if group == "runtime" else ():
        if canonicalize_name(spec.split("=")[0]) not in own:
            yield from conda_package(spec, source, "mentioned")


def _starts_own(line: str, own: frozenset[str], programs: Collection[str]) -> bool:
    """Whether a line calls the repository's own program, with something that only a call has."""
    words = line.split(maxsplit=1)
    if len(words) < 2 or CALL.search(words[1]) is None:
        return False
    return words[0] in programs or canonicalize_name(words[0]) in own


def distinct(facts: Iterable[Fact]) -> Iterator[Fact]:
    """Yield the facts of one file in the order of its lines; what was said already is left out."""
    seen: set[Fact] = set()
    for fact in sorted(facts, key=lambda fact: fact.source.line):
        said = fact.changed(source=DEFAULT)
        if said not in seen:
            seen.add(said)
            yield fact
