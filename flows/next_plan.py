"""What follows an attempt: the plan of a repair, or a command that shows more in the same image."""

from typing import Final

from flows.attempt import diagnosed
from paper2run.model.environment import PlannedEnvironment
from paper2run.model.outcome import Built
from paper2run.model.repo import Checkout
from paper2run.model.report import Attempt, Verdict
from paper2run.planning.candidates import WAYS, next_candidate
from paper2run.rendering.cpu_builds import wanted_of
from paper2run.settings import Settings
from paper2run.smoke.gathering import strongest, to_try, worth_repairing
from paper2run.smoke.grading import grade_of
from paper2run.verdicts.experiments import in_words
from paper2run.verdicts.going_on import next_plan, was_tried, ways_left, why_left
from paper2run.verdicts.judgement import planned_of
from paper2run.verdicts.needs import site_of
from paper2run.verdicts.progress import best_of, of_candidate, repairs_beside
from paper2run.verdicts.trials import (
    as_attempt,
    untried,
    with_command,
    with_first_command,
    without_its_tests,
)
from paper2run.verdicts.verdicts import after_attempts
from tasks.attempt_folder import keep_attempt
from tasks.build import has_image
from tasks.cpu_builds import cpu_builds
from tasks.debian_packages import debian_packages
from tasks.experiment import experiment
from tasks.gather import gather
from tasks.resolve import resolve
from tasks.running.keep_space import using_image
from tasks.running.records import RunFolder, read_facts_of
from tasks.running.stages import Stages

MAX_REFUSED: Final = 5
"""Limit of answers to one failure that repeat a tried plan; rules run out sooner, a model may not."""


def pinned(
    run: RunFolder,
    number: int,
    planned: PlannedEnvironment,
    offered: tuple[str, ...],
    settings: Settings,
) -> PlannedEnvironment:
    """Return the plan with exact versions, with CPU builds of torch unless a GPU is required or given."""
    stages = Stages(run, number)
    pinned = stages.run(resolve, planned, offered, settings)
    if pinned.named_packages:
        pinned = stages.run(debian_packages, pinned, run.path.name, settings)
    return stages.run(cpu_builds, pinned, settings) if wanted_of(pinned) else pinned


def repaired(
    run: RunFolder,
    checkout: Checkout,
    history: tuple[Attempt, ...],
    settings: Settings,
    offered: tuple[str, ...],
) -> tuple[tuple[Attempt, ...], PlannedEnvironment | None]:
    """Return the history and the next plan, pinned; None if no answer leads to a new plan.

    An answer whose pinned plan has already failed is rejected, and the next one is asked for.
    """
    facts = read_facts_of(run)
    refused: tuple[Attempt, ...] = ()
    while (wanted := next_plan(history, settings.max_attempts)) is not None and len(
        refused
    ) < MAX_REFUSED:
        last = history[-1]
        planned = pinned(run, last.number, wanted, offered, settings)
        if not was_tried(planned, history):
            return history, planned
        run.event("this repair leads to a plan that already failed; asking for another one")
        refused = (*refused, last)
        other = diagnosed(run, checkout, last, facts, settings, refused)
        if other.diagnosis is None:
            break
        keep_attempt(run, other)
        history = (*history[:-1], other)
    return history, None


def gathered(
    run: RunFolder,
    checkout: Checkout,
    history: tuple[Attempt, ...],
    settings: Settings,
    offered: tuple[str, ...],
    run_id: str,
) -> tuple[tuple[Attempt, ...], PlannedEnvironment | None]:
    """Return the history with the other commands' results in the best image, and the next plan.

    That is a repair of what they failed from, else the strongest command that passed. None if they show no more than
    the attempt did.
    """
    best = best_of(history)
    if repairs_beside(history[-1], best):
        best = history[-1]
    reached = grade_of(best)
    if not isinstance(best.built, Built):
        return history, None
    if not best.trials and to_try(best.planned, reached) and has_image(best.built):
        logs = str(run.attempt_folder(best.number))
        with using_image(best.built.image, settings):
            trials = Stages(run, best.number).run(
                gather, checkout, best.planned, best.built, reached, logs, run_id, settings
            )
        best = best.changed(trials=trials)
        keep_attempt(run, best)
        history = _with(history, best)
        history, wanted = _of_trials(run, checkout, history, best, settings, offered)
        if wanted is not None:
            return history, wanted
    trial = strongest(untried(best, history), reached)
    if trial is not None:
        return history, with_command(best.planned, trial.choice)
    tried = without_its_tests(best) if best.succeeded else None
    if tried is None:
        return history, None
    return _repaired_beside(
        run, checkout, history, best, tried, settings, offered, keeps_command=True
    )


def _of_trials(
    run: RunFolder,
    checkout: Checkout,
    history: tuple[Attempt, ...],
    best: Attempt,
    settings: Settings,
    offered: tuple[str, ...],
) -> tuple[tuple[Attempt, ...], PlannedEnvironment | None]:
    """Return the plan that repairs what another command failed from.

    The strongest command comes first again; where a weaker one has passed already, the other one comes first.
    """
    for trial in worth_repairing(best.trials, beside_success=best.succeeded):
        tried = as_attempt(best, trial)
        history, planned = _repaired_beside(
            run, checkout, history, best, tried, settings, offered, keeps_command=not best.succeeded
        )
        if planned is not None:
            return history, planned
    return history, None


def _repaired_beside(
    run: RunFolder,
    checkout: Checkout,
    history: tuple[Attempt, ...],
    best: Attempt,
    tried: Attempt,
    settings: Settings,
    offered: tuple[str, ...],
    *,
    keeps_command: bool,
) -> tuple[tuple[Attempt, ...], PlannedEnvironment | None]:
    """Return the plan that repairs what `tried`, another command in the best image, failed from.

    The rules judge alone: the model was asked about the attempt itself.
    """
    rules_alone = settings.changed(planner="rules")
    later = tuple(old for old in history if old.number >= best.number)
    found = diagnosed(run, checkout, tried, read_facts_of(run), rules_alone, later)
    wanted = next_plan((*history, found), settings.max_attempts)
    if wanted is not None and keeps_command:
        wanted = with_first_command(wanted, best.planned, tried.planned.plan.smoke_command)
    planned = pinned(run, best.number, wanted, offered, settings) if wanted else None
    if planned is None or was_tried(planned, history):
        return history, None
    best = best.changed(diagnosis=found.diagnosis)
    keep_attempt(run, best)
    return _with(history, best), planned


def experimented(
    run: RunFolder,
    checkout: Checkout,
    verdict: Verdict,
    attempts: tuple[Attempt, ...],
    settings: Settings,
    run_id: str,
) -> Verdict:
    """Return the verdict with the smallest change of its stop tried, where that can be tried."""
    planned = planned_of(verdict, attempts, read_facts_of(run))
    built = planned.attempt.built if planned else None
    if planned is None or not isinstance(built, Built) or not has_image(built):
        return verdict
    logs = str(run.attempt_folder(planned.attempt.number))
    with using_image(built.image, settings):
        tried = Stages(run).run(experiment, checkout, planned, built, logs, run_id, settings)
    run.event(in_words(tried))
    return verdict.changed(experiment=tried)


def other_candidate(
    run: RunFolder,
    history: tuple[Attempt, ...],
    settings: Settings,
    offered: tuple[str, ...],
) -> PlannedEnvironment | None:
    """Return the next way to an environment, pinned; None where none is left or none could do better."""
    facts, first = read_facts_of(run), history[0]
    tried = list(dict.fromkeys(attempt.planned.candidate for attempt in history))
    site = site_of(first.planned, settings)
    verdict = after_attempts(history, settings.max_attempts, facts, site)
    excluded = frozenset(WAYS) - ways_left(history, verdict, facts)
    learned = best_of(of_candidate(history, first)).planned
    while len(tried) < settings.max_candidates:
        found = next_candidate(learned, {*tried, *excluded}, facts, offered, why_left(history))
        if found is None:
            return None
        planned = pinned(run, history[-1].number, found, offered, settings)
        if not was_tried(planned, history):
            run.event(f"candidate {len(tried) + 1}: {WAYS[found.candidate]}")
            return planned
        tried.append(found.candidate)
    return None


def _with(history: tuple[Attempt, ...], changed: Attempt) -> tuple[Attempt, ...]:
    return tuple(changed if old.number == changed.number else old for old in history)
