"""Flow runs as the server knows them: the process of each run, and which runs are orphaned.

A worker that ends or is killed leaves its runs `Running` for ever (Prefect issue 16746); each run therefore
says in a label which process it is in, and the next run with the same home sets the dead ones to `Crashed`.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, get_args
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas import FlowRun
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterId,
    FlowRunFilterParentFlowRunId,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.events import emit_event
from prefect.runtime import flow_run
from prefect.states import Crashed
from prefect.types import KeyValueLabels

from paper2run.errors import HostError, Trouble, trouble_of
from paper2run.model.rebuild import Rebuild
from paper2run.model.report import Metadata
from tasks.drivers.host.owner import OWNER_LABEL, is_dead, this_process
from tasks.running.patience import patiently

FOLDER_LABEL: Final = "paper2run.folder"
"""The run folder, on the machine that runs it."""
TROUBLE_LABEL: Final = "paper2run.trouble"
"""Which trouble of the machine ended the run. A label, because a failed run's result keeps only a message."""
OWN_TAG: Final = "paper2run"
VERDICT_EVENT: Final = "paper2run.verdict"
"""Emitted once for each run that ends with a verdict."""
REBUILD_EVENT: Final = "paper2run.rebuild"
"""Emitted once for each run of `verify` that ends with an outcome."""
ABOUT_THE_WORK: Final = (
    "success", "stopped-by-rule", "stopped-by-llm", "max-attempts-exhausted", "smoke-failed"
)  # fmt: skip
"""Verdicts that say whether a repository runs."""
SHORT_COMMIT: Final = 7
OURS: Final = ["reproduce", "batch", "verify", "decay"]
"""Flows whose runs carry labels; `attempt` runs go with their parents."""
ALIVE: Final = [StateType.RUNNING, StateType.CANCELLING]
PAGE: Final = 200
"""The server's own limit for one answer."""
UNOWNED: Final = timedelta(minutes=30)
"""A run gets its first label seconds after a worker claims it, or after the pull of the worker's image."""
KILLED: Final = "the process that ran it was killed"


def claim_run(flow_run_id: str, home: Path) -> None:
    """Label the flow run with this process; HostError if `home` cannot be written to."""
    _label(flow_run_id, {OWNER_LABEL: this_process(home)})


def label_run(flow_run_id: str, *, folder: str = "", trouble: Trouble = "") -> None:
    """Label the flow run with its folder, or with the trouble of the machine that ended it."""
    labels = {FOLDER_LABEL: folder, TROUBLE_LABEL: trouble}
    _label(flow_run_id, {name: value for name, value in labels.items() if value})


def _label(flow_run_id: str, labels: KeyValueLabels) -> None:
    with get_client(sync_client=True) as client:
        patiently(lambda: client.update_flow_run_labels(UUID(flow_run_id), labels))


@contextmanager
def naming_trouble(flow_run_id: str) -> Iterator[None]:
    """Label the flow run with the trouble of the machine if that ends the block."""
    try:
        yield
    except (HostError, OSError) as error:
        trouble = trouble_of(error)
        # A server that stays away cannot be told.
        if trouble not in ("", "server"):
            label_run(flow_run_id, trouble=trouble)
        raise


def name_run(flow_run_id: str, name: str, commit: str) -> None:
    """Give the flow run its name, `owner/name@c911406`, and the tags that it carries from its start on."""
    _update(flow_run_id, tags_of(name), name=f"{name}@{commit[:SHORT_COMMIT]}")


def tags_of(name: str) -> tuple[str, str]:
    """Return the tags of a repository's runs and of their attempts."""
    return OWN_TAG, f"repo:{name}"


def tag_batch(flow_run_id: str, name: str) -> None:
    """Give the flow run of a batch the tags that its runs carry too."""
    _update(flow_run_id, tags_of_batch(name))


def tags_of_batch(name: str) -> tuple[str, str]:
    """Return the tags of a batch and of its runs."""
    return OWN_TAG, f"batch:{name}"


def tell_verdict(flow_run_id: str, metadata: Metadata, folder: str) -> None:
    """Tag the flow run with its verdict, and emit the event `paper2run.verdict`: docs/prefect.md."""
    said = {
        "verdict": metadata.status,
        "grade": metadata.grade if metadata.grade != "none" else "",
        "cause": metadata.cause or "",
        "language": metadata.language,
    }
    before = verdict_before(flow_run_id, metadata.name)
    _update(
        flow_run_id,
        [*tags_of(metadata.name), *(f"{kind}:{word}" for kind, word in said.items() if word)],
    )
    emit_event(
        event=VERDICT_EVENT,
        resource={
            "prefect.resource.id": f"paper2run.repository.{metadata.name}",
            "prefect.resource.name": metadata.name,
            # Automations match the labels of a resource, not the payload.
            "paper2run.verdict": metadata.status,
            "paper2run.before": before,
        },
        related=[
            {
                "prefect.resource.id": f"prefect.flow-run.{flow_run_id}",
                "prefect.resource.role": "flow-run",
            }
        ],
        payload={
            **said,
            "repo": metadata.repo,
            "commit": metadata.commit,
            "reason": metadata.reason,
            "image": metadata.image,
            "folder": folder,
        },
    )


def tell_rebuild(flow_run_id: str, metadata: Metadata, found: Rebuild, folder: str) -> None:
    """Tag the flow run with its outcome, and emit the event `paper2run.rebuild`: docs/prefect.md."""
    causes = sorted({drift.cause for drift in found.drifts})
    _update(flow_run_id, [*tags_of(metadata.name), f"rebuild:{found.outcome}"])
    emit_event(
        event=REBUILD_EVENT,
        resource={
            "prefect.resource.id": f"paper2run.repository.{metadata.name}",
            "prefect.resource.name": metadata.name,
            "paper2run.rebuild": found.outcome,
        },
        payload={
            "rebuild": found.outcome,
            "causes": causes,
            "reason": found.reason,
            "repo": metadata.repo,
            "commit": metadata.commit,
            "folder": folder,
        },
    )


def verdict_before(flow_run_id: str, name: str) -> str:
    """Return the last verdict on the repository in another run; empty if the server knows none.

    Dry runs and runs that this machine ended do not count.
    """
    judged = [f"verdict:{status}" for status in ABOUT_THE_WORK]
    with get_client(sync_client=True) as client:
        found = patiently(
            lambda: client.read_flow_runs(
                flow_run_filter=FlowRunFilter(
                    tags=FlowRunFilterTags(all_=[f"repo:{name}"], any_=judged),
                    id=FlowRunFilterId(not_any_=[UUID(flow_run_id)]),
                ),
                sort=FlowRunSort.END_TIME_DESC,
                limit=1,
            )
        )
    return next((tag.partition(":")[2] for run in found for tag in run.tags if tag in judged), "")


def _update(flow_run_id: str, tags: Iterable[str], name: str | None = None) -> None:
    wanted = sorted({*flow_run.tags, *tags})
    with get_client(sync_client=True) as client:
        patiently(lambda: client.update_flow_run(UUID(flow_run_id), tags=wanted, name=name))


def read_runs(client: SyncPrefectClient, ids: Sequence[str]) -> list[FlowRun]:
    """Return the runs with these ids that the server knows."""
    found: list[FlowRun] = []
    for start in range(0, len(ids), PAGE):
        wanted = [UUID(flow_run_id) for flow_run_id in ids[start : start + PAGE]]
        found += client.read_flow_runs(
            flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=wanted)), limit=PAGE
        )
    return found


def crash_abandoned(home: Path) -> list[str]:
    """Mark the runs of `home` whose process is dead, and their attempts, as `Crashed`.

    Return their folders.
    """
    alive = FlowRunFilterState(type=FlowRunFilterStateType(any_=ALIVE))
    with get_client(sync_client=True) as client:
        running = client.read_flow_runs(
            flow_filter=FlowFilter(name=FlowFilterName(any_=OURS)),
            flow_run_filter=FlowRunFilter(state=alive),
            limit=PAGE,
        )
        # One that names no process may be a stranger's: flows of other projects have such names too.
        dead = [run for run in running if owner_of(run) and is_lost(run, home)]
        crash(client, dead)
    return [folder for run in dead if (folder := folder_of(run))]


def crash(client: SyncPrefectClient, dead: Sequence[FlowRun]) -> None:
    """Set the runs and their attempts to `Crashed`."""
    if not dead:
        return
    inside = client.read_flow_runs(
        flow_run_filter=FlowRunFilter(
            parent_flow_run_id=FlowRunFilterParentFlowRunId(any_=[run.id for run in dead]),
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=ALIVE)),
        ),
        flow_filter=FlowFilter(name=FlowFilterName(any_=["attempt"])),
        limit=PAGE,
    )
    for run in (*inside, *dead):
        client.set_flow_run_state(run.id, Crashed(message=KILLED), force=True)


def is_lost(run: FlowRun, home: Path) -> bool:
    """Whether the run is orphaned: its process is dead, or it was claimed over `UNOWNED` ago, unlabelled."""
    if owner_of(run):
        return is_dead(owner_of(run), home)
    state = run.state
    taken = state is not None and state.type in (StateType.PENDING, *ALIVE)
    return taken and state is not None and datetime.now(UTC) - state.timestamp > UNOWNED


def owner_of(run: FlowRun) -> str:
    """Return the process that the run's label names; empty without a label."""
    return str(run.labels.get(OWNER_LABEL, ""))


def trouble_named(run: FlowRun) -> Trouble:
    """Return which trouble of its machine ended the run; empty without a label."""
    named = str(run.labels.get(TROUBLE_LABEL, ""))
    return next((trouble for trouble in get_args(Trouble) if trouble == named), "")


def folder_of(run: FlowRun) -> str:
    """Return the run folder that the run's label names; empty without a label."""
    return str(run.labels.get(FOLDER_LABEL, ""))
