"""How a run ends: the rules from the history of attempts to a verdict, and whether to go on."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

from paper2run.commands.command_purpose import runs_tests
from paper2run.failures.failure_log import telling_line
from paper2run.formats.plurals import counted
from paper2run.model.diagnosis import Cause, Diagnosis
from paper2run.model.environment import (
    EngineMissing,
    EnvPlan,
    PlannedEnvironment,
    Reason,
    SmokeAuthor,
)
from paper2run.model.outcome import BuildFailed, Passed, SmokeFailed
from paper2run.model.report import Attempt, Metadata, Verdict
from paper2run.model.value import Source
from paper2run.smoke.grading import grade_of
from paper2run.verdicts.progress import best_of, progress

SHOWN_CHARACTERS: Final = 120
BLAMED_CHARACTERS: Final = 300
"""Of the first error and its evidence chain in one line."""
GENERAL: Final[frozenset[Cause]] = frozenset({"build_error", "code_error", "dead_dependency"})
"""Causes that repairs name for want of a better one, or on the strength of a name alone."""


def stopped(diagnosis: Diagnosis) -> Verdict:
    """Return the verdict of a stop, whether rules or a model judged."""
    return Verdict(
        status="stopped-by-llm" if diagnosis.is_models else "stopped-by-rule",
        cause=diagnosis.cause,
        reason=diagnosis.decision.reason,
        smallest_change=diagnosis.smallest_change,
    )


def no_engine(engine: EngineMissing) -> Verdict:
    """Return the verdict of a run that found no container engine."""
    return Verdict(status="preflight-failed", reason=engine.reason, smallest_change=engine.hint)


def only_planned() -> Verdict:
    """Return the verdict of a dry run."""
    return Verdict(status="planned", reason="dry run: nothing was built or run")


def after_attempts(attempts: Sequence[Attempt], max_attempts: int) -> Verdict:
    """Return the verdict of a run whose attempts are over; there is at least one."""
    verdict = _verdict(attempts, max_attempts)
    best = best_of(attempts)
    grade = grade_of(best) if verdict.status == "success" else "none"
    covers = best.planned.covers if best.succeeded else ""
    return verdict.changed(
        tried=_tried(attempts),
        best_attempt=best.number,
        grade=grade,
        covers=covers,
        blame=_judged(attempts).blame,
    )


def said(metadata: Metadata) -> str:
    """Return the verdict in one line: its grade and reason, and for a stop the first error beside them."""
    grade = f"{metadata.grade}: " if metadata.grade != "none" else ""
    error = f" First error: {metadata.blame}" if metadata.blame and is_stop(metadata.status) else ""
    return f"{grade}{metadata.reason}{error}"


def is_stop(status: str) -> bool:
    """Whether a run ended by a judgement of its cause, whose reason does not hold the first error."""
    return status in ("stopped-by-rule", "stopped-by-llm")


def _judged(attempts: Sequence[Attempt]) -> Attempt:
    """Return the attempt that the verdict is about: the last one, or the one that its stop speaks of."""
    last = attempts[-1]
    found = last.diagnosis
    of_attempt = found.of_attempt if found and found.decision.new_plan is None else 0
    return attempts[of_attempt - 1] if of_attempt else last


def _verdict(attempts: Sequence[Attempt], max_attempts: int) -> Verdict:
    last = attempts[-1]
    if isinstance(last.smoke, Passed):
        alive = last.smoke.alive_at_timeout
        how = "was alive at the timeout" if alive else "exited with status 0"
        to_its_end = "had not failed so far; a full run would show: " if alive else ""
        shows = last.planned.smoke_proves
        proves = f" ({to_its_end}{shows})" if shows else ""
        shown = shortened(last.planned.plan.smoke_command)
        return Verdict(status="success", reason=f"`{shown}` {how}{proves}")
    if last.diagnosis is None:
        return Verdict(status="smoke-failed", cause=_unproven(last), reason=failure_line(last))
    if last.diagnosis.decision.new_plan is None:
        return stopped(last.diagnosis)
    if builds(attempts) < max_attempts:
        # A repair that leads to a plan that was tried already: that is no proof.
        return Verdict(
            status="smoke-failed",
            cause=_unproven(last),
            reason=f"{failure_line(last)}; the only repair left was tried already: {last.diagnosis.decision.reason}",
        )
    return Verdict(
        status="max-attempts-exhausted",
        cause=_unproven(last),
        reason=f"still failing after {counted(len(attempts), 'attempt')}: {failure_line(last)}",
        smallest_change="More attempts (--max-attempts); the next repair would be: "
        + last.diagnosis.decision.reason,
    )


def _unproven(failed: Attempt) -> Cause:
    """Return the cause of a failure without a stop: a repair's own if it is a special one, else the class."""
    known = failed.diagnosis.cause if failed.diagnosis else None
    if known is not None and known not in GENERAL:
        return known
    return failed.blame.cause if failed.blame else known or "undiagnosed"


def _tried(attempts: Sequence[Attempt]) -> tuple[str, ...]:
    """Return one line per repair that was tried: the failure, the change, and its effect."""
    lines = []
    for before, after in pairwise(attempts):
        found = before.diagnosis
        if found is not None:
            base = f", on the plan of attempt {found.of_attempt}" if found.of_attempt else ""
            lines.append(
                f"attempt {before.number}: {failure_line(before)}; {found.by}: {found.decision.reason}{base};"
                f" then: {progress(before, after)}"
            )
    return tuple(lines)


def not_shown(attempts: Sequence[Attempt]) -> tuple[str, ...]:
    """Return the stronger commands that failed where a weaker one passed, each with its error.

    Both ran in the same environment.
    """
    last = attempts[-1] if attempts else None
    if last is None or not last.succeeded:
        return ()
    return tuple(
        f"{attempt.planned.smoke_proves}: `{shortened(attempt.planned.plan.smoke_command)}` ended with"
        f" `{shortened(telling_line(attempt.smoke))}`"
        for attempt in attempts
        if isinstance(attempt.smoke, SmokeFailed)
        and attempt.planned.plan.changed(smoke_command=last.planned.plan.smoke_command)
        == last.planned.plan
    )


def builds(attempts: Sequence[Attempt]) -> int:
    """Return how many attempts built an image; a fallback to a weaker smoke command needs no new one."""
    plans = [attempt.planned for attempt in attempts]
    return 1 + sum(not _falls_back(before, after.plan) for before, after in pairwise(plans))


def next_plan(attempts: Sequence[Attempt], max_builds: int) -> PlannedEnvironment | None:
    """Return the plan to try next, not yet resolved; None if no plan is left.

    It is the plan of the last attempt's repair. If that would exceed `max_builds` and only tests failed,
    it is the current plan with a weaker smoke command.
    """
    last = attempts[-1]
    diagnosis = last.diagnosis
    if diagnosis is None or diagnosis.decision.new_plan is None:
        return None
    # A repair of an earlier attempt stands on that one's plan, not on the one that fell back behind it.
    base = attempts[diagnosis.of_attempt - 1].planned if diagnosis.of_attempt else last.planned
    after = diagnosis.decision.new_plan
    if builds(attempts) >= max_builds and not _falls_back(base, after):
        return _weaker(last.planned) if runs_tests(last.planned.plan.smoke_command) else None
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


def _weaker(planned: PlannedEnvironment) -> PlannedEnvironment | None:
    """Return the plan with the next smoke command and the same image; None if no command is left."""
    if not planned.weaker_smokes:
        return None
    choice = planned.weaker_smokes[0]
    plan = (planned.draft or planned.plan).changed(smoke_command=choice.command)
    decision = f"no build is left for another repair; next: {choice.proves}"
    return _changed(planned, plan, decision, choice.source, "rules")


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


def _falls_back(planned: PlannedEnvironment, after: EnvPlan) -> bool:
    """Whether a plan, pinned or not, is the one before with a weaker smoke command of the planner's."""
    if after.smoke_command not in {choice.command for choice in planned.weaker_smokes}:
        return False
    digest = after.changed(smoke_command=planned.plan.smoke_command).digest
    return digest in {plan.digest for plan in (planned.plan, planned.draft) if plan}


def _shown(planned: PlannedEnvironment, command: str, author: SmokeAuthor) -> dict[str, Any]:
    """Return a plan's fields on its smoke command: what it shows, who chose it, the weaker ones left."""
    for number, choice in enumerate(planned.weaker_smokes):
        if choice.command == command:
            return {
                "smoke_proves": choice.proves,
                "smoke_kind": choice.kind,
                "smoke_by": "rules",
                "covers": choice.covers,
                "weaker_smokes": planned.weaker_smokes[number + 1 :],
            }
    if command == planned.plan.smoke_command:
        return {}
    by = "user" if planned.smoke_by == "user" else author
    return {"smoke_proves": "", "smoke_kind": "other", "smoke_by": by}


def was_tried(planned: PlannedEnvironment, attempts: Sequence[Attempt]) -> bool:
    """Whether this very plan has already failed."""
    return any(attempt.planned.plan.digest == planned.plan.digest for attempt in attempts)


def shortened(command: str, characters: int = SHOWN_CHARACTERS) -> str:
    """Return a command shortened to one line; documented examples can fill a page."""
    plain = " ".join(command.replace("\\n", " ").split())
    return plain if len(plain) <= characters else plain[:characters] + " …"


def failure_line(attempt: Attempt) -> str:
    """Return one line that tells a person what failed."""
    if isinstance(attempt.built, BuildFailed):
        code = "" if attempt.built.exit_code is None else f" (exit code {attempt.built.exit_code})"
        return f"build failed{code}{_first_error(attempt)} at: {attempt.built.step[:200] or 'an unnamed step'}"
    if attempt.smoke is None or isinstance(attempt.smoke, Passed):
        return "nothing failed"
    limit = f", ended by a limit: {attempt.smoke.limit}" if attempt.smoke.limit else ""
    return (
        f"smoke command exited with {attempt.smoke.exit_code}{limit}{_first_error(attempt)}"
        f" in: {shortened(attempt.planned.plan.smoke_command)}"
    )


def _first_error(attempt: Attempt) -> str:
    return f": {shortened(str(attempt.blame), BLAMED_CHARACTERS)};" if attempt.blame else ""
