"""The parent flow: from a repository's address to a verdict with a run folder."""

from time import monotonic
from typing import Any, cast

from prefect import flow, tags
from prefect.client.schemas import State
from prefect.states import Completed, Failed

from flows.attempt import attempt
from flows.engine_for import engine_for
from flows.handed_over import inventoried
from flows.judged import judged
from flows.names import BAD_REQUEST, reproduction
from flows.next_plan import experimented, gathered, other_candidate, pinned, repaired
from flows.options import form_of
from paper2run.errors import ModelError, UserError
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.environment import Asked, EngineMissing, PlannedEnvironment
from paper2run.model.facts import RepoFacts
from paper2run.model.repo import Checkout, Paper
from paper2run.model.report import Attempt, Metadata, Verdict
from paper2run.papers.paper_address import paper_address
from paper2run.papers.paper_links import repository_of
from paper2run.planning.given_gpus import with_gpus
from paper2run.request import Request, settings_for
from paper2run.settings import Settings
from paper2run.verdicts.needs import site_of
from paper2run.verdicts.overview import overview
from paper2run.verdicts.progress import best_of, told
from paper2run.verdicts.state_names import state_name
from paper2run.verdicts.verdicts import after_attempts, no_engine, only_planned, said, unplanned
from tasks.attempt_folder import built_on, keep_context, snapshot_of
from tasks.build import build
from tasks.clone import Located, clone, has_mirror, lay_out, locate, without_login
from tasks.conda import channels, conda
from tasks.drivers.host.room import low_disk
from tasks.extract import extract
from tasks.folder_record import keep_record
from tasks.paper import read_paper, with_paper_file
from tasks.plan import plan
from tasks.preflight import images_on_offer
from tasks.push import pull
from tasks.render import render
from tasks.report import report
from tasks.running.artifacts import publish_plan, publish_report
from tasks.running.caching import beating_once, refreshing
from tasks.running.flow_runs import (
    claim_run,
    label_run,
    name_run,
    naming_trouble,
    tags_of,
    tell_verdict,
)
from tasks.running.keep_space import hold_after
from tasks.running.patience import await_server
from tasks.running.progress_log import leave_out_repeats
from tasks.running.recording import current_run_id, recording
from tasks.running.records import RunFolder, names_in, read_facts_of
from tasks.running.run_settings import settings_of_run
from tasks.running.sharing import open_store, sharing
from tasks.running.stages import Stages
from tasks.running.sweep import sweep_runs


# The verdict is read from the result by a batch, which runs in another process, perhaps on another machine.
@flow(
    name="reproduce",
    flow_run_name=reproduction,
    persist_result=True,
    result_serializer="json",
)
@form_of(Request)
def reproduce(**given: Any) -> State[tuple[Metadata, str]]:
    """Reproduce one repository. The final state's name is the verdict.

    A run whose repository fails is Completed; a request that cannot be served is Failed, as `Bad request`.
    """
    request = Request(**given)
    settings, run_id = settings_for(request), current_run_id()
    leave_out_repeats()
    claim_run(run_id, settings.home)
    sweep_runs(settings.home)
    try:
        with naming_trouble(run_id), settings_of_run(settings):
            return _verdict(request, settings, run_id)
    except UserError as error:
        return Failed(name=BAD_REQUEST, message=f"{error.what}; {error.hint}", data=error)


def _verdict(asked: Request, settings: Settings, run_id: str) -> State[tuple[Metadata, str]]:
    request, located = _located(asked, settings)
    store = open_store(settings)
    run = RunFolder.create(settings.out, located.name)
    stages = Stages(run)
    with (
        sharing(run, store),
        recording(run, request, located.name, run_id, settings) as opened,
        refreshing(request.no_cache),
    ):
        label_run(run_id, folder=str(run.path))
        name_run(run_id, located.name, located.commit)
        run.event(f"run folder: {run.path}")
        for words in filter(None, map(low_disk, (settings.out, settings.home))):
            run.note(words)
        if request.paper != asked.paper:
            run.event(f"paper: fetched from {paper_address(asked.paper)}")
        if not asked.repo:
            run.note(f"the repository is the one that the paper names: {request.repo}")
        checkout, paper_read, facts = _read(run, request, located, settings)
        planned = _planned(run, checkout, facts, paper_read, _asked(checkout, request), settings)
        verdict, environment, attempts, engine = (
            (unplanned(planned, facts), None, (), "")
            if isinstance(planned, Diagnosis)
            else _tried(run, checkout, planned, request, settings, run_id)
        )
        metadata, text = stages.run(
            report,
            str(run.path),
            opened,
            verdict,
            checkout,
            facts,
            environment,
            attempts,
            engine,
            settings,
            remove_images=request.remove_images,
        )
        if any(done.stage in (build.name, pull.name) and not done.cached for done in run.timings()):
            # A kept run puts nothing on the engine's disk, and asking what lies there takes the engine seconds.
            hold_after(metadata.image, settings)
        publish_report(checkout.name, metadata, text, attempts, str(run.path))
        grade = metadata.grade if metadata.grade != "none" else ""
        run.event(f"verdict: {metadata.status}{f' ({grade})' if grade else ''}")
        tell_verdict(run_id, metadata, str(run.path))
        # Last of all: it covers the log and the records of every stage.
        keep_record(run)
    return Completed(
        name=state_name(metadata), message=said(metadata), data=(metadata, str(run.path))
    )


def _located(request: Request, settings: Settings) -> tuple[Request, Located]:
    """Return the request with the repository's address, and the commit meant.

    The address is the paper's if the request names none.
    """
    request = with_paper_file(without_login(request, settings), settings)
    if not request.repo and request.paper:
        request = request.changed(repo=repository_of(read_paper(request.paper, "")))
    located = locate(request.repo, request.ref, settings)
    if request.paper:
        # A paper that cannot be read is a bad request: known before anything is kept.
        read_paper(request.paper, "", located.commit)
    return request, located


def _read(
    run: RunFolder, request: Request, located: Located, settings: Settings
) -> tuple[Checkout, Paper, RepoFacts]:
    """Return what is known before planning; all of it is saved in the run folder."""
    stages = Stages(run)
    checkout = stages.fresh(has_mirror, clone, request.repo, located, settings)
    root = lay_out(checkout, str(run.path / "repo"), request.repo, located, settings)
    paper = stages.run(read_paper, request.paper, root, checkout.commit)
    run.write("paper.json", paper)
    facts = stages.run(extract, checkout, root)
    run.write("repo.json", overview(checkout, facts, names_in(root)))
    run.write("repo_facts.json", facts)
    return checkout, paper, facts


def _planned(
    run: RunFolder,
    checkout: Checkout,
    facts: RepoFacts,
    paper: Paper,
    asked: Asked,
    settings: Settings,
) -> PlannedEnvironment | Diagnosis:
    """Return the plan or the stop; if the model fails, the run continues with the rules' answer."""
    root, folder, stages = str(run.path / "repo"), str(run.path), Stages(run)
    try:
        images = images_on_offer(run, settings)
        return stages.run(plan, checkout, root, facts, paper, asked, folder, images, settings)
    except ModelError as error:
        run.note(
            f"no help from the model, so the rules plan: {error.what}; {error.hint}", stage="plan"
        )
    alone = settings.changed(planner="rules")
    return stages.run(plan, checkout, root, facts, paper, asked, folder, (), alone)


def _tried(
    run: RunFolder,
    checkout: Checkout,
    planned: PlannedEnvironment,
    request: Request,
    settings: Settings,
    run_id: str,
) -> tuple[Verdict, PlannedEnvironment, tuple[Attempt, ...], str]:
    """Return the verdict on the plan, the pinned plan, the attempts and the engine.

    A dry run builds nothing.
    """
    stages = Stages(run)
    ready, planned = engine_for(run, planned, settings)
    has_gpu = not isinstance(ready, EngineMissing) and ready.has_gpu
    planned = with_gpus(planned, read_facts_of(run), has_gpu=has_gpu)
    offered = () if isinstance(ready, EngineMissing) else ready.offered_pythons
    if planned.conda is not None:
        why_not = stages.run(channels, planned, ready, settings)
        planned = stages.run(conda, planned, why_not, settings)
    environment = pinned(run, 0, planned, offered, settings)
    if isinstance(ready, EngineMissing) or request.dry_run:
        run.event(f"plan: {environment.plan.base_image}")
        run.decisions(environment, ())
        snapshot = snapshot_of(run, settings)
        keep_context(run, stages.run(render, checkout, environment, "", snapshot))
        publish_plan(checkout.name, environment)
        if isinstance(ready, EngineMissing) and not request.dry_run:
            label_run(run_id, trouble="engine")
        verdict = no_engine(ready) if isinstance(ready, EngineMissing) else only_planned()
        return verdict, environment, (), ""
    attempts = _attempts(run, checkout, environment, request, settings, offered, run_id)
    site = site_of(environment, settings)
    verdict = after_attempts(attempts, settings.max_attempts, read_facts_of(run), site)
    verdict = experimented(run, checkout, verdict, attempts, settings, run_id)
    if request.target == "claims":
        # Readers of examples, tables and notebooks, which only this target needs: a tenth of our imports.
        from flows.claimed import claimed

        verdict = claimed(run, checkout, verdict, attempts, settings, run_id)
    verdict = judged(run, checkout, verdict, attempts, site, settings)
    inventoried(run, verdict, attempts, settings, run_id)
    return verdict, environment, attempts, ready.engine


def _attempts(
    run: RunFolder,
    checkout: Checkout,
    planned: PlannedEnvironment,
    request: Request,
    settings: Settings,
    offered: tuple[str, ...],
    run_id: str,
) -> tuple[Attempt, ...]:
    """Return the history: up to the first success, a stop that holds for every candidate, or the limits."""
    history: tuple[Attempt, ...] = ()
    ends_at = monotonic() + settings.time_limit
    wanted: PlannedEnvironment | None = planned
    while wanted is not None:
        number = len(history) + 1
        run.event(f"attempt {number}: {wanted.plan.base_image}")
        run.decisions(wanted, history)
        await_server()
        with beating_once(), tags(*tags_of(checkout.name)):
            state = attempt(
                number, checkout, wanted, request.target, str(run.path), run_id, return_state=True
            )
        done = cast("Attempt | BaseException", state.result(raise_on_failure=False))
        if isinstance(done, BaseException):
            raise done
        if history:
            run.event(told(history[-1], done))
        history, wanted = (*history, done), None
        if not done.succeeded:
            history, wanted = repaired(run, checkout, history, settings, offered)
        if wanted is None:
            history, wanted = gathered(run, checkout, history, settings, offered, run_id)
        if wanted is None:
            wanted = other_candidate(run, history, settings, offered)
        if wanted is not None and monotonic() > ends_at:
            run.note(
                f"no further attempt after {settings.time_limit} seconds; hint: a larger --time-limit"
            )
            wanted = None
    best = best_of(history)
    if best.number != len(history):
        run.event(
            f"attempt {best.number} came furthest: its plan and Dockerfile are kept at the top"
        )
        digest = built_on(run, best.number)
        snapshot = snapshot_of(run, settings)
        keep_context(run, Stages(run).run(render, checkout, best.planned, digest, snapshot))
    return history


def _asked(checkout: Checkout, request: Request) -> Asked:
    day = checkout.committed_at.date() if checkout.committed_at else None
    return Asked(
        name=checkout.name,
        commit=checkout.commit,
        commit_day=day,
        smoke=request.smoke,
        notebooks=request.target == "claims",
    )
