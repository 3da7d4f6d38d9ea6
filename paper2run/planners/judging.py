"""Forms the question of what a finished run shows, and parses the answer.

The answer may lower what the rules concluded, never raise it: verdicts/opinions.py.
"""

from collections.abc import Sequence
from typing import Final

from pydantic import ValidationError

from paper2run.model.needs import Need
from paper2run.model.opinion import Opinion
from paper2run.model.outcome import Passed
from paper2run.model.report import Attempt, Verdict
from paper2run.planners.answer import json_object
from paper2run.planners.attempts_text import errors_text, tried_text
from paper2run.planners.known import Known
from paper2run.planners.llm import Rejected, facts_text, problems_of
from paper2run.planners.log_excerpt import excerpt
from paper2run.planners.message import Message
from paper2run.planners.passages import passages
from paper2run.planners.prompt import Part, compose
from paper2run.planners.quotes import untrue
from paper2run.planners.wire import OPINION_FIELDS, split_proof

NAMES: Final = frozenset(OPINION_FIELDS)
OUTPUT_CHARS: Final = 3000
"""Of the end of what a command that passed printed, each stream."""
MAX_NEEDS: Final = 12


def judge_messages(
    verdict: Verdict,
    needs: Sequence[Need],
    best: Attempt,
    tried: Sequence[Attempt],
    known: Known,
    *,
    room_chars: int,
) -> list[Message]:
    """Return what a model is asked about a verdict; `best` is that of `tried` that it stands on."""
    parts = {
        "readme": Part(known.readme, weight=4),
        "paper": Part(passages(known.paper, room_chars // 6), weight=2),
        "verdict": Part(_verdict_text(verdict, best), weight=2),
        "output": Part(_output(best, room_chars // 3), weight=4),
        "commands": Part(tried_text(tried), weight=2),
        "errors": Part(errors_text(tried), weight=2),
        "needs": Part("\n".join(map(_need_line, needs[:MAX_NEEDS])), weight=1),
        "facts": Part(facts_text(known.facts), weight=3),
    }
    return compose("judge", parts, {"site": known.site}, room_chars)


def parse_opinion(text: str, shown: str) -> Opinion | Rejected:
    """Return the opinion that a model wrote, or what is wrong with it; quotes must stand in `shown`."""
    found = json_object(text, NAMES)
    if found is None:
        return Rejected(("the answer holds no JSON object with the fields of an opinion",))
    rest, proven = split_proof(found)
    given = {name: value for name, value in (rest | proven).items() if value is not None}
    try:
        opinion = Opinion.model_validate(given)
    except ValidationError as error:
        return Rejected(problems_of(error))
    quotes = [
        *((f"evidence.{n}", quote) for n, quote in enumerate(opinion.evidence)),
        *((f"needs.{n}.quote", need.quote) for n, need in enumerate(opinion.needs)),
    ]
    against = untrue(quotes, shown)
    return Rejected(against) if against else opinion


def _verdict_text(verdict: Verdict, best: Attempt) -> str:
    lines = [
        f"status: {verdict.status}",
        f"grade: {verdict.grade}",
        f"cause: {verdict.cause or 'none'}",
        f"why: {verdict.reason}",
        f"attempt: {best.number}",
        f"command: {best.planned.plan.smoke_command}",
        f"what it proves, by the rules: {best.planned.smoke_proves or 'not said'}",
    ]
    return "\n".join([*lines, f"first error: {verdict.blame}"] if verdict.blame else lines)


def _output(best: Attempt, room_chars: int) -> str:
    """Return what the command printed last; of a failure, what stands around its errors."""
    if best.failure is not None:
        return excerpt(best.failure, room_chars)
    if not isinstance(best.smoke, Passed):
        return ""
    log = best.smoke.log
    ends = (text.strip()[-OUTPUT_CHARS:] for text in (log.stdout, log.stderr))
    return "\n".join(filter(None, ends))


def log_of(best: Attempt) -> str:
    """Return all that is kept of what the attempt's build or command printed."""
    log = best.failure.log if best.failure else best.smoke.log if best.smoke else None
    return f"{log.stdout}\n{log.stderr}" if log else ""


def _need_line(need: Need) -> str:
    status = "met" if need.met else "not met"
    weight = "hard" if need.hard else "soft"
    return f"{need.kind}: {need.what} ({weight}, {status}) [{need.source}]"
