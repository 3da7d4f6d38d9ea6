"""Finds the answers of a model that moved a run on, in the run's history."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType
from typing import Final

from paper2run.failures.failure_log import telling_line
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.lesson import Lesson
from paper2run.model.outcome import BuildFailed
from paper2run.model.report import Attempt
from paper2run.rendering.plan_diff import plan_diff
from paper2run.verdicts.progress import progress

NOTHING_ASKED: Final[Mapping[int, tuple[str, ...]]] = MappingProxyType({})


def lessons_of(
    attempts: Sequence[Attempt], asked: Mapping[int, tuple[str, ...]] = NOTHING_ASKED
) -> tuple[Lesson, ...]:
    """Return the lessons of a run, by attempt; `asked` are the records of its questions, 0: on the plan.

    An answer is a lesson if the attempt after it ran its plan and passed or came further. A model's first plan is one
    if it passed at the first try.
    """
    found = []
    if attempts and (lesson := _of_plan(attempts[0], asked)):
        found.append(lesson)
    for failed, after in pairwise(attempts):
        if lesson := _of_repair(failed, after, asked.get(failed.number, ())):
            found.append(lesson)
    return tuple(found)


def changed_fields(lesson: Lesson) -> Iterator[str]:
    """Yield the names of the fields that the model changed, without its notes; all without a plan before."""
    before = lesson.before.model_dump(mode="json") if lesson.before else {}
    for name, value in lesson.after.model_dump(mode="json").items():
        if name != "notes" and (name not in before or value != before[name]):
            yield name


def _of_plan(first: Attempt, asked: Mapping[int, tuple[str, ...]]) -> Lesson | None:
    """Return the lesson of a model's own plan; None for a plan of rules, a failed one and the same one."""
    planned = first.planned
    model = planned.planner.partition("model:")[2]
    why = next((reason for reason in planned.reasons if reason.topic == "planner"), None)
    if not (model and why and first.succeeded):
        return None
    before, after = (planned.fallback.plan if planned.fallback else None), planned.unpinned
    if before is not None and before.digest == after.digest:
        return None
    return Lesson(
        phase="plan",
        solved_in=first.number,
        asked=asked.get(0, ()),
        model=model,
        decision="plan",
        reason=why.decision,
        before=before,
        after=after,
        diff=plan_diff(before, after) if before else (),
        progress="runs",
    )


def _of_repair(failed: Attempt, after: Attempt, asked: tuple[str, ...]) -> Lesson | None:
    """Return the lesson of a repair; None if it was no model's, was not tried, or did not move the run on."""
    found, failure = failed.diagnosis, failed.failure
    if found is None or failure is None or not found.is_models or not _ran(found, failed, after):
        return None
    before, new = failed.planned.unpinned, found.decision.new_plan
    became = progress(failed, after)
    if new is None or new.digest == before.digest or became not in ("runs", "further"):
        return None
    is_build = isinstance(failure, BuildFailed)
    return Lesson(
        phase="build" if is_build else "smoke",
        attempt=failed.number,
        solved_in=after.number,
        step=failure.step if isinstance(failure, BuildFailed) else before.smoke_command,
        line=telling_line(failure),
        blame=failed.blame,
        asked=asked,
        model=found.by.partition(":")[2],
        decision="repair",
        reason=found.decision.reason,
        confidence=found.decision.confidence,
        before=before,
        after=new,
        diff=plan_diff(before, new),
        progress=became,
    )


def _ran(found: Diagnosis, failed: Attempt, after: Attempt) -> bool:
    """Whether an attempt ran the plan that answered the one before, and not another candidate's."""
    return _answers_in(after, found) > _answers_in(failed, found)


def _answers_in(attempt: Attempt, found: Diagnosis) -> int:
    return sum(
        reason.topic == "repair" and reason.source == found.source
        for reason in attempt.planned.reasons
    )
