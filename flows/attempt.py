"""One attempt: render, build, smoke, verify, and what to do about a failure."""

import logging

from prefect import flow
from prefect.client.schemas import State
from prefect.states import Completed, Failed

from flows.names import attempt_number
from paper2run.errors import ModelError
from paper2run.model.environment import PlannedEnvironment
from paper2run.model.facts import RepoFacts
from paper2run.model.outcome import (
    BuildContext,
    BuildFailed,
    Built,
    Passed,
    Rung,
    SmokeFailed,
    Verification,
)
from paper2run.model.repo import Checkout
from paper2run.model.report import Attempt
from paper2run.settings import Settings
from paper2run.verdicts.failure_words import failure_line
from paper2run.verdicts.judgement import blamed
from tasks.attempt_folder import keep_attempt, keep_context, snapshot_of
from tasks.build import build, has_image
from tasks.diagnose import diagnose
from tasks.look_up import look_up
from tasks.preflight import base_digest, images_on_offer
from tasks.push import pull, push
from tasks.render import render
from tasks.running.artifacts import publish_dockerfile, publish_failure, publish_plan
from tasks.running.keep_space import using_image
from tasks.running.records import RunFolder, read_attempts_of, read_facts_of
from tasks.running.run_settings import current_settings
from tasks.running.stages import Stages
from tasks.smoke import smoke
from tasks.verify import verify


@flow(name="attempt", flow_run_name=attempt_number, persist_result=False)
def attempt(
    number: int,
    checkout: Checkout,
    planned: PlannedEnvironment,
    target: Rung,
    folder: str,
    run_id: str,
) -> State[Attempt]:
    """Return the attempt: a completed run if the smoke command passed, a failed one (a red bar) if not."""
    run, settings = RunFolder.at(folder), current_settings()
    facts = read_facts_of(run)
    publish_plan(checkout.name, planned, number)
    digest = base_digest(planned.plan.base_image, settings)
    snapshot = snapshot_of(run, settings)
    context = Stages(run, number).run(render, checkout, planned, digest, snapshot)
    keep_context(run, context, number)
    publish_dockerfile(checkout.name, context, number)

    with using_image(context.image, settings):
        built, smoked, verification = _build_and_run(
            run, number, checkout, context, facts, target, run_id, settings
        )
    done = Attempt(
        number=number, planned=planned, built=built, smoke=smoked, verification=verification
    )
    if not done.succeeded:
        done = diagnosed(run, checkout, done, facts, settings)
    keep_attempt(run, done)
    publish_failure(checkout.name, done)
    if done.succeeded:
        return Completed(name="Reproduced", message=f"reached {verification.reached}", data=done)
    name = "Build failed" if isinstance(built, BuildFailed) else "Smoke failed"
    run.event(failure_line(done), level=logging.ERROR)
    return Failed(name=name, message=failure_line(done), data=done)


def _build_and_run(
    run: RunFolder,
    number: int,
    checkout: Checkout,
    context: BuildContext,
    facts: RepoFacts,
    target: Rung,
    run_id: str,
    settings: Settings,
) -> tuple[Built | BuildFailed, Passed | SmokeFailed | None, Verification]:
    """Return how far the attempt came; after a failed build nothing was run."""
    logs, source = str(run.attempt_folder(number)), str(run.path / "repo")
    stages = Stages(run, number)

    def is_here(kept: Built | BuildFailed) -> bool:
        return has_image(kept) or (
            isinstance(kept, Built) and bool(settings.registry) and stages.run(pull, kept, settings)
        )

    built = stages.fresh(is_here, build, checkout, context, source, logs, run_id, settings)
    if isinstance(built, BuildFailed):
        return built, None, Verification()
    if settings.registry:
        stages.run(push, built, settings)
    planned = context.planned
    smoked = stages.run(smoke, checkout, planned, built, logs, run_id, settings)
    # After a failed run too: this finds all missing modules at once.
    verification = stages.run(
        verify,
        checkout,
        planned,
        built,
        smoked,
        facts,
        target,
        logs,
        run_id,
        settings,
    )
    return built, smoked, verification


def diagnosed(
    run: RunFolder,
    checkout: Checkout,
    done: Attempt,
    facts: RepoFacts,
    settings: Settings,
    refused: tuple[Attempt, ...] = (),
) -> Attempt:
    """Return the attempt with its diagnosis; `refused` is the attempt with answers that led nowhere.

    A model that fails never loses a run, which goes on as it would without one.
    """
    number, folder, stages = done.number, str(run.path), Stages(run, done.number)
    tried = tuple(old for old in read_attempts_of(run) if old.number < number)
    looked_up = stages.run(look_up, done, folder, settings)
    done = done.changed(
        system_files=looked_up.files,
        releases=looked_up.releases,
        diagnosis=None,
        blame=blamed(done, facts),
    )
    tried, images = (*tried, *refused), images_on_offer(run, settings)
    try:
        found = stages.run(diagnose, checkout, done, facts, tried, folder, images, settings)
    except ModelError as error:
        run.note(
            f"no help from the model: {error.what}; {error.hint}", stage="diagnose", attempt=number
        )
        alone = settings.changed(planner="rules")
        found = stages.run(diagnose, checkout, done, facts, tried, folder, (), alone)
    if found is not None:
        run.event(f"{found.by}: {found.decision.decision}: {found.decision.reason}")
    return done.changed(diagnosis=found)
