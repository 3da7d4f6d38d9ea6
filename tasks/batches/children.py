"""Starts the runs of a batch: one `reproduce` flow run per repository, each in its own process.

So a crash stops only one of them. They are processes of this machine, which end with the batch, or
runs of the deployment `reproduce/default`, which any worker takes. Both kinds are children of the
batch on the UI's timeline.
"""

import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple
from uuid import UUID

import httpx
from prefect import Task
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas import FlowRun
from prefect.client.schemas.objects import WorkerStatus
from prefect.exceptions import MissingResult, ObjectNotFound
from prefect.flows import Flow
from prefect.settings import get_current_settings
from prefect.states import Cancelled, Cancelling, Pending

from paper2run.errors import HostError, Trouble
from paper2run.model.report import Metadata
from paper2run.settings import Settings
from tasks.drivers.host import held
from tasks.drivers.host.object_store import ObjectStore
from tasks.running.flow_runs import (
    KILLED,
    crash,
    folder_of,
    is_lost,
    read_runs,
    tags_of_batch,
    trouble_named,
)
from tasks.running.patience import patiently
from tasks.running.progress_log import PROGRESS
from tasks.running.recording import mark_killed
from tasks.running.sharing import open_store, shared_name
from tasks.running.sweep import sweep_runs

DEPLOYMENT: Final = "reproduce/default"
ENTRYPOINT: Final = "flows.reproduce.reproduce"
POLL_S: Final = 1.0


class Ended(NamedTuple):
    """How a child run ended."""

    kind: Literal["verdict", "exception", "lost", "cancelled"]
    """`lost`: its process is dead or was ended from outside, and another start may do better."""
    reason: str = ""
    metadata: Metadata | None = None
    folder: str = ""
    trouble: Trouble = ""
    """What of its machine ended the run."""


class Children:
    """The children of one batch run."""

    def __init__(
        self,
        client: SyncPrefectClient,
        parent_id: str,
        batch: str,
        log: Path,
        home: Path,
        store: ObjectStore | None,
    ) -> None:
        self._client = client
        self._store = store
        self._home = home
        self._parent = UUID(parent_id)
        self._tags = list(tags_of_batch(batch))
        self._log = log
        self._running: dict[str, subprocess.Popen[bytes] | None] = {}

    def start_process(self, flow: Flow[..., Any], name: str, parameters: Mapping[str, Any]) -> str:
        """Start a run of `flow` in a process of this machine and return its id."""
        run = patiently(
            lambda: self._client.create_flow_run(
                flow,
                parameters=dict(parameters),
                parent_task_run_id=self._placeholder(name),
                state=Pending(),
                tags=self._tags,
            )
        )
        env = {
            **get_current_settings().to_environment_variables(exclude_unset=True),
            "PREFECT__FLOW_RUN_ID": str(run.id),
            "PREFECT__FLOW_ENTRYPOINT": ENTRYPOINT,
        }
        log = self._log / f"{run.id}.log"
        self._running[str(run.id)] = held.start(
            "prefect.engine", str(run.id), cwd=self._home, env=env, log=log
        )
        return str(run.id)

    def start_on_worker(self, name: str, parameters: Mapping[str, Any], key: str) -> str:
        """Start a run of the deployment and return its id; the same `key` never starts a second run."""
        run = patiently(
            lambda: self._client.create_flow_run_from_deployment(
                self._client.read_deployment_by_name(DEPLOYMENT).id,
                parameters=dict(parameters),
                idempotency_key=key,
                parent_task_run_id=self._placeholder(name),
                tags=self._tags,
            )
        )
        self._running[str(run.id)] = None
        return str(run.id)

    def adopt(self, flow_run_id: str) -> bool:
        """Take over an earlier pass's run that has ended or that a worker may still execute.

        Return False for any other.
        """
        for run in read_runs(self._client, [flow_run_id]):
            if run.deployment_id is None and not (run.state and run.state.is_final()):
                # A process of an earlier pass ended with that pass.
                self._crash(run)
                return False
            self._running[flow_run_id] = None
            return True
        return False

    def wait(self) -> dict[str, Ended]:
        """Return the runs that have ended, after a short wait; HostError if the server stays down."""
        time.sleep(POLL_S)
        ids = [
            flow_run_id
            for flow_run_id, process in self._running.items()
            if process is None or process.poll() is not None
        ]
        found = patiently(
            lambda: {str(run.id): self._end(run) for run in read_runs(self._client, ids)}
        )
        # Deleted in the UI, or with the server's database.
        unknown = Ended("lost", "the server no longer knows the run")
        ended = {
            flow_run_id: end for flow_run_id in ids if (end := found.get(flow_run_id, unknown))
        }
        for flow_run_id in ended:
            del self._running[flow_run_id]
        return ended

    def stop(self) -> None:
        """End all runs: wait for our processes, and cancel workers' runs through the server."""
        held.end(process for process in self._running.values() if process is not None)
        try:
            self._cancel_on_server()
        except httpx.HTTPError as error:
            PROGRESS.info(f"the Prefect server could not be told that the batch ended: {error}")

    def _cancel_on_server(self) -> None:
        for run in read_runs(self._client, [*self._running]):
            if run.state is not None and not run.state.is_final():
                started = run.state.is_running() and self._running[str(run.id)] is None
                told = Cancelling if started else Cancelled
                self._client.set_flow_run_state(
                    run.id, told(message="the batch was ended"), force=True
                )

    def _end(self, run: FlowRun) -> Ended | None:
        """Return how the run ended; None while it is running."""
        state, folder = run.state, folder_of(run)
        process = self._running[str(run.id)]
        if state is None or not state.is_final():
            if process is None and not is_lost(run, self._home):
                return None
            self._crash(run)
            return Ended("lost", KILLED, folder=folder)
        if state.is_cancelled():
            return Ended("cancelled", state.message or "cancelled", folder=folder)
        if state.is_crashed():
            return Ended("lost", state.message or KILLED, folder=folder)
        try:
            value = state.result(raise_on_failure=False)
        except (MissingResult, OSError, ValueError) as error:
            return self._shared(run) or Ended(
                "exception",
                f"ended as {state.name} on another machine, and no PAPER2RUN_STORAGE brings its result here: {error}",
                folder=folder,
            )
        if state.is_failed() or isinstance(value, BaseException):
            words = getattr(value, "what", "") or state.message or str(value)
            return Ended("exception", words, folder=folder, trouble=trouble_named(run))
        metadata, folder = value
        return Ended("verdict", metadata=metadata, folder=folder, trouble=trouble_named(run))

    def _shared(self, run: FlowRun) -> Ended | None:
        """Return the verdict that the run left on the store; None without one."""
        if self._store is None or not folder_of(run):
            return None
        name = shared_name(Path(folder_of(run)).name, str(run.id))
        text = self._store.read_run(name, "metadata.json")
        if text is None:
            return None
        metadata = Metadata.model_validate_json(text)
        where = f"{self._store.url}/runs/{name}"
        return Ended("verdict", metadata=metadata, folder=where, trouble=trouble_named(run))

    def _crash(self, run: FlowRun) -> None:
        """Mark the run as killed on the server and in its folder."""
        crash(self._client, [run])
        if folder := folder_of(run):
            mark_killed(folder)

    def _placeholder(self, name: str) -> UUID:
        """Return the task run that stands for a child on the timeline of the batch."""
        task = Task(fn=lambda: None, name=name)
        return self._client.create_task_run(
            task, self._parent, dynamic_key=os.urandom(8).hex(), name=name, state=Pending()
        ).id


@contextmanager
def children_of(parent_id: str, name: str, log: Path, settings: Settings) -> Iterator[Children]:
    """Let the block start and await runs of the batch `name`; all end with it, also after an exception."""
    sweep_runs(settings.home)
    settings.home.mkdir(parents=True, exist_ok=True)
    with get_client(sync_client=True) as client:
        children = Children(client, parent_id, name, log, settings.home, open_store(settings))
        try:
            yield children
        finally:
            children.stop()


def need_workers() -> None:
    """Check that a worker would take runs of the deployment. HostError saying what is missing."""
    how = "`make serve` starts server, deployments and a worker; to run without workers, omit --workers"
    with get_client(sync_client=True) as client:
        try:
            pool = client.read_deployment_by_name(DEPLOYMENT).work_pool_name
        except ObjectNotFound:
            raise HostError(f"there is no deployment {DEPLOYMENT}", hint=how) from None
        if pool is None:
            raise HostError(
                f"{DEPLOYMENT} is served without a work pool, so no worker takes its runs", hint=how
            )
        answer = client.request(
            "POST",
            "/work_pools/{work_pool_name}/workers/filter",
            path_params={"work_pool_name": pool},
            json={},
        )
    if not any(worker["status"] == WorkerStatus.ONLINE for worker in answer.json()):
        raise HostError(f"no worker of the work pool {pool} is online", hint=how)
