"""Shares a run's results and folder with workers on other machines, on the store of PAPER2RUN_STORAGE.

Locks stay per host (tasks/running/caching.py), so two hosts may compute one stage at the same time.
That costs only time: a result is one object, written atomically, and both results are right.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from prefect.context import FlowRunContext
from prefect.logging import get_run_logger
from prefect.runtime import flow_run

from paper2run.settings import Settings
from tasks.drivers.host.object_store import ObjectStore
from tasks.running.kept_records import records_at
from tasks.running.records import RunFolder

RESULTS: Final = "results"
"""Folder of kept results on the store."""


def open_store(settings: Settings) -> ObjectStore | None:
    """Return the settings' store after checking that it answers; None if no store is set.

    HostError if it does not answer.
    """
    if not settings.storage:
        return None
    store = ObjectStore(settings.storage)
    store.check()
    return store


@contextmanager
def sharing(run: RunFolder, store: ObjectStore | None) -> Iterator[None]:
    """Keep the results of stages called in the block on the store; copy the run folder there at its end.

    Without a store the results stay on this machine. HostError after the block if the folder cannot
    be copied.
    """
    context = FlowRunContext.get()
    assert context is not None, "only a flow shares"
    storage = records_at(f"{store.url}/{RESULTS}" if store else "")
    results = context.result_store.model_copy(update={"result_storage": storage})
    try:
        # Prefect hands the flow's store of results down to its tasks and subflows.
        with context.model_copy(update={"result_store": results}):
            yield
    finally:
        if store is not None:
            _copy(run, store)


def _copy(run: RunFolder, store: ObjectStore) -> None:
    name = shared_name(run.path.name, str(flow_run.id))
    # Not in the folder's own log, which its record covers.
    get_run_logger().info(f"run folder copied to {store.put_run(run.path, name)}")


def shared_name(folder: str, run_id: str) -> str:
    """Return the name on the store: two machines may start a run of one repository in the same second."""
    return f"{folder}-{run_id[:8]}"
