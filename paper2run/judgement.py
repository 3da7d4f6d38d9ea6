"""What the rules make of a failed attempt, with the attempts before it in mind: no answer is given twice."""

from collections.abc import Sequence

from paper2run.broken import Broken
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.facts import RepoFacts
from paper2run.model.report import Attempt
from paper2run.progress import place_of
from paper2run.repairs import diagnose
from paper2run.wanted_files import WantedFile


def judge(done: Attempt, tried: Sequence[Attempt], facts: RepoFacts) -> Diagnosis | None:
    """Return the first rule's answer that was not given before; None where all abstain.

    Where the attempt fell back behind an earlier one and nothing repairs it, the earlier failure is looked at again,
    for the next answer after the one that led here.
    """
    barred = _plans_of((*tried, done))
    found = diagnose(_broken(done, facts), barred)
    if _is_repair(found):
        return found
    place = place_of(done)
    further = [attempt for attempt in tried if place_of(attempt) > place]
    for earlier in sorted(further, key=place_of, reverse=True):
        other = diagnose(_broken(earlier, facts), barred)
        if other is not None and _is_repair(other):
            return other.model_copy(update={"of_attempt": earlier.number})
    return found


def _broken(attempt: Attempt, facts: RepoFacts) -> Broken:
    assert attempt.failure is not None, "an attempt that passed is not judged"
    packages = {WantedFile(file.kind, file.name): file.package for file in attempt.system_files}
    return Broken(attempt.failure, attempt.planned, facts, attempt.verification, packages)


def _is_repair(found: Diagnosis | None) -> bool:
    return found is not None and found.decision.decision == "repair"


def _plans_of(attempts: Sequence[Attempt]) -> frozenset[str]:
    """Return the digests of the plans that were tried, before their pinning, and of those that were asked for."""
    tried = {(attempt.planned.draft or attempt.planned.plan).digest for attempt in attempts}
    asked = {
        attempt.diagnosis.decision.new_plan.digest
        for attempt in attempts
        if attempt.diagnosis and attempt.diagnosis.decision.new_plan
    }
    return frozenset(tried | asked)
