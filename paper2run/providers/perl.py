"""Plans Perl: scripts on Debian's perl.

Modules from CPAN are not looked for; a script that lacks one names it.
"""

import posixpath
import shlex
from typing import Final

from paper2run.model.environment import PlannedEnvironment, SmokeChoice
from paper2run.model.facts import DataNeed, EntryPoint, LanguageShare
from paper2run.model.image import SOURCE_FOLDER
from paper2run.model.value import Source
from paper2run.planning.evidence import Evidence
from paper2run.planning.plan_builder import PlanBuilder, choice
from paper2run.smoke.program_smoke import NOT_STARTED, SAID, documented

NAME: Final = "perl"

MODULE_FOLDERS: Final = ("lib", "perl5", "perl")


def propose(evidence: Evidence) -> PlannedEnvironment | None:
    """Return a plan where most of the code is Perl; None otherwise.

    None, too, where only data given on request would help.
    """
    shares = evidence.facts.of(LanguageShare)
    programs = [fact for fact in evidence.facts.of(EntryPoint) if fact.form == "perl-script"]
    closed = any(need.restricted for need in evidence.facts.of(DataNeed))
    if not shares or shares[0].language != "perl" or not programs or closed:
        return None
    builder = PlanBuilder()
    builder.install("perl", why="runs Perl", source=shares[0].source)
    roots = {path.partition("/")[0] for path in evidence.paths if path.endswith(".pm")}
    for folder in [folder for folder in MODULE_FOLDERS if folder in roots][:1]:
        source = Source(kind="file", path=folder)
        builder.set("PERL5LIB", f"{SOURCE_FOLDER}/{folder}", "its modules lie there", source)
    smokes = [_starts(program) for program in programs[:1]]
    told = documented(evidence, (program.name for program in programs))
    return builder.finish(evidence, *([told] if told else []), *smokes)


def _starts(program: EntryPoint) -> SmokeChoice:
    """Return the check that a script compiles with all modules that it loads, starts, and says something."""
    path = shlex.quote(f"./{program.name}")
    command = (
        f"perl -c {path} && {{ perl {path} -h </dev/null >{SAID} 2>&1;"
        f" test $? -lt {NOT_STARTED} && test -s {SAID} && head -n 20 {SAID}; }}"
    )
    name = posixpath.basename(program.name)
    return choice(
        "program", command, f"{name} compiles with all its modules, and starts", program.source
    )
