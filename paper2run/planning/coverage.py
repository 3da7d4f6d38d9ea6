"""What a smoke command runs: the leading code, or a part beside which other code leads.

Facts of side parts (other people's code, the sources of a paper) do not lead a plan: `own_facts` leaves them out.
"""

import re
import shlex
from typing import Final

from paper2run.commands.plain_commands import folder_and_line
from paper2run.model.environment import PlannedEnvironment
from paper2run.model.facts import (
    BuildFile,
    BuildProduct,
    Command,
    EntryPoint,
    Extension,
    RepoFacts,
    SidePart,
    TestSuite,
)
from paper2run.model.leading import WHOLE, Leading
from paper2run.planning.evidence import Evidence
from paper2run.planning.leading_language import leading_of
from paper2run.planning.leading_signs import family_of

LEADING: Final = (BuildFile, BuildProduct, Command, EntryPoint, TestSuite)
"""Facts that lead a plan; what a part imports and includes is needed all the same."""
PARTS: Final[dict[str, tuple[str, str]]] = {
    "go_language": ("go", "the Go code"),
    "java": ("java", "the Java code"),
    "javascript": ("javascript", "the JavaScript code"),
    "julia": ("julia", "the Julia code"),
    "native": ("native", "the C, C++ and Fortran code"),
    "octave": ("matlab", "the MATLAB code"),
    "perl": ("perl", "the Perl code"),
    "python": ("python", "the Python code"),
    "r_language": ("r", "the R code"),
    "rust": ("rust", "the Rust code"),
}
"""By provider: the family that it plans, and what to call it where other code leads."""
MADE: Final = re.compile(r"\bmake\s+-C\s+(\S+)")


def own_facts(facts: RepoFacts) -> RepoFacts:
    """Return the facts without those of side parts that would lead a plan."""
    if not facts.of(SidePart):
        return facts
    kept = (
        fact
        for fact in facts.facts
        if not isinstance(fact, LEADING) or side_part(facts, fact.source.path) is None
    )
    return facts.changed(facts=tuple(kept))


def side_part(facts: RepoFacts, path: str) -> SidePart | None:
    """Return the side part that a path belongs to; None for the authors' own code."""
    return next(
        (part for part in facts.of(SidePart) if f"{path}/".startswith(f"{part.folder}/")), None
    )


def with_coverage(
    planned: PlannedEnvironment, provider: str, evidence: Evidence
) -> PlannedEnvironment:
    """Return the plan with its leading code, and for each smoke command what it covers."""
    leading = leading_of(evidence)
    part = _part_beside(leading, evidence, provider)
    return planned.changed(
        leading=leading,
        covers=_covers(planned.plan.smoke_command, planned.smoke_kind, evidence, part),
        weaker_smokes=tuple(
            smoke.changed(covers=_covers(smoke.command, smoke.kind, evidence, part))
            for smoke in planned.weaker_smokes
        ),
    )


def _part_beside(leading: Leading | None, evidence: Evidence, provider: str) -> str:
    """Return the part that a provider plans where other code surely leads; else an empty text."""
    family, words = PARTS[provider]
    if leading is None or not leading.sure or family_of(leading.language) == family:
        return ""
    compiled = {family_of(fact.language) for fact in evidence.facts.of(Extension)}
    if family == "python" and (family_of(leading.language) in compiled or "pybind11" in compiled):
        # The package is built from the leading code.
        return ""
    return words


def _covers(command: str, kind: str, evidence: Evidence, part: str) -> str:
    if kind == "user":
        return WHOLE
    side = next(
        (side for path in _run_in(command) if (side := side_part(evidence.facts, path))), None
    )
    if side is not None and side.form == "vendored":
        return f"bundled {side.folder.rpartition('/')[2]} ({side.folder})"
    if not part:
        return WHOLE
    folder = next((path.rpartition("/")[0] for path in _run_in(command) if "/" in path), "")
    return f"{part} ({folder}/)" if folder else part


def _run_in(command: str) -> list[str]:
    """Return the paths that a command names, and the folder in which it runs."""
    folder, line = folder_and_line(command)
    try:
        words = shlex.split(line)
    except ValueError:
        words = []
    made = MADE.search(command)
    places = [word.removeprefix("./") for word in words[:3] if "/" in word]
    return [place for place in (folder, made[1] if made else "", *places) if place]
