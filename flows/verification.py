"""The flow `verify`: does a finished run folder still rebuild to what was handed over?"""

from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

from prefect import flow
from prefect.client.schemas import State
from prefect.states import Completed, Failed

from flows.names import BAD_REQUEST, verified_run
from paper2run.errors import HostError, UserError
from paper2run.model.claims import ClaimLedger
from paper2run.model.outcome import BuildFailed, Built, Passed, Rung
from paper2run.model.rebuild import Drift, Rebuild
from paper2run.model.repo import Checkout, Overview
from paper2run.model.report import Attempt, Metadata
from paper2run.proofs.engine_change import is_other
from paper2run.proofs.failed_rebuild import drift_of, drift_of_refusal
from paper2run.proofs.rebuild_verdict import behaviour, lost_claims, reason_of
from paper2run.request import read_settings
from paper2run.settings import Settings
from tasks.claims import claims
from tasks.console.run_list import metadata_of
from tasks.drivers.engine.engine_connection import connect, using_engine
from tasks.folder_record import tampering
from tasks.offline import need_rebuilding
from tasks.rebuild import compare, rebuild
from tasks.running.flow_runs import claim_run, label_run, naming_trouble, tell_rebuild
from tasks.running.keep_space import using_image
from tasks.running.recording import current_run_id, sweep_run, versions
from tasks.running.records import (
    RunFolder,
    read_attempts_of,
    read_claims_of,
    read_facts_of,
    read_paper_of,
)
from tasks.running.run_settings import settings_of_run
from tasks.running.stages import Stages
from tasks.running.sweep import sweep_runs
from tasks.signed_statement import check_pair, handed_over, trouble_with
from tasks.smoke import smoke
from tasks.verify import verify as climb


@flow(
    name="verify",
    flow_run_name=verified_run,
    persist_result=True,
    result_serializer="json",
)
def verify(
    run: str, statement: str = "", public_key: str = "", bundle: str = "", engine: str = ""
) -> State[tuple[Rebuild, str]]:
    """Rebuild a finished run from its folder alone and compare; the final state's name is the outcome.

    Args:
        run: Run folder, on the machine of the worker. It must have ended with an image that something was shown of.
        statement: File with a signed statement on the run, held against the folder first. Empty: none.
        public_key: File with the public key of who signed it (PEM), given with a statement. Empty: none.
        bundle: File that `paper2run export --bundle` wrote of the run: it is built from that alone. Empty: none.
        engine: Address of the engine that builds and runs, or a Docker context. Empty: the usual one.
    """
    settings, run_id = read_settings(), current_run_id()
    claim_run(run_id, settings.home)
    sweep_runs(settings.home)
    try:
        with naming_trouble(run_id), settings_of_run(settings), using_engine(engine):
            check_pair(statement, public_key)
            if bundle:
                need_rebuilding(Path(bundle), Path(run))
            signed = (statement, public_key)
            done, folder = _checked(Path(run), settings, run_id, signed, bundle, engine)
    except UserError as error:
        return Failed(name=BAD_REQUEST, message=f"{error.what}; {error.hint}", data=error)
    return Completed(name=done.outcome.capitalize(), message=done.reason, data=(done, folder))


def _checked(
    folder: Path, settings: Settings, run_id: str, signed: tuple[str, str], bundle: str, host: str
) -> tuple[Rebuild, str]:
    """Return the outcome and the folder of its records; UserError for a run that handed nothing over."""
    statement, public_key = signed
    changed = tampering(folder)[:100]
    metadata = summary_of(folder, changed)
    trouble: tuple[str, ...] = ()
    # Records that were changed may be none any more.
    if statement and not changed:
        trouble = _trouble(folder, metadata, Path(statement), Path(public_key))
    started, started_at = monotonic(), datetime.now(UTC)
    check = RunFolder.create(folder / "verify", metadata.name or "run")
    label_run(run_id, folder=str(check.path))
    engine = connect()
    try:
        found = Rebuild(
            outcome="tampered",
            reason="",
            tampered=changed,
            statement=trouble,
            notes=_notes(bool(statement) and not changed, bundle, host),
            engine_before=metadata.versions.engine,
            grade_before=metadata.grade,
            started_at=started_at,
            engine=engine.described,
        )
        if not found.tampered and not found.statement:
            as_then = _as_then(settings, metadata)
            found = _rebuilt(RunFolder(folder), check, metadata, found, as_then, run_id, bundle)
        found = found.changed(seconds=round(monotonic() - started, 3))
        found = found.changed(reason=reason_of(found))
        check.write("verify.json", found)
        check.event(f"{found.outcome}: {found.reason}")
        tell_rebuild(run_id, metadata, found, str(check.path))
    finally:
        sweep_run(run_id)
    return found, str(check.path)


def _notes(is_signed: bool, bundle: str, host: str) -> tuple[str, ...]:
    signed = ("a signed statement was checked",) if is_signed else ()
    offline = (f"built from {Path(bundle).name} alone, with the network off",) if bundle else ()
    elsewhere = (f"built and run on the engine {host}",) if host else ()
    return (*signed, *offline, *elsewhere)


def told_of_engines(found: Rebuild, *, is_other: bool) -> tuple[str, ...]:
    """Return that the rebuild was made with another engine, if it was."""
    if not is_other:
        return ()
    return (f"the run was made with {found.engine_before}, the rebuild with {found.engine}",)


def summary_of(folder: Path, changed: tuple[str, ...]) -> Metadata:
    """Return the run's summary; an empty one where the folder was changed and has none that can be read.

    UserError for a run that handed nothing over.
    """
    try:
        metadata = metadata_of(folder)
    except UserError:
        if not changed:
            raise
        return Metadata(
            status="exception",
            repo="",
            started_at=datetime.now(UTC),
            versions=versions(),
        )
    if not changed and (metadata.grade == "none" or not metadata.best_attempt):
        raise UserError(
            f"{folder.name} handed no working image over ({metadata.status})",
            hint="name a run with a grade: `paper2run list`",
        )
    return metadata


def _as_then(settings: Settings, metadata: Metadata) -> Settings:
    """Return the settings with the limits of the run, under which its commands passed.

    Not its network: a folder that comes from elsewhere shall not open this machine's.
    """
    limits = metadata.limits
    if limits is None:
        return settings
    return settings.changed(
        timeout=max(limits.timeout_s, settings.timeout),
        claims_timeout=max(limits.claims_timeout_s, settings.claims_timeout),
        memory_mb=max(limits.memory_mb, settings.memory_mb),
    )


def _trouble(
    folder: Path, metadata: Metadata, statement: Path, public_key: Path
) -> tuple[str, ...]:
    """Return why a signed statement does not speak for the folder; empty if it does."""
    attempts = read_attempts_of(RunFolder(folder))
    best = next((one for one in attempts if one.number == metadata.best_attempt), None)
    found = handed_over(folder, _checkout(folder), metadata, best)
    return trouble_with(statement, public_key, found)[:100]


def _checkout(folder: Path) -> Checkout:
    return Overview.model_validate_json((folder / "repo.json").read_text("utf-8")).checkout


def _rebuilt(
    run: RunFolder,
    check: RunFolder,
    metadata: Metadata,
    found: Rebuild,
    settings: Settings,
    run_id: str,
    bundle: str,
) -> Rebuild:
    """Return what the rebuild shows; its image is removed afterwards."""
    attempts = read_attempts_of(run)
    best = attempts[metadata.best_attempt - 1]
    image, logs = f"{metadata.image}-verify-{run_id[:8]}", str(check.attempt_folder(1))
    engines = (found.engine_before, found.engine)
    try:
        with using_image(image, settings):
            try:
                built = Stages(check).run(
                    rebuild, str(run.path), image, logs, run_id, settings, bundle
                )
            except HostError as error:
                if lack := drift_of_refusal(error.says, *engines):
                    return found.changed(outcome="broken", drifts=(lack,))
                raise
            found = found.changed(
                build_seconds=built.seconds,
                build_seconds_before=best.built.seconds,
            )
            if isinstance(built, BuildFailed):
                return found.changed(outcome="broken", drifts=(drift_of(built, *engines),))
            return _compared(run, check, best, built, found, settings, run_id)
    finally:
        connect().remove_image(image)


def _compared(
    run: RunFolder,
    check: RunFolder,
    best: Attempt,
    built: Built,
    found: Rebuild,
    settings: Settings,
    run_id: str,
) -> Rebuild:
    stages, logs, facts = Stages(check), str(check.attempt_folder(1)), read_facts_of(run)
    checkout = _checkout(run.path)
    other = is_other(found.engine_before, found.engine)
    compared = stages.run(compare, str(run.path), best, built, run_id, settings, other)
    smoked = stages.run(smoke, checkout, best.planned, built, logs, run_id, settings)
    rungs = {rung.rung for rung in best.verification.rungs}
    target: Rung = "tests" if "tests" in rungs else "smoke"
    verification = stages.run(
        climb, checkout, best.planned, built, smoked, facts, target, logs, run_id, settings
    )
    again = Attempt(
        number=1, planned=best.planned, built=built, smoke=smoked, verification=verification
    )
    grade, lost = behaviour(best, again, found.grade_before)
    before, after = read_claims_of(run), None
    if before is not None and isinstance(smoked, Passed):
        after = _claims(run, best, built, settings, run_id, logs, stages)
        lost = (*lost, *lost_claims(before, after))
    drifts: tuple[Drift, ...] = (*lost, *compared.drifts)
    is_broken = best.succeeded and not again.succeeded
    return found.changed(
        outcome="broken" if is_broken else "drifted" if drifts else "verified",
        drifts=drifts,
        explained=compared.explained,
        grade_after=grade,
        claims_before=before.counts if before else None,
        claims_after=after.counts if after else None,
        files=compared.files,
        files_same=compared.files_same,
        notes=(*found.notes, *told_of_engines(found, is_other=other), *compared.notes),
        image_id=built.image_id,
    )


def _claims(
    run: RunFolder,
    best: Attempt,
    built: Built,
    settings: Settings,
    run_id: str,
    logs: str,
    stages: Stages,
) -> ClaimLedger:
    checkout = _checkout(run.path)
    facts, root = read_facts_of(run), str(run.path / "repo")
    paper = read_paper_of(run)
    if Path(paper.path).is_absolute():
        # A file of the machine that made the run; its text came along, its tables did not.
        paper = paper.changed(path=Path(paper.path).stem)
    return stages.run(
        claims, checkout, best.planned, built, facts, paper, root, logs, run_id, settings
    ).ledger
