"""A place at the container engine: a Prefect global concurrency limit that all workers on one engine share.

Builds and containers of a dozen runs at once would starve each other; beyond the places they wait for their turn.
https://docs.prefect.io/v3/how-to-guides/workflows/global-concurrency-limits
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Final

from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate
from prefect.concurrency.sync import concurrency
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound

from paper2run.settings import Settings
from tasks.drivers.engine import Engine

LEASE_S: Final = 60
"""A killed holder's place is free again after this; the shortest that Prefect allows."""


@contextmanager
def engine_slot(engine: Engine, settings: Settings) -> Iterator[None]:
    """Hold one of the engine's places for the block, waiting for one first.

    The limit is made by whoever comes first; its number can be changed in the UI and is then left alone.
    """
    capacity = engine.capacity
    fitting = min(capacity.cpus, capacity.memory_mb // settings.memory_mb)
    name = f"paper2run-engine-{capacity.id}"
    _make(name, settings.engine_slots or max(fitting, 1))
    # A server that restarts must not end a build; strict refuses to go on where the limit is missing.
    with concurrency(
        name, strict=True, lease_duration=LEASE_S, raise_on_lease_renewal_failure=False
    ):
        yield


@cache
def _make(name: str, places: int) -> None:
    with get_client(sync_client=True) as client:
        try:
            client.read_global_concurrency_limit_by_name(name)
        except ObjectNotFound:
            limit = GlobalConcurrencyLimitCreate(name=name, limit=places, active=True)
            try:
                client.create_global_concurrency_limit(limit)
            except ObjectAlreadyExists:
                # Another process was faster.
                return
