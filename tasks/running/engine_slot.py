"""Limits how many builds and containers use one engine at a time.

A slot belongs to a Prefect global concurrency limit that all workers on one engine share. A dozen
runs at once would starve each other; those without a slot wait for their turn.
https://docs.prefect.io/v3/how-to-guides/workflows/global-concurrency-limits
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from pathlib import Path
from typing import Final

import httpx
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import (
    GlobalConcurrencyLimitCreate,
    GlobalConcurrencyLimitUpdate,
)
from prefect.concurrency.asyncio import ConcurrencySlotAcquisitionError
from prefect.concurrency.sync import concurrency
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound

from paper2run.settings import Settings
from tasks.drivers.engine.engine import Engine
from tasks.drivers.host.owner import held_file, is_held
from tasks.running.patience import patiently
from tasks.running.progress_log import PROGRESS

LEASE_S: Final = 60
"""A killed holder's slot is free again after this; the shortest that Prefect allows."""
WAIT_S: Final = 75
"""After this the slots are counted: a restarted or an ephemeral server forgets leases, but not slots."""
FOLDER: Final = "engine-slots"
"""Below the settings' home: one file per holder, locked while it holds; the kernel unlocks a killed holder's."""


@contextmanager
def engine_slot(engine: Engine, settings: Settings) -> Iterator[None]:
    """Wait for one of the engine's slots and hold it for the block.

    The first run creates the limit; a number that a person sets in the UI is kept.
    """
    capacity = engine.capacity
    fitting = min(capacity.cpus, capacity.memory_mb // settings.memory_mb)
    name = f"paper2run-engine-{capacity.id}"
    patiently(lambda: _make(name, settings.engine_slots or max(fitting, 1)))
    holders = settings.home / FOLDER / name
    place = _taken(name, holders)
    try:
        with held_file(holders):
            yield
    finally:
        try:
            place.__exit__(None, None, None)
        except httpx.HTTPError as error:
            # A server that is down, or has forgotten the slot, counts the slots when a run waits for one.
            PROGRESS.debug(f"the place at the engine was not given back: {error}")


def _taken(name: str, holders: Path) -> AbstractContextManager[None]:
    """Wait for a slot and return it, entered."""
    while (place := patiently(lambda: _asked(name))) is None:
        PROGRESS.info("waiting for a place at the engine")
        patiently(lambda: free_abandoned(name, holders))
    return place


def _asked(name: str) -> AbstractContextManager[None] | None:
    """Return a slot, entered; None if all were taken for WAIT_S."""
    # A restarting server must not end a build; strict fails if the limit is missing.
    place = concurrency(
        name, strict=True, lease_duration=LEASE_S, timeout_seconds=WAIT_S,
        raise_on_lease_renewal_failure=False,
    )  # fmt: skip
    try:
        place.__enter__()
    except TimeoutError:
        return None
    except ConcurrencySlotAcquisitionError as error:
        # Prefect wraps all errors of its client, including those of a server that is down.
        if isinstance(error.__cause__, httpx.HTTPError):
            raise error.__cause__ from error
        raise
    return place


def free_abandoned(name: str, holders: Path) -> int:
    """Release the limit's orphaned slots, which no living process of this home holds; return how many.

    Homes that share an engine may then have one run too many on it for a while.
    """
    held = {path: is_held(path) for path in holders.glob("[!.]*")}
    for path in (path for path, living in held.items() if not living):
        path.unlink(missing_ok=True)
    living = sum(held.values())
    with get_client(sync_client=True) as client:
        taken = client.read_global_concurrency_limit_by_name(name).active_slots or 0
        if taken <= living:
            return 0
        update = GlobalConcurrencyLimitUpdate(active_slots=living)
        client.update_global_concurrency_limit(name, update)
    return taken - living


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
