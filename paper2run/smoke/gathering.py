"""Which further commands are run in an image, so that the verdict rests on all that it can show."""

from collections.abc import Sequence
from typing import Final

from paper2run.model.environment import PlannedEnvironment, SmokeChoice
from paper2run.model.grade import GRADES, Grade
from paper2run.model.outcome import Passed, Trial
from paper2run.smoke.grading import grade_of_run, promised

ENOUGH: Final[Grade] = "documented-run"
"""From here on another command would show little more, and may take as long as all before it."""
SHARE: Final = 1 / 3
"""Part of --timeout for all further commands together."""
LIMIT_S: Final = 60.0
"""Seconds for a command that neither a document nor the tests vouch for: a script may train for days."""
VOUCHED: Final = frozenset({"user", "model", "example", "documented", "ci-tests", "tests"})


def to_try(planned: PlannedEnvironment, reached: Grade) -> tuple[SmokeChoice, ...]:
    """Return the commands that may show more than `reached`: an import, then the most promising first.

    An import takes seconds; behind a suite that uses up the time of all it would never be tried.
    """
    if planned.smoke_by == "user" or _at_least(reached, ENOUGH):
        return ()
    more = [choice for choice in planned.weaker_smokes if may_show_more(choice, reached)]
    floor = next((choice for choice in more if choice.kind == "import"), None)
    return tuple(
        sorted(more, key=lambda choice: (choice is not floor, -GRADES.index(_promise(choice))))
    )


def may_show_more(choice: SmokeChoice, reached: Grade) -> bool:
    """Whether the command shows more than `reached` if it exits with status 0."""
    return GRADES.index(_promise(choice)) > GRADES.index(reached)


def limit_s(choice: SmokeChoice, left_s: float) -> float:
    """Return how many seconds the command may run where `left_s` are left for all."""
    return left_s if choice.kind in VOUCHED else min(left_s, LIMIT_S)


def best_shown(trials: Sequence[Trial]) -> Grade:
    """Return the best grade that a command shows which exited with status 0; `none` without one."""
    return max((shown_by(trial) for trial in trials), key=GRADES.index, default="none")


def shown_by(trial: Trial) -> Grade:
    """Return what the command has shown; `none` where it failed, or was only not ready in its short time."""
    outcome, choice = trial.outcome, trial.choice
    if not isinstance(outcome, Passed):
        return "none"
    waits = outcome.alive_at_timeout and not outcome.listens_on
    if waits and choice.kind not in VOUCHED:
        return "none"
    return grade_of_run(choice.kind, choice.command, outcome)


def strongest(trials: Sequence[Trial], reached: Grade) -> Trial | None:
    """Return the first command that has shown the most, if that is more than `reached`; else None.

    Where nothing has shown anything, a command that had not failed when its short time was over gets the whole of it.
    """
    best = max(trials, key=lambda trial: GRADES.index(shown_by(trial)), default=None)
    if best is not None and GRADES.index(shown_by(best)) > GRADES.index(reached):
        return best
    waiting = (trial for trial in trials if isinstance(trial.outcome, Passed))
    return next(waiting, None) if reached == "none" else None


def worth_repairing(trials: Sequence[Trial], *, beside_success: bool) -> tuple[Trial, ...]:
    """Return the failed commands that may show more than the others, if the environment is repaired.

    A script that no document names has no vote in what is installed, except where nothing else has passed. Beside a
    success only what documents, notebooks or tests vouch for is worth another build.
    """
    reached = best_shown(trials)
    return tuple(
        trial
        for trial in trials
        if not isinstance(trial.outcome, Passed)
        and may_show_more(trial.choice, reached)
        and (reached == "none" or trial.choice.kind != "side-script")
        and (not beside_success or trial.choice.kind in VOUCHED | {"notebook"})
    )


def _promise(choice: SmokeChoice) -> Grade:
    return promised(choice.kind, choice.command)


def _at_least(grade: Grade, other: Grade) -> bool:
    return GRADES.index(grade) >= GRADES.index(other)
