"""Whether a run goes on after a failure, and with which plan."""

from collections.abc import Sequence
from typing import Any, Final

from paper2run.model.diagnosis import Cause
from paper2run.model.environment import EnvPlan, PlannedEnvironment, Reason, SmokeAuthor
from paper2run.model.report import Attempt, Verdict
from paper2run.model.value import Source
from paper2run.planning.candidates import WAYS
from paper2run.verdicts.progress import builds, environment, of_candidate
from paper2run.verdicts.verdicts import failure_line, is_stop

OF_ANY_ENVIRONMENT: Final[frozenset[Cause]] = frozenset(
    {
        "needs_gpu",
        "missing_data",
        "unsupported_platform",
        "proprietary_toolchain",
        "unknown_toolchain",
        "missing_entrypoint",
        "absent_module",
        "external_service",
        "out_of_disk",
        "no_code",
    }
)
"""Causes that, once proven, hold whatever is installed: no other candidate is tried."""


def next_plan(attempts: Sequence[Attempt], max_builds: int) -> PlannedEnvironment | None:
    """Return the plan of the last attempt's repair, not yet resolved; None if no plan or no build is left."""
    last = attempts[-1]
    diagnosis = last.diagnosis
    if diagnosis is None or diagnosis.decision.new_plan is None:
        return None
    # A repair of an earlier attempt stands on that one's plan, not on the one that fell back behind it.
    base = attempts[diagnosis.of_attempt - 1].planned if diagnosis.of_attempt else last.planned
    after = diagnosis.decision.new_plan
    known = {environment(plan) for plan in (base.plan, base.draft) if plan}
    spent = builds(of_candidate(attempts, last))
    if spent >= max_builds and environment(after) not in known:
        return None
    decision = f"{diagnosis.by}: {diagnosis.decision.reason}"
    stepped = (diagnosis.step_back,) if diagnosis.step_back else ()
    own = base.fallback
    if own is not None and after.digest == own.plan.digest:
        reason = Reason(topic="repair", decision=decision, source=diagnosis.source)
        steps_back = (*own.steps_back, *stepped)
        return own.changed(reasons=(*own.reasons, reason), steps_back=steps_back)
    author: SmokeAuthor = "model" if diagnosis.is_models else "rules"
    return _changed(base, after, decision, diagnosis.source, author).changed(
        guesses=(*base.guesses, *diagnosis.guesses),
        pythons=diagnosis.pythons or base.pythons,
        steps_back=(*base.steps_back, *stepped),
    )


def _changed(
    planned: PlannedEnvironment, plan: EnvPlan, decision: str, source: Source, author: SmokeAuthor
) -> PlannedEnvironment:
    reason = Reason(topic="repair", decision=decision, source=source)
    return planned.changed(
        plan=plan,
        draft=None,
        resolution=None,
        reasons=(*planned.reasons, reason),
        **_shown(planned, plan.smoke_command, author),
    )


def _shown(planned: PlannedEnvironment, command: str, author: SmokeAuthor) -> dict[str, Any]:
    """Return a plan's fields on its smoke command: what it shows, and who chose it."""
    if command == planned.plan.smoke_command:
        return {}
    by = "user" if planned.smoke_by == "user" else author
    return {"smoke_proves": "", "smoke_kind": "other", "smoke_by": by}


def was_tried(planned: PlannedEnvironment, attempts: Sequence[Attempt]) -> bool:
    """Whether this very plan has already failed."""
    return any(attempt.planned.plan.digest == planned.plan.digest for attempt in attempts)


def why_left(attempts: Sequence[Attempt], verdict: Verdict) -> str:
    """Return why the last attempt's candidate is left; empty where another one could do no better.

    `verdict` is the one that the attempts have so far.
    """
    if verdict.status == "success":
        return ""
    if is_stop(verdict.status) and verdict.cause in OF_ANY_ENVIRONMENT:
        return ""
    last = attempts[-1]
    way = WAYS[last.planned.candidate]
    return f"no repair is known for attempt {last.number} ({way}): {failure_line(last)}"
