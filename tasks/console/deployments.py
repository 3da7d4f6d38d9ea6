"""The deployments of `prefect.yaml`, and the work pool that their runs wait in.

The file lies at the top of a checkout; the wheel carries it with the tables.
"""

from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.exceptions import ObjectNotFound

from paper2run.errors import EngineError
from tasks.drivers.engine.engine_connection import connect
from tasks.drivers.engine.leftovers import sweep_abandoned
from tasks.running.sweep import sweep_runs

ROOT: Final = Path(__file__).parents[2]
PLACES: Final = (ROOT / "paper2run" / "data" / "prefect.yaml", ROOT / "prefect.yaml")
"""The wheel's copy first: beside an installed package any project's file may lie."""
POOL_TYPE: Final = "process"
RUNS_QUEUE: Final = "default"
"""Queue of the runs; batches, which wait for runs, have one of their own."""
OF_THE_FLOW: Final[tuple[str, ...]] = (
    "name", "description", "version", "tags", "parameters", "enforce_parameter_schema"
)  # fmt: skip

OF_THE_POOL: Final[tuple[str, ...]] = ("work_queue_name", "job_variables")


class Listed(NamedTuple):
    """One deployment of the file."""

    entrypoint: str
    """Dotted path of its flow."""
    options: dict[str, Any]
    """What belongs to it wherever its runs run: keywords of `Flow.to_deployment`."""
    pool: str
    placed: dict[str, Any]
    """Queue and job variables, where a worker runs it: more keywords."""


def listed() -> tuple[Listed, ...]:
    """Return the deployments in the order of the file."""
    file = next(place for place in PLACES if place.is_file())
    found = yaml.safe_load(file.read_text("utf-8"))["deployments"]
    return tuple(_listed(each) for each in found)


def _listed(given: dict[str, Any]) -> Listed:
    pool = given["work_pool"]
    placed = {name: pool[name] for name in OF_THE_POOL if name in pool}
    options = {name: given[name] for name in OF_THE_FLOW if name in given}
    return Listed(given["entrypoint"], options, pool["name"], placed)


def need_pool(name: str) -> bool:
    """Create the work pool for processes unless there is one of that name; return whether it was created."""
    with get_client(sync_client=True) as client:
        try:
            client.read_work_pool(name)
        except ObjectNotFound:
            client.create_work_pool(WorkPoolCreate(name=name, type=POOL_TYPE))
            return True
    return False


def limit_runs(pool: str, limit: int) -> None:
    """Let the pool's workers together have `limit` runs at a time, batches aside."""
    with get_client(sync_client=True) as client:
        client.request(
            "PATCH",
            "/work_pools/{work_pool_name}/queues/{name}",
            path_params={"work_pool_name": pool, "name": RUNS_QUEUE},
            json={"concurrency_limit": limit},
        )


def end_runs(home: Path) -> None:
    """Crash the runs of `home` whose process is dead, and remove their containers.

    Prefect 3.8 kills the processes of what it serves when it ends; states and containers stay.
    """
    sweep_runs(home)
    try:
        engine = connect()
    except EngineError:
        # Without an engine there are no containers.
        return
    sweep_abandoned(engine, home)
