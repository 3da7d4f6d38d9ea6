"""From the commands that were tried in an image to the next attempt."""

from collections.abc import Sequence

from paper2run.model.environment import PlannedEnvironment, Reason, SmokeChoice
from paper2run.model.outcome import Passed, Trial
from paper2run.model.report import Attempt
from paper2run.model.value import DEFAULT
from paper2run.verdicts.progress import same_environment


def as_attempt(attempt: Attempt, trial: Trial) -> Attempt:
    """Return the attempt as it would be with the tried command as its smoke command."""
    planned = with_command(attempt.planned, trial.choice, passed=isinstance(trial.outcome, Passed))
    return attempt.changed(
        planned=planned.changed(weaker_smokes=attempt.planned.weaker_smokes),
        smoke=trial.outcome,
        trials=(),
        diagnosis=None,
    )


def without_its_tests(attempt: Attempt) -> Attempt | None:
    """Return the attempt as it would be with the collection of its tests as its smoke command.

    None where they were collected or never looked for, and where the user chose what is to be shown.
    """
    failed = attempt.verification.uncollected
    ran = [rung.command for rung in attempt.verification.rungs if rung.rung == "collected"]
    if failed is None or not ran or attempt.planned.smoke_by == "user":
        return None
    choice = SmokeChoice(
        kind="tests", command=ran[0], proves="its tests are collected", source=DEFAULT
    )
    tried = as_attempt(attempt, Trial(choice=choice, outcome=failed))
    # What passed waits behind it: failed tests then get repairs that add something, and nothing else.
    return tried.changed(planned=tried.planned.changed(weaker_smokes=(_own(attempt.planned),)))


def _own(planned: PlannedEnvironment) -> SmokeChoice:
    return SmokeChoice(
        kind=planned.smoke_kind,
        command=planned.plan.smoke_command,
        proves=planned.smoke_proves,
        covers=planned.covers,
        source=DEFAULT,
    )


def untried(attempt: Attempt, history: Sequence[Attempt]) -> tuple[Trial, ...]:
    """Return the attempt's trials whose command was no attempt's smoke command in the same environment."""
    ran = {old.planned.plan.smoke_command for old in history if same_environment(old, attempt)}
    return tuple(trial for trial in attempt.trials if trial.choice.command not in ran)


def with_command(
    planned: PlannedEnvironment, choice: SmokeChoice, *, passed: bool = True
) -> PlannedEnvironment:
    """Return the same environment with a command that was tried in it as its smoke command."""
    ended = (
        f"passed in this image; {choice.proves}"
        if passed
        else "failed in this image, to be repaired"
    )
    decision = f"{choice.command}: {ended}"
    reason = Reason(topic="smoke", decision=decision, source=choice.source)
    draft = planned.draft.changed(smoke_command=choice.command) if planned.draft else None
    return planned.changed(
        plan=planned.plan.changed(smoke_command=choice.command),
        draft=draft,
        reasons=(*planned.reasons, reason),
        smoke_proves=choice.proves,
        smoke_kind=choice.kind,
        smoke_by="rules",
        covers=choice.covers,
        weaker_smokes=(),
    )


def with_first_command(
    repaired: PlannedEnvironment, first: PlannedEnvironment, tried: str
) -> PlannedEnvironment | None:
    """Return the repaired environment with the first plan's smoke command, the strongest.

    None if the repair changed the `tried` command, and so the environment not alone.
    """
    if repaired.plan.smoke_command != tried:
        return None
    command = first.unpinned.smoke_command
    return repaired.changed(
        plan=repaired.plan.changed(smoke_command=command),
        smoke_proves=first.smoke_proves,
        smoke_kind=first.smoke_kind,
        smoke_by=first.smoke_by,
        covers=first.covers,
        weaker_smokes=first.weaker_smokes,
    )
