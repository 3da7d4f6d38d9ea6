"""Ranks attempts by how far they came: which is best, and whether a repair moved the failure on."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal, NamedTuple

from paper2run.failures.failure_log import telling_line
from paper2run.model.environment import EnvPlan
from paper2run.model.grade import GRADES
from paper2run.model.outcome import RUNGS, BuildFailed, Built, Passed
from paper2run.model.report import Attempt
from paper2run.rendering.hash_lock import locked
from paper2run.smoke.grading import grade_of
from paper2run.smoke.ladder import uncollected_modules

Progress = Literal["runs", "further", "another-failure", "no-change", "fell-back"]
SENTENCES: Final[Mapping[Progress, str]] = {
    "runs": "{one} runs",
    "further": "{one} gets further than {other}",
    "another-failure": "{one} fails for another reason than {other}",
    "no-change": "{one} fails like {other}",
    "fell-back": "{one} falls behind {other}",
}
"""By progress; `one` is the later attempt."""
IN_SHORT: Final[Mapping[Progress, str]] = {
    "runs": "it runs",
    "further": "further",
    "another-failure": "another failure",
    "no-change": "no change",
    "fell-back": "fell back",
}
"""By progress: the words of a line in the report."""


class Place(NamedTuple):
    """Where an attempt ended; a greater place is further on."""

    phase: int
    """0: the build failed; 1: the smoke run failed; 2: it passed."""
    grade: int
    """What the smoke run has shown, as its number."""
    rung: int
    """The highest rung that passed, as its number."""
    uncollected: float
    """Test modules that could not be collected, below zero; minus infinity where collecting them broke down."""
    steps_left: int
    """Install steps from the one that failed to the last, below zero: steps are added at the front."""


def place_of(attempt: Attempt) -> Place:
    """Return where the attempt ended."""
    rung = RUNGS.index(attempt.verification.reached)
    if isinstance(attempt.built, BuildFailed):
        return Place(0, 0, rung, 0, -_steps_left(attempt, attempt.built.step))
    grade = GRADES.index(grade_of(attempt))
    phase = 2 if isinstance(attempt.smoke, Passed) else 1
    return Place(phase, grade, rung, -uncollected_modules(attempt.verification), 0)


def _steps_left(attempt: Attempt, failed: str) -> int:
    """Return how many steps were not completed, with the failed one; one more if it precedes them all."""
    steps = locked(attempt.planned).steps
    for number, step in enumerate(steps):
        if step in failed:
            return len(steps) - number
    return len(steps) + 1


def best_of(attempts: Sequence[Attempt]) -> Attempt:
    """Return the attempt that came furthest.

    Of equals of one candidate it is the last one with a new failure: earlier failures are repaired in it, and later
    attempts changed nothing. Of equals of several candidates it is the first one's, the most trusted.
    """
    best = attempts[0]
    seen = {_words(best)}
    for attempt in attempts[1:]:
        place, words = place_of(attempt), _words(attempt)
        same_way = attempt.planned.candidate == best.planned.candidate
        if place > place_of(best) or (same_way and place == place_of(best) and words not in seen):
            best = attempt
        seen.add(words)
    return best


def of_candidate(attempts: Sequence[Attempt], one: Attempt) -> tuple[Attempt, ...]:
    """Return the attempts of the candidate that `one` belongs to, in order."""
    return tuple(each for each in attempts if each.planned.candidate == one.planned.candidate)


def progress(before: Attempt, after: Attempt) -> Progress:
    """Return what became of the failure."""
    if after.succeeded:
        return "runs"
    if place_of(after) != place_of(before):
        return "further" if place_of(after) > place_of(before) else "fell-back"
    return "no-change" if _words(after) == _words(before) else "another-failure"


def told(before: Attempt, after: Attempt) -> str:
    """Return the progress from one attempt to the next as a sentence."""
    sentence = SENTENCES[progress(before, after)]
    return sentence.format(one=f"attempt {after.number}", other=f"attempt {before.number}")


def environment(plan: EnvPlan) -> str:
    """Return the plan's identity without its smoke command: equal ones build the same layers."""
    return plan.changed(smoke_command="true").digest


def builds(attempts: Sequence[Attempt]) -> int:
    """Return how many environments were built; another smoke command in the same one needs no build."""
    return len({environment(attempt.planned.plan) for attempt in attempts})


def same_environment(one: Attempt, other: Attempt) -> bool:
    """Whether two attempts ran in images with the same layers."""
    return environment(one.planned.plan) == environment(other.planned.plan)


def repairs_beside(last: Attempt, best: Attempt) -> bool:
    """Whether the last attempt repaired what another command failed from in the best image.

    Its own command came as far as before, so that what the repair did shows in the other commands alone.
    """
    return (
        bool(best.trials)
        and not last.trials
        and isinstance(last.built, Built)
        and last.planned.candidate == best.planned.candidate
        and place_of(last) == place_of(best)
        and not same_environment(last, best)
    )


def _words(attempt: Attempt) -> str:
    return "" if attempt.failure is None else telling_line(attempt.failure)
