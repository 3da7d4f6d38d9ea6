"""What becomes of a verdict by a model's words: the needs that it states, and its opinion.

Words of a model lower a grade, add a need or name a cause. They never raise a grade and never make a success.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from paper2run.model.grade import GRADES, Grade
from paper2run.model.needs import Need, NeedKind, Site
from paper2run.model.opinion import Opinion
from paper2run.model.report import Attempt, Verdict
from paper2run.model.stated_need import StatedKind, StatedNeed
from paper2run.model.value import Source
from paper2run.verdicts.table import WORKS, stopped_by, unmet_need

KINDS: Final[dict[StatedKind, NeedKind]] = {
    "gpu": "gpu",
    "data": "data",
    "service": "service",
    "licence": "licence",
    "platform": "platform",
}
GPU: Final = "an NVIDIA GPU"
UNDECIDED: Final = frozenset({"smoke-failed", "max-attempts-exhausted"})
"""Ends without proof, whose cause is a class at most; a model's own stop was asked for already."""


def stated_needs(attempts: Sequence[Attempt], best: Attempt, site: Site) -> tuple[Need, ...]:
    """Return what the model that planned or diagnosed said that the work needs, once."""
    said: list[StatedNeed] = [*best.planned.needs]
    for attempt in attempts:
        said += attempt.diagnosis.needs if attempt.diagnosis else ()
    found = [as_need(each, site) for each in said]
    own = best.planned.fallback
    asks_anew = own is not None and best.planned.plan.requires_gpu and not own.plan.requires_gpu
    if asks_anew and not any(need.kind == "gpu" for need in found):
        source = Source(kind="model", note=best.planned.planner)
        found.append(Need(kind="gpu", what=GPU, hard=True, met=site.has_gpu, source=source))
    return _once(found)


def as_need(said: StatedNeed, site: Site) -> Need:
    """Return the need with its quote as its source; of all that is outside, the site may have a GPU alone."""
    met = said.kind == "gpu" and site.has_gpu
    source = Source(kind="model", note=f"“{said.quote}”")
    return Need(kind=KINDS[said.kind], what=said.what, hard=True, met=met, source=source)


def wants_opinion(verdict: Verdict) -> bool:
    """Whether a model is asked: a success shows less than tests, or no proof ends the run."""
    if verdict.status == "success":
        return GRADES.index(verdict.grade) < GRADES.index("tests")
    return verdict.status in UNDECIDED and verdict.best_attempt > 0


def with_opinion(verdict: Verdict, opinion: Opinion, site: Site) -> Verdict:
    """Return the verdict after the model's opinion of it; of low confidence it changes nothing."""
    kept = verdict.changed(opinion=opinion)
    if opinion.confidence == "low":
        return kept
    needs = _once([*verdict.needs, *(as_need(each, site) for each in opinion.needs)])
    kept = kept.changed(needs=needs)
    if verdict.status != "success":
        return _with_cause(kept, opinion)
    if opinion.shows == "yes":
        return kept
    return _lowered(kept, opinion, needs)


def _with_cause(verdict: Verdict, opinion: Opinion) -> Verdict:
    """Return an end without proof with the cause that the model quotes words for."""
    if opinion.cause is None:
        return verdict
    reason = f"{opinion.by}: {opinion.reason}; {verdict.reason}"
    return verdict.changed(status="stopped-by-llm", cause=opinion.cause, reason=reason)


def _lowered(verdict: Verdict, opinion: Opinion, needs: Sequence[Need]) -> Verdict:
    """Return a success with the lower grade, or the stop that the table makes of it.

    That work which was done is none takes high confidence.
    """
    wanted = opinion.grade or verdict.grade
    grade: Grade = min(verdict.grade, wanted, key=GRADES.index)
    if verdict.grade in WORKS and grade not in WORKS and opinion.confidence != "high":
        return verdict
    lower = verdict.changed(grade=grade)
    need = unmet_need(grade, needs)
    if need is not None:
        return _ended(lower, stopped_by(need), opinion)
    if opinion.shows == "no" and opinion.cause is not None and grade not in WORKS:
        return _ended(lower, Verdict(status="stopped-by-llm", cause=opinion.cause), opinion)
    return lower


def _ended(success: Verdict, stop: Verdict, opinion: Opinion) -> Verdict:
    """Return the success as a stop by the model's words, with all that was shown."""
    told = "; ".join(filter(None, (f"{opinion.by}: {opinion.reason}", stop.reason)))
    return success.changed(
        status="stopped-by-llm",
        cause=stop.cause,
        reason=f"{told}; shown: {success.reason}",
        smallest_change=stop.smallest_change,
    )


def _once(needs: Iterable[Need]) -> tuple[Need, ...]:
    return tuple({(need.kind, need.what): need for need in needs}.values())
