"""Whether a run goes on after a failure, and with which plan."""

from collections.abc import Sequence
from typing import Any, Final

from paper2run.model.diagnosis import Reach
from paper2run.model.environment import (
    CandidateKind,
    EnvPlan,
    PlannedEnvironment,
    Reason,
    SmokeAuthor,
)
from paper2run.model.facts import RepoFacts
from paper2run.model.outcome import BuildFailed, SmokeFailed
from paper2run.model.report import Attempt, Verdict
from paper2run.model.value import Source
from paper2run.planning.candidates import WAYS
from paper2run.smoke.gathering import VOUCHED
from paper2run.smoke.grading import asks_for_help
from paper2run.verdicts.failure_words import failure_line
from paper2run.verdicts.judgement import stops_in
from paper2run.verdicts.progress import (
    best_of,
    builds,
    environment,
    of_candidate,
    same_environment,
)
from paper2run.verdicts.trials import as_attempt
from paper2run.verdicts.verdicts import is_stop

GETS_PAST: Final[dict[Reach, frozenset[CandidateKind]]] = {
    "every-plan": frozenset(),
    "every-install": frozenset({"ci"}),
    "this-plan": frozenset(WAYS),
}
"""By what a stop's evidence excludes: the candidates that may get past it all the same."""
SHOWN_BY_HELP: Final = "a program prints its help"


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
    own = base.fallback
    if own is not None and after.digest == own.plan.digest:
        reason = Reason(topic="repair", decision=decision, source=diagnosis.source)
        return own.changed(reasons=(*own.reasons, reason))
    author: SmokeAuthor = "model" if diagnosis.is_models else "rules"
    return _changed(base, after, decision, diagnosis.source, author).changed(
        guesses=(*base.guesses, *diagnosis.guesses),
        optional=tuple(name for name in base.optional if name not in diagnosis.required),
        pythons=diagnosis.pythons or base.pythons,
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
    """Return a plan's fields on its smoke command: what it shows, and who chose it.

    Rules start the same work in another way, which shows no more and no less, or ask for the program's help; a model
    may choose any command.
    """
    if command == planned.plan.smoke_command:
        return {}
    if author == "rules":
        return {"smoke_proves": SHOWN_BY_HELP} if asks_for_help(command) else {}
    by = "user" if planned.smoke_by == "user" else author
    return {"smoke_proves": "", "smoke_kind": "other", "smoke_by": by}


def was_tried(planned: PlannedEnvironment, attempts: Sequence[Attempt]) -> bool:
    """Whether this very plan has already failed."""
    return any(attempt.planned.plan.digest == planned.plan.digest for attempt in attempts)


def why_left(attempts: Sequence[Attempt]) -> str:
    """Return why the last attempt's candidate is left."""
    last = attempts[-1]
    way = WAYS[last.planned.candidate]
    return f"no repair is known for attempt {last.number} ({way}): {failure_line(last)}"


def ways_left(
    attempts: Sequence[Attempt], verdict: Verdict, facts: RepoFacts
) -> frozenset[CandidateKind]:
    """Return the kinds of candidates that could do better than the attempts; tried ones are among them.

    `verdict` is the one that the attempts have so far. A stop excludes what its evidence excludes, as long as it
    explains all that failed: a command that failed from something else may pass in another environment.
    """
    best = best_of(attempts)
    if verdict.status == "success" or (best.succeeded and best.planned.uncovered is not None):
        return frozenset()
    if not is_stop(verdict.status) or _unexplained(attempts, verdict, facts):
        return frozenset(WAYS)
    return GETS_PAST[verdict.excludes]


def _unexplained(attempts: Sequence[Attempt], verdict: Verdict, facts: RepoFacts) -> bool:
    """Whether the best build, or a command that documents or tests vouch for, failed from something else."""
    best = best_of(attempts)
    if isinstance(best.built, BuildFailed):
        found = best.diagnosis
        return found is None or found.cause != verdict.cause
    explained = {
        failed.planned.plan.smoke_command
        for failed, found in stops_in(attempts, facts)
        if found.cause == verdict.cause
    }
    alike = [attempt for attempt in attempts if same_environment(attempt, best)]
    ran = [each for one in alike for each in (one, *(as_attempt(one, t) for t in one.trials))]
    return any(
        isinstance(each.smoke, SmokeFailed)
        and each.planned.smoke_kind in VOUCHED
        and each.planned.plan.smoke_command not in explained
        for each in ran
    )
