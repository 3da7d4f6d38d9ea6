"""What becomes of a verdict by a model's words: the needs that it states, and its opinion.

Words of a model lower a grade, add a need or name a cause. They never raise a grade and never make a success.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from paper2run.model.diagnosis import Cause
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
CLASSES: Final[frozenset[Cause]] = frozenset(
    {"build_error", "code_error", "unresolvable", "timeout"}
)
"""Causes that say how something failed and not that it cannot be had."""
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


def with_stated(needs: Sequence[Need], stated: Sequence[Need]) -> tuple[Need, ...]:
    """Return the rules' needs and a model's, none of them twice.

    A kind of which the rules have a hard need is told by theirs; a GPU that they only saw signs of, by the model's.
    """
    told = {need.kind for need in needs if need.hard}
    new = [need for need in stated if need.kind not in told]
    gpu = any(need.kind == "gpu" for need in new)
    return (*(need for need in needs if not (gpu and need.kind == "gpu")), *new)


def wants_opinion(verdict: Verdict) -> bool:
    """Whether a model is asked: a success shows less than tests, or no proof ends the run."""
    if verdict.status == "success":
        return GRADES.index(verdict.grade) < GRADES.index("tests")
    return verdict.status in UNDECIDED and verdict.best_attempt > 0


def with_opinion(
    verdict: Verdict, opinion: Opinion, site: Site, needs: Sequence[Need] = ()
) -> Verdict:
    """Return the verdict after the model's opinion of it; of low confidence it changes nothing.

    `needs` are those that the rules read.
    """
    kept = verdict.changed(opinion=opinion)
    if opinion.confidence == "low":
        return kept
    said = _once([*verdict.needs, *(as_need(each, site) for each in opinion.needs)])
    kept = kept.changed(needs=said)
    cause = opinion.cause
    if opinion.shows != "no" or (cause == "needs_gpu" and site.has_gpu):
        cause = None
    if verdict.status == "success":
        return _lowered(kept, opinion, cause, with_stated(needs, said))
    return _with_cause(kept, opinion, cause)


def _with_cause(verdict: Verdict, opinion: Opinion, cause: Cause | None) -> Verdict:
    """Return an end without proof with the cause that the model shows; a class makes no stop."""
    if cause is None:
        return verdict
    reason = f"{_said(opinion)}; {verdict.reason}"
    if cause in CLASSES:
        return verdict.changed(cause=cause, reason=reason)
    return verdict.changed(status="stopped-by-llm", cause=cause, reason=reason, smallest_change="")


def _lowered(
    verdict: Verdict, opinion: Opinion, cause: Cause | None, needs: Sequence[Need]
) -> Verdict:
    """Return a success with the lower grade, or the stop that the table makes of it.

    That work which was done is none takes high confidence, and a need or a cause with its quote.
    """
    wanted = verdict.grade if opinion.shows == "yes" else opinion.grade or verdict.grade
    # Something passed: less than a build was not shown.
    grade: Grade = min(verdict.grade, max(wanted, "built-only", key=_place), key=_place)
    need = unmet_need(grade, needs)
    undone = verdict.grade in WORKS and grade not in WORKS
    if undone and (opinion.confidence != "high" or (need is None and cause is None)):
        return verdict
    if need is not None:
        return _ended(verdict.changed(grade=grade), stopped_by(need), opinion)
    if cause is not None and grade not in WORKS:
        stop = Verdict(status="stopped-by-llm", cause=cause)
        return _ended(verdict.changed(grade=grade), stop, opinion)
    if grade == verdict.grade:
        return verdict
    return verdict.changed(grade=grade, reason=f"{verdict.reason}; {_said(opinion)}")


def _place(grade: Grade) -> int:
    return GRADES.index(grade)


def _ended(success: Verdict, stop: Verdict, opinion: Opinion) -> Verdict:
    """Return the success as a stop by the model's words, with all that was shown."""
    told = "; ".join(filter(None, (_said(opinion), stop.reason)))
    return success.changed(
        status=stop.status,
        cause=stop.cause,
        reason=f"{told}; shown: {success.reason}",
        smallest_change=stop.smallest_change,
    )


def _said(opinion: Opinion) -> str:
    return f"{opinion.by}: {opinion.reason.rstrip('. ')}"


def _once(needs: Iterable[Need]) -> tuple[Need, ...]:
    return tuple({(need.kind, need.what): need for need in needs}.values())
