"""How a run ends: the rules from the history of attempts to a verdict, and whether to go on."""

from collections.abc import Sequence
from typing import Final

from paper2run.model.diagnosis import Diagnosis
from paper2run.model.environment import (
    EngineMissing,
    PlannedEnvironment,
    Reason,
    SmokeChoice,
)
from paper2run.model.outcome import BuildFailed, Passed
from paper2run.model.report import Attempt, Verdict

SHOWN_CHARACTERS: Final = 120


def stopped(diagnosis: Diagnosis) -> Verdict:
    """Return the verdict of a stop, by whoever judged."""
    return Verdict(
        status="stopped-by-llm" if diagnosis.by.startswith("model:") else "stopped-by-rule",
        cause=diagnosis.cause,
        reason=diagnosis.decision.reason,
        smallest_change=diagnosis.smallest_change,
    )


def no_engine(engine: EngineMissing) -> Verdict:
    """Return the verdict of a run that found no container engine."""
    return Verdict(
        status="preflight-failed", reason=engine.reason, smallest_change=engine.next_step
    )


def only_planned() -> Verdict:
    """Return the verdict of a run that was only to plan."""
    return Verdict(status="planned", reason="dry run: nothing was built or run")


def after_attempts(attempts: Sequence[Attempt], max_attempts: int) -> Verdict:
    """Return the verdict of a run whose attempts are over; there is at least one."""
    last = attempts[-1]
    if isinstance(last.smoke, Passed):
        how = "was alive at the timeout" if last.smoke.alive_at_timeout else "exited with status 0"
        proves = f" ({last.planned.smoke_proves})" if last.planned.smoke_proves else ""
        shown = shortened(last.planned.plan.smoke_command)
        return Verdict(status="success", reason=f"`{shown}` {how}{proves}")
    if last.diagnosis is None:
        return Verdict(status="smoke-failed", cause="undiagnosed", reason=failure_line(last))
    if last.diagnosis.decision.decision == "stop":
        return stopped(last.diagnosis)
    if len(attempts) < max_attempts:
        # A repair that leads to a plan that was tried already.
        return Verdict(
            status="stopped-by-rule",
            cause=last.diagnosis.cause,
            reason=f"the only repair left was tried already: {last.diagnosis.decision.reason}",
            smallest_change=last.diagnosis.smallest_change,
        )
    return Verdict(
        status="max-attempts-exhausted",
        cause=last.diagnosis.cause,
        reason=f"still failing after {len(attempts)} attempts: {failure_line(last)}",
        smallest_change="More attempts (--max-attempts); the next repair would be: "
        + last.diagnosis.decision.reason,
    )


def next_plan(attempts: Sequence[Attempt]) -> PlannedEnvironment | None:
    """Return the plan that the last attempt's repair asks for, not yet resolved; None where there is none."""
    last = attempts[-1]
    diagnosis = last.diagnosis
    if diagnosis is None or diagnosis.decision.new_plan is None:
        return None
    reason = Reason(
        topic="repair",
        decision=f"{diagnosis.by}: {diagnosis.decision.reason}",
        source=diagnosis.source,
    )
    proves, weaker = _after_change(last.planned, diagnosis.decision.new_plan.smoke_command)
    return last.planned.model_copy(
        update={
            "plan": diagnosis.decision.new_plan,
            "draft": None,
            "resolution": None,
            "smoke_proves": proves,
            "weaker_smokes": weaker,
            "guesses": (*last.planned.guesses, *diagnosis.guesses),
            "pythons": diagnosis.pythons or last.planned.pythons,
            "reasons": (*last.planned.reasons, reason),
        }
    )


def _after_change(planned: PlannedEnvironment, command: str) -> tuple[str, tuple[SmokeChoice, ...]]:
    """Return what a smoke command proves, and which weaker ones are then left."""
    for number, choice in enumerate(planned.weaker_smokes):
        if choice.command == command:
            return choice.proves, planned.weaker_smokes[number + 1 :]
    return planned.smoke_proves, planned.weaker_smokes


def was_tried(planned: PlannedEnvironment, attempts: Sequence[Attempt]) -> bool:
    """Tell whether this very plan has failed already."""
    return any(attempt.planned.plan.digest == planned.plan.digest for attempt in attempts)


def shortened(command: str) -> str:
    """Return a command in a length that fits a line; documented examples can fill a page."""
    plain = " ".join(command.replace("\\n", " ").split())
    return plain if len(plain) <= SHOWN_CHARACTERS else plain[:SHOWN_CHARACTERS] + " …"


def failure_line(attempt: Attempt) -> str:
    """Return one line that tells a person what failed."""
    if isinstance(attempt.built, BuildFailed):
        code = "" if attempt.built.exit_code is None else f" (exit code {attempt.built.exit_code})"
        return f"build failed{code} at: {attempt.built.step[:200] or 'an unnamed step'}"
    if attempt.smoke is None or isinstance(attempt.smoke, Passed):
        return "nothing failed"
    limit = f", ended by a limit: {attempt.smoke.limit}" if attempt.smoke.limit else ""
    return (
        f"smoke command exited with {attempt.smoke.exit_code}{limit}:"
        f" {shortened(attempt.planned.plan.smoke_command)}"
    )
