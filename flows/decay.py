"""The flow `decay`: do runs that were handed over still rebuild, and what has changed?"""

from pathlib import Path
from typing import cast

from prefect import flow
from prefect.client.schemas import State
from prefect.states import Completed, Failed

from flows.names import BAD_REQUEST
from flows.verification import verify
from paper2run.errors import UserError
from paper2run.model.rebuild import Rebuild
from paper2run.proofs.history import Checked, in_words
from paper2run.request import read_settings
from tasks.console.run_list import outcomes_before, to_check
from tasks.running.artifacts import publish_history
from tasks.running.caching import beating_once


@flow(name="decay", flow_run_name="decay watch", persist_result=True, result_serializer="json")
def decay(runs: str = "") -> State[tuple[Checked, ...]]:
    """Rebuild the newest run of each repository that handed an image over, one after the other.

    A run that this machine cannot check, for want of an engine or a network, is told as that and ends nothing.

    Args:
        runs: Folder of runs, on the machine of the worker. Empty: the one of the settings.
    """
    folder = Path(runs) if runs else read_settings().out
    found = to_check(folder)
    if not found:
        error = UserError(
            f"{folder} has no run that handed an image over",
            hint="name a folder of runs: `paper2run list` shows what is in one",
        )
        return Failed(name=BAD_REQUEST, message=f"{error.what}; {error.hint}", data=error)
    rows = tuple(_checked(run, name, folder) for name, run in found)
    publish_history(rows)
    return Completed(message=in_words(rows), data=rows)


def _checked(run: Path, name: str, folder: Path) -> Checked:
    before = outcomes_before(folder, name)
    with beating_once():
        state = verify(str(run), return_state=True)
    done = cast("tuple[Rebuild, str] | BaseException", state.result(raise_on_failure=False))
    if isinstance(done, BaseException):
        return Checked(repository=name, run=run.name, outcomes=before, trouble=str(done)[:300])
    found, _ = done
    return Checked(
        repository=name,
        run=run.name,
        outcomes=(*before, found.outcome),
        reason=found.reason,
    )
