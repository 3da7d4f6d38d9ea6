"""Plans MATLAB code with GNU Octave, which Debian brings.

Octave is tried where the authors name it, and where there is a script to start: it runs what keeps to the common part
of both languages. Functions alone, whose authors name MATLAB alone, get no plan.
"""

import re
import shlex
from typing import Final

from paper2run.commands.plain_commands import UNSAFE
from paper2run.model.environment import NamedPackage, PlannedEnvironment, SmokeChoice
from paper2run.model.facts import Command, EntryPoint, ForeignRequirement
from paper2run.model.value import Source
from paper2run.planning.evidence import Evidence
from paper2run.planning.leading_language import leads
from paper2run.planning.plan_builder import PlanBuilder, choice

NAME: Final = "octave"

STARTS: Final = re.compile(r"octave(?:-cli)?\b")
PARSES: Final = (
    "n=0; for f=strsplit(strtrim(fileread('/tmp/files')), \"\\n\"); __parse_file__(f{1}); n++; end;"
    " printf('%d files parse\\n', n);"
)


def propose(evidence: Evidence) -> PlannedEnvironment | None:
    """Return a plan where MATLAB code leads and its authors name Octave or left a script; None otherwise."""
    needs = _needs(evidence)
    octave = next((fact for fact in needs if fact.name == "octave"), None)
    told = [octave, *_scripts(evidence)]
    source = next((fact.source for fact in told if fact is not None), None)
    if source is None or not leads(evidence, frozenset({"matlab"})):
        return None
    builder = PlanBuilder()
    builder.install("octave", why="runs MATLAB's language", source=source)
    planned = builder.finish(evidence, *_smokes(evidence))
    # Which of Octave's packages Debian has, its own list tells.
    return planned.changed(
        named_packages=tuple(
            NamedPackage(
                name=f"octave-{fact.name}", why=f"the code loads {fact.name}", source=fact.source
            )
            for fact in needs
            if fact is not octave
        )
    )


def _needs(evidence: Evidence) -> tuple[ForeignRequirement, ...]:
    return tuple(
        fact for fact in evidence.facts.of(ForeignRequirement) if fact.ecosystem == "octave"
    )


def _scripts(evidence: Evidence) -> list[EntryPoint]:
    return [fact for fact in evidence.facts.of(EntryPoint) if fact.form == "octave-script"]


def _smokes(evidence: Evidence) -> list[SmokeChoice]:
    """Return documented commands and tests, scripts at the root, then the check that all files parse."""
    found = []
    for fact in evidence.facts.of(Command):
        if not STARTS.match(fact.line) or UNSAFE.search(fact.line):
            continue
        if fact.purpose == "test":
            found.append(choice("ci-tests", fact.line, "its tests pass", fact.source))
        elif fact.purpose == "run" and _is_there(fact.line, evidence.paths):
            found.append(choice("documented", fact.line, "a documented command runs", fact.source))
    for script in _scripts(evidence):
        command = f"octave-cli {shlex.quote(script.name)} </dev/null"
        found.append(choice("script", command, "an entry script runs", script.source))
    first = min(path for path in evidence.paths if path.endswith(".m"))
    listed = "find . -name '*.m' -type f >/tmp/files"
    parse = f"{listed} && octave-cli --eval {shlex.quote(PARSES)}"
    source = Source(kind="file", path=first)
    return [*found, choice("compiled", parse, "all its files parse", source)]


def _is_there(line: str, paths: frozenset[str]) -> bool:
    """Whether every script that the command names is in the checkout."""
    scripts = [word for word in line.split() if word.endswith(".m")]
    return bool(scripts) and all(script.removeprefix("./") in paths for script in scripts)
