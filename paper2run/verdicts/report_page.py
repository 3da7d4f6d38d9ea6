"""Renders `report.html`: one file that shows a run to people; no scripts, loads nothing. Pure text.

Jinja escapes every text; invisible and direction characters become escapes (paper2run/text_gate.py).
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from fnmatch import fnmatch
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Final, NamedTuple

from jinja2 import Environment, StrictUndefined, Template

from paper2run.formats.plurals import counted
from paper2run.formats.time_words import in_time
from paper2run.knowledge.language_endings import ENDINGS
from paper2run.model.claims import ClaimLedger, ClaimVerdict
from paper2run.model.environment import PlannedEnvironment
from paper2run.model.facts import RepoFacts
from paper2run.model.grade import Grade
from paper2run.model.outcome import RungResult
from paper2run.model.repo import Checkout, Paper
from paper2run.model.report import Attempt, Metadata
from paper2run.planning.candidates import WAYS
from paper2run.source import shown_address, web_page
from paper2run.verdicts.attempts_page import build_words, log_tail, printed, smoke_words
from paper2run.verdicts.claims_page import LOOKS, shown_claims, shown_pictures
from paper2run.verdicts.claims_page import in_words as in_words_of_claims
from paper2run.verdicts.committee import Judged, committee_answers
from paper2run.verdicts.experiments import in_words
from paper2run.verdicts.failure_words import failure_line, not_shown, shortened
from paper2run.verdicts.headlines import headline
from paper2run.verdicts.markdown import OF_PAPERS
from paper2run.verdicts.opinion_words import opinion_in_words
from paper2run.verdicts.page_text import block, shown, spans

CITATIONS: Final = ("CITATION.cff", "CITATION*", "codemeta.json")
LICENCES: Final = ("LICEN[CS]E*", "COPYING*", "*-LICEN[CS]E", "UNLICEN[CS]E*")
MAX_REASONS: Final = 400
"""Decisions on the page; `plan.json` has all of them."""
WEAK: Final[frozenset[Grade]] = frozenset({"built-only", "help-only", "imports"})
TONES: Final[dict[Judged, str]] = {
    "yes": "good",
    "partly": "stop",
    "no": "bad",
    "not judged": "dim",
}
CLAIM_TONES: Final[dict[ClaimVerdict, str]] = {
    "reproduced": "good",
    "close": "stop",
    "differs": "bad",
    "not-found": "dim",
    "not-run": "dim",
}
PLACES: Final = {
    "#attempts": "attempts",
    "#claims": "numbers",
    "#printed": "output",
    "Dockerfile": "Dockerfile",
}
"""What a link to a part of the page or to a file beside it is called."""
NO_COLUMNS: Final[Mapping[str, str]] = MappingProxyType({})
INSTRUCTION: Final = re.compile(r"[A-Z]+(?= )")


class AttemptRow(NamedTuple):
    """One attempt, in words."""

    number: int
    passed: bool
    way: str
    base: str
    build: str
    smoke: str
    failure: str
    decided: str
    decision: str
    diff: str
    checks: tuple[RungResult, ...]
    log: str


@cache
def _template() -> Template:
    # Compiling it takes a quarter of a second.
    source = resources.files("paper2run").joinpath("verdicts", "report.html.jinja")
    environment = Environment(autoescape=True, undefined=StrictUndefined, finalize=shown)
    environment.filters.update(duration=in_time, block=block, spans=spans)
    return environment.from_string(source.read_text("utf-8"))


def report_page(
    metadata: Metadata,
    checkout: Checkout,
    facts: RepoFacts,
    attempts: Sequence[Attempt],
    planned: PlannedEnvironment | None,
    paper: Paper,
    *,
    dockerfile: str,
    files: Sequence[str],
    own: Mapping[str, str] = NO_COLUMNS,
    ledger: ClaimLedger | None = None,
    strips: Mapping[str, str] = NO_COLUMNS,
) -> str:
    """Return the page; `planned` is the plan of its folder, `files` are those at the repository's root.

    `own` are the cells of the user's own columns in a batch, `strips` the pictures that the ledger names, base64.
    """
    best = attempts[metadata.best_attempt - 1] if metadata.best_attempt else None
    licences = _named(files, LICENCES)[:3]
    return _template().render(
        metadata=metadata,
        checkout=checkout,
        paper=paper,
        of_papers=OF_PAPERS,
        headline=headline(metadata),
        tone=_tone(metadata),
        counted=counted,
        printed=printed(best) if best else "",
        command=shortened(best.planned.plan.smoke_command) if best else "",
        experiment=in_words(metadata.experiment) if metadata.experiment else "",
        claims=shown_claims(ledger) if ledger else [],
        pictures=shown_pictures(ledger) if ledger else [],
        strips=defaultdict(str, strips),
        claims_in_words=in_words_of_claims(ledger.counts) if ledger else "",
        claim_tones=CLAIM_TONES,
        looks=LOOKS,
        open_points=not_shown(attempts),
        opinion=opinion_in_words(metadata.opinion) if metadata.opinion else "",
        attempts=[_row(attempt) for attempt in attempts],
        reasons=planned.reasons[:MAX_REASONS] if planned else (),
        dockerfile=[_instruction(line) for line in dockerfile.splitlines()],
        address=shown_address(checkout.url),
        page=web_page(checkout.url),
        citation=_named(files, CITATIONS)[:1],
        licences=licences,
        own=own,
        committee=committee_answers(
            metadata, checkout, facts, attempts, files=files, licences=licences
        ),
        tones=TONES,
        places=PLACES,
    )


def _tone(metadata: Metadata) -> str:
    """Return the colour of the verdict: a success that showed none of the work is no green one."""
    if metadata.status in ("success", "planned"):
        return "stop" if metadata.grade in WEAK else "good"
    return "stop" if metadata.status.startswith("stopped-") else "bad"


def _row(attempt: Attempt) -> AttemptRow:
    found = attempt.diagnosis
    return AttemptRow(
        number=attempt.number,
        passed=attempt.succeeded,
        way=WAYS[attempt.planned.candidate],
        base=attempt.planned.plan.base_image,
        build=build_words(attempt),
        smoke=smoke_words(attempt),
        failure="" if attempt.succeeded else failure_line(attempt),
        decided=f"{found.decision.decision} by {found.by}" if found else "",
        decision=found.decision.reason if found else "",
        diff="\n".join(found.diff) if found else "",
        checks=attempt.verification.rungs,
        log="" if attempt.succeeded else log_tail(attempt),
    )


def _instruction(line: str) -> tuple[str, str]:
    """Return the instruction that a line of a Dockerfile begins with, if any, and the rest."""
    word = INSTRUCTION.match(line)
    return (word[0], line[word.end() :]) if word else ("", line)


def _named(files: Sequence[str], patterns: Sequence[str]) -> list[str]:
    found = [
        name
        for pattern in patterns
        for name in files
        if fnmatch(name.upper(), pattern.upper()) and not name.lower().endswith(tuple(ENDINGS))
    ]
    return list(dict.fromkeys(found))
