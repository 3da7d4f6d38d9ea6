"""Tells a model of the attempts: what each changed, how its commands ended, what programs said.

The words of programs stand in a part of their own, because a model may quote those and no others.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from paper2run.failures.failure_log import RAISED, TELLING, failure_lines
from paper2run.model.environment import EnvPlan
from paper2run.model.outcome import BuildFailed, Passed, SmokeFailed, Verification
from paper2run.model.report import Attempt
from paper2run.rendering.plan_diff import plan_diff

MAX_CHANGES: Final = 600
"""Characters of an attempt's changes, or of its smoke command."""
MAX_COMMAND: Final = 300
"""Characters of another command in the same image."""
MAX_TRIALS: Final = 8
"""Other commands that are told of one attempt."""
MAX_ERROR_CHARS: Final = 300
MAX_NAMES: Final = 20
"""Modules and libraries that are named."""


class _Failure(NamedTuple):
    label: str
    failure: BuildFailed | SmokeFailed


def tried_text(tried: Sequence[Attempt]) -> str:
    """Return what each attempt changed, its commands and how they ended; of the first one its image."""
    lines: list[str] = []
    before: EnvPlan | None = None
    for attempt in tried:
        plan = attempt.planned.unpinned
        changes = plan_diff(before, plan) if before else (f"on {plan.base_image}",)
        lines.append(f"{attempt.number}. {' | '.join(changes)[:MAX_CHANGES] or 'as before'}")
        lines.append(f"   smoke: {plan.smoke_command[:MAX_CHANGES]}")
        lines.append(f"   {_ended(attempt)}")
        lines += [f"   {line}" for line in _trial_lines(attempt)]
        before = plan
    return "\n".join(lines)


def errors_text(tried: Sequence[Attempt]) -> str:
    """Return the error lines of all commands that failed, each after its number in `tried_text`."""
    return "\n".join(
        f"{label}. {line}"
        for attempt in tried
        for label, failure in _failures(attempt)
        for line in _error_lines(failure)
    )


def checks_text(found: Verification) -> str:
    """Return what else was looked for in an image: modules, libraries, tests; empty if nothing failed."""
    lines: list[str] = []
    for rung in found.rungs:
        said = [*rung.missing[:MAX_NAMES], *rung.failed_imports[:MAX_NAMES]] or [rung.detail]
        if any(said) and not rung.passed:
            lines.append(f"{rung.rung}: failed: {'; '.join(said)[:MAX_CHANGES]}")
    lines += [
        f"library that is not in the image: {each.name}, for {each.needed_by}"
        for each in found.missing_libraries[:MAX_NAMES]
    ]
    if found.uncollected is not None:
        lines += [f"collecting the tests: {line}" for line in _error_lines(found.uncollected)]
    return "\n".join(lines)


def outcome_words(failure: BuildFailed | SmokeFailed) -> str:
    """Return how a build or a command failed."""
    if isinstance(failure, BuildFailed):
        how = "took too long" if failure.timed_out else f"failed with exit code {failure.exit_code}"
        return f"the build {how}"
    if failure.out_of_memory:
        return "the smoke command ran out of memory"
    if failure.limit:
        return f"the smoke command was ended by a limit: {failure.limit}"
    return f"the smoke command exited with code {failure.exit_code}"


def _ended(attempt: Attempt) -> str:
    failed, found = attempt.failure, attempt.diagnosis
    said = outcome_words(failed) if failed else "it passed"
    return f"{said}; then {found.by}: {found.decision.reason[:300]}" if found else said


def _trial_lines(attempt: Attempt) -> Iterator[str]:
    for number, trial in enumerate(attempt.trials[:MAX_TRIALS], 1):
        outcome, choice = trial.outcome, trial.choice
        how = "passed" if isinstance(outcome, Passed) else f"exit code {outcome.exit_code}"
        command = f"{choice.command[:MAX_COMMAND]} ({choice.proves})"
        yield f"{attempt.number}.{number}. in the same image: {command}: {how}"


def _failures(attempt: Attempt) -> Iterator[_Failure]:
    if attempt.failure is not None:
        yield _Failure(f"{attempt.number}", attempt.failure)
    for number, trial in enumerate(attempt.trials[:MAX_TRIALS], 1):
        if isinstance(trial.outcome, SmokeFailed):
            yield _Failure(f"{attempt.number}.{number}", trial.outcome)


def _error_lines(failure: BuildFailed | SmokeFailed) -> list[str]:
    """Return a log's first and last exception and its last error line; else its last line."""
    lines = [line.strip()[:MAX_ERROR_CHARS] for line in failure_lines(failure) if line.strip()]
    errors = [line for line in lines if TELLING.match(line)]
    raised = [line for line in errors if RAISED.search(line)] or errors
    return list(dict.fromkeys([*raised[:1], *raised[-1:], *errors[-1:]])) or lines[-1:]
