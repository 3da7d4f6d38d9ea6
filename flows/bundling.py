"""The flow `bundle`: a finished run packed with all that its image is built from."""

from pathlib import Path, PurePath

from prefect import flow
from prefect.client.schemas import State
from prefect.states import Completed, Failed

from flows.names import BAD_REQUEST, bundled_run
from flows.verification import summary_of
from paper2run.errors import UserError
from paper2run.formats.plurals import counted
from paper2run.request import read_settings
from tasks.bundle import Bundled
from tasks.bundle import bundle as pack_bundle
from tasks.folder_record import tampering
from tasks.running.flow_runs import claim_run, naming_trouble
from tasks.running.recording import current_run_id, sweep_run
from tasks.running.run_settings import settings_of_run
from tasks.running.sweep import sweep_runs


@flow(name="bundle", flow_run_name=bundled_run, persist_result=True, result_serializer="json")
def bundle(run: str, target: str) -> State[Bundled]:
    """Pack a finished run into one file from which it is rebuilt with the network off.

    Args:
        run: Run folder, on the machine of the worker. It must have ended with an image that something was shown of.
        target: File that is written, there.
    """
    settings, run_id = read_settings(), current_run_id()
    claim_run(run_id, settings.home)
    sweep_runs(settings.home)
    try:
        with naming_trouble(run_id), settings_of_run(settings):
            folder = Path(run)
            changed = tampering(folder)
            if changed:
                raise UserError(
                    f"{counted(len(changed), 'file')} of {folder.name} changed since the run: {changed[0]}",
                    hint="export a run folder as the run left it, or run the repository again",
                )
            done = pack_bundle(str(folder), target, summary_of(folder, ()), run_id, settings)
    except UserError as error:
        return Failed(name=BAD_REQUEST, message=f"{error.what}; {error.hint}", data=error)
    finally:
        sweep_run(run_id)
    return Completed(message=f"{PurePath(target).name}: {told(done)}", data=done)


def told(done: Bundled) -> str:
    """Return what a bundle is good for, in one line."""
    size = f"{done.size_bytes / 1e6:.0f} MB"
    if done.manifest.rebuilds:
        return f"{size}; it rebuilds with the network off"
    return f"{size}; it does NOT rebuild and has the finished image alone: {done.manifest.reason}"
