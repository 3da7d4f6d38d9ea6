"""Says in one line what failed, and which commands failed where another passed."""

import shlex
from collections.abc import Sequence
from typing import Final

from paper2run.failures.failure_log import telling_line
from paper2run.model.outcome import BuildFailed, Passed, SmokeFailed
from paper2run.model.report import Attempt
from paper2run.python.notebook_runs import RUNNER
from paper2run.verdicts.progress import best_of, same_environment

SHOWN_CHARACTERS: Final = 120
BLAMED_CHARACTERS: Final = 300
"""Of the first error and its evidence chain in one line."""


def not_shown(attempts: Sequence[Attempt]) -> tuple[str, ...]:
    """Return the commands that failed where another passed in the same environment, each with its error."""
    best = best_of(attempts) if attempts else None
    if best is None or not best.succeeded:
        return ()
    alike = [attempt for attempt in attempts if same_environment(attempt, best)]
    failed = [
        (attempt.planned.smoke_proves, attempt.planned.plan.smoke_command, attempt.smoke)
        for attempt in alike
        if isinstance(attempt.smoke, SmokeFailed)
    ]
    failed += [
        (trial.choice.proves, trial.choice.command, trial.outcome)
        for attempt in alike
        for trial in attempt.trials
        if isinstance(trial.outcome, SmokeFailed)
    ]
    return tuple(
        f"{proves}{': ' if proves else ''}`{shortened(command)}` ended with `{shortened(telling_line(outcome))}`"
        for proves, command, outcome in failed
    )


def shortened(command: str, characters: int = SHOWN_CHARACTERS) -> str:
    """Return a command shortened to one line; documented examples can fill a page."""
    command = command.replace(shlex.quote(RUNNER), "'…'")
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
