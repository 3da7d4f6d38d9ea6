"""How a run ends: the rules from the history of attempts to a verdict, and whether to go on."""

from collections.abc import Sequence
from typing import Final

from paper2run.formats.plurals import counted
from paper2run.model.diagnosis import Cause, Diagnosis
from paper2run.model.environment import EngineMissing
from paper2run.model.facts import RepoFacts
from paper2run.model.grade import Grade
from paper2run.model.needs import Site
from paper2run.model.outcome import Passed
from paper2run.model.report import Attempt, Metadata, Status, Verdict
from paper2run.planning.addresses import address_of, addressed
from paper2run.planning.toolchain_stops import stop_for
from paper2run.smoke.grading import grade_of
from paper2run.verdicts.deeper_cause import with_deeper_cause
from paper2run.verdicts.failure_words import failure_line, shortened
from paper2run.verdicts.judgement import failed_import, stops_in
from paper2run.verdicts.needs import NOTHING, needs_of
from paper2run.verdicts.opinions import stated_needs, with_stated
from paper2run.verdicts.progress import (
    best_of,
    builds,
    of_candidate,
    place_of,
)
from paper2run.verdicts.repairs_tried import repairs_tried
from paper2run.verdicts.table import (
    WORKS,
    has_collected,
    of_every_use,
    only_draws,
    proof_of,
    stopped_by,
    unmet_need,
)
from paper2run.verdicts.work import failed_work, passed_beside, proven_beside, stop_in

GENERAL: Final[frozenset[Cause]] = frozenset({"build_error", "code_error", "dead_dependency"})
"""Causes that repairs name for want of a better one, or on the strength of a name alone."""
UNBUILT: Final = "unbuildable_project"
"""The repair that does without the project's own setup."""
NO_FACTS: Final = RepoFacts()


def stopped(diagnosis: Diagnosis) -> Verdict:
    """Return the verdict of a stop, whether rules or a model judged.

    What proves nothing beyond the plan that was tried, or beyond what this program knows, is no stop: its cause is a
    class, and its smallest change a piece of advice.
    """
    proven: Status = "smoke-failed" if diagnosis.excludes == "this-plan" else "stopped-by-rule"
    return Verdict(
        status="stopped-by-llm" if diagnosis.is_models else proven,
        cause=diagnosis.cause,
        reason=diagnosis.decision.reason,
        excludes=diagnosis.excludes,
        smallest_change=diagnosis.smallest_change,
    )


def unplanned(diagnosis: Diagnosis, facts: RepoFacts) -> Verdict:
    """Return the verdict of a run for which nothing could be planned.

    Where the planner's stop proves nothing, a need of the work is the cause; not a GPU, which this site may have.
    """
    need = unmet_need("none", [need for need in needs_of(facts) if need.kind != "gpu"])
    if need is not None and diagnosis.excludes == "this-plan" and not diagnosis.is_models:
        return stopped_by(need)
    return stopped(diagnosis)


def no_engine(engine: EngineMissing) -> Verdict:
    """Return the verdict of a run that found no container engine."""
    again = f"{engine.hint}; then run it again: the stages that were done are kept"
    return Verdict(status="preflight-failed", reason=engine.reason, smallest_change=again)


def only_planned() -> Verdict:
    """Return the verdict of a dry run."""
    return Verdict(status="planned", reason="dry run: nothing was built or run")


def after_attempts(
    attempts: Sequence[Attempt],
    max_attempts: int,
    facts: RepoFacts = NO_FACTS,
    site: Site = NOTHING,
) -> Verdict:
    """Return the verdict of a run whose attempts are over; there is at least one."""
    every, best = attempts, best_of(attempts)
    attempts = of_candidate(attempts, best)
    judged = _judged(attempts)
    grade = grade_of(best)
    beside = 0 if grade in WORKS else passed_beside(attempts, best)
    # Tests that passed where others failed have done without what another command lacks.
    shown: Grade = "program-starts" if beside else grade
    if grade != "none":
        grade = shown
    stated = stated_needs(attempts, best, site)
    needs = with_stated(needs_of(facts, site), stated)
    runs_own = best.planned.smoke_kind != "dependencies"
    proof = proof_of(attempts, best, facts)
    need = unmet_need(shown, needs, runs_own=runs_own, collected=has_collected(best))
    if need is None and only_draws(best):
        need = of_every_use(needs)
    if need is not None and need.hard and proof is not None and _is_download(proof):
        # With a network the command would go on to what its work needs.
        proof = None
    if proof is not None and proof.diagnosis is not None and shown not in WORKS:
        verdict, judged = stopped(proof.diagnosis), proof
    elif best.succeeded and best.planned.uncovered is not None:
        verdict = stopped(stop_for(best.planned.uncovered, best.planned.covers))
    elif need is not None:
        verdict = stopped_by(need)
    elif found := proven_beside(shown, needs, attempts, best, facts):
        verdict = stopped(found)
    elif best.succeeded and (hollow := failed_import(attempts, best, facts)):
        verdict, judged = _not_importable(hollow), hollow
    elif best.succeeded and not beside and (broken := failed_work(attempts, best, facts)):
        found, judged = stop_in(broken, facts), broken
        verdict = stopped(found) if found else _not_working(broken)
    else:
        verdict = _verdict(attempts, judged, max_attempts, facts)
        if beside:
            verdict = _with_tests(verdict, beside)
    verdict = with_deeper_cause(verdict, attempts, best, needs, facts)
    return _here(verdict, judged, every, facts).changed(
        tried=repairs_tried(every),
        best_attempt=best.number,
        grade=grade,
        covers=best.planned.covers if best.succeeded else "",
        needs=stated,
        blame=judged.blame,
    )


def _with_tests(verdict: Verdict, passed: int) -> Verdict:
    """Return the verdict with the tests that passed where others failed, which need nothing more."""
    some = f"{counted(passed, 'test')} of its own passed where others failed"
    proven = verdict.status == "stopped-by-rule" and verdict.excludes != "every-plan"
    status: Status = "smoke-failed" if proven else verdict.status
    return verdict.changed(status=status, reason=f"{verdict.reason}; {some}")


def _is_download(attempt: Attempt) -> bool:
    """Whether a command ended for want of something that it downloads itself."""
    found = attempt.diagnosis
    return found is not None and found.cause == "missing_data" and found.lacks is None


def _here(
    verdict: Verdict, judged: Attempt, attempts: Sequence[Attempt], facts: RepoFacts
) -> Verdict:
    """Return the verdict as one of this site where it lacks the address of the missing module."""
    out_of_reach = (
        attempt.diagnosis
        for attempt in attempts
        if attempt.diagnosis and attempt.diagnosis.cause == "registry_unreachable"
    )
    lost, module = next(out_of_reach, None), _missing_module(judged)
    if lost is None or not module or verdict.status != "smoke-failed":
        return verdict
    if address_of(addressed(facts), module) is None:
        return verdict
    reason = f"undecided here: {lost.decision.reason}; {verdict.reason}"
    return verdict.changed(cause=lost.cause, reason=reason)


def _missing_module(judged: Attempt) -> str:
    """Return the module that the attempt lacks, by its diagnosis or its first error; empty if none."""
    lack = judged.diagnosis.lacks if judged.diagnosis else None
    if lack is not None:
        return lack.name if lack.kind == "module" else ""
    blame = judged.blame
    return blame.about if blame is not None and blame.cause == "absent_module" else ""


def said(metadata: Metadata) -> str:
    """Return the verdict in one line: its grade and reason, and for a stop the first error beside them."""
    grade = f"{metadata.grade}: " if metadata.grade != "none" else ""
    error = f" First error: {metadata.blame}" if metadata.blame and is_stop(metadata.status) else ""
    return f"{grade}{metadata.reason}{error}"


def is_stop(status: str) -> bool:
    """Whether a run ended by a judgement of its cause, whose reason does not hold the first error."""
    return status in ("stopped-by-rule", "stopped-by-llm")


def _judged(attempts: Sequence[Attempt]) -> Attempt:
    """Return the attempt that the verdict is about: the last one, or the one that its stop speaks of.

    Where the last one fell behind and nothing was proven, it is the best one: its image is handed back. Where that
    one did without the project's own setup, and fails as well, it is the one whose setup failed.
    """
    last, best = attempts[-1], best_of(attempts)
    found = last.diagnosis
    if found and found.decision.new_plan is None:
        return next((each for each in attempts if each.number == found.of_attempt), last)
    fell_behind = best.failure is not None and place_of(best) > place_of(last)
    judged = best if fell_behind else last
    if judged.failure is None:
        return judged
    # A run whose attempts pass needs none of the repairs.
    around = (
        each
        for each in attempts
        if each.number < judged.number and each.diagnosis and each.diagnosis.by == UNBUILT
    )
    return next(around, judged)


def _not_importable(failed: Attempt) -> Verdict:
    """Return the verdict of a run whose package, or all that it imports, does not import."""
    cause = failed.blame.cause if failed.blame else "undiagnosed"
    what = "its own package does not import"
    if failed.planned.smoke_kind == "dependencies":
        what = "what its code imports is not all there"
    reason = f"{what}: {failure_line(failed)}"
    return Verdict(status="smoke-failed", cause=cause, reason=reason)


def _not_working(failed: Attempt) -> Verdict:
    """Return the verdict of a run whose work failed from its code or its environment."""
    cause = failed.blame.cause if failed.blame else "undiagnosed"
    reason = f"its work fails: {failure_line(failed)}"
    return Verdict(status="smoke-failed", cause=cause, reason=reason)


def _verdict(
    attempts: Sequence[Attempt], judged: Attempt, max_attempts: int, facts: RepoFacts
) -> Verdict:
    last, best = attempts[-1], best_of(attempts)
    if isinstance(best.smoke, Passed):
        alive = best.smoke.alive_at_timeout and not best.smoke.listens_on
        how = _how_it_passed(best.smoke)
        to_its_end = "no failure so far; a complete run would show: " if alive else ""
        shows = best.planned.smoke_proves
        proves = f" ({to_its_end}{shows})" if shows else ""
        shown = shortened(best.planned.plan.smoke_command)
        if best.planned.smoke_kind == "compiled":
            # Its command only looks for what the build made, which says it better.
            return Verdict(status="success", reason=shows)
        return Verdict(status="success", reason=f"`{shown}` {how}{proves}")
    if last.diagnosis is None:
        alone = judged.changed(trials=())
        found = next((stop for _, stop in stops_in([alone], facts)), None)
        return Verdict(
            status="smoke-failed",
            cause=_unproven(judged, found),
            reason=failure_line(judged),
            smallest_change=found.smallest_change if found else "",
        )
    if last.diagnosis.decision.new_plan is None:
        return stopped(last.diagnosis)
    cause = _unproven(judged, judged.diagnosis if judged is last else None)
    if builds(attempts) < max_attempts:
        # A repair that leads to a plan that was tried already: that is no proof.
        return Verdict(
            status="smoke-failed",
            cause=cause,
            reason=f"{failure_line(judged)}; the only repair left was tried already: {last.diagnosis.decision.reason}",
        )
    return Verdict(
        status="max-attempts-exhausted",
        cause=cause,
        reason=f"still failing after {counted(len(attempts), 'attempt')}: {failure_line(judged)}",
        smallest_change="Raise --max-attempts; the next repair would be: "
        + last.diagnosis.decision.reason,
    )


def _how_it_passed(passed: Passed) -> str:
    if passed.listens_on:
        return f"started a server, which listens on port {passed.listens_on} and waits"
    return "was still running at the timeout" if passed.alive_at_timeout else "exited with status 0"


def _unproven(failed: Attempt, found: Diagnosis | None) -> Cause:
    """Return the cause of a failure without proof: the special one that was found, else the class."""
    known = found.cause if found else None
    if known is not None and known not in GENERAL:
        return known
    return failed.blame.cause if failed.blame else known or "undiagnosed"
