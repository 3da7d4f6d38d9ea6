"""Waits for a Prefect server that is down, for example during a restart, so that no run is lost.

Prefect's client itself waits where it has spoken to the server before (PREFECT_CLIENT_MAX_RETRIES); one that is new
gives up at once, and most of what a run asks comes from new ones.
"""

import time
from collections.abc import Callable
from typing import Final, TypeVar

import httpx
from prefect.client.orchestration import get_client

from paper2run.errors import HostError
from tasks.running.progress_log import PROGRESS

T = TypeVar("T")

SILENT_SERVER_S: Final = 600.0
"""How long a server may be down before we give up."""
POLL_S: Final = 1.0
CLIENT_RETRIES: Final = 7
"""Of Prefect's own clients: each waits twice as long as the one before, 4 minutes in all; by default it is 1."""


def patiently(ask: Callable[[], T]) -> T:
    """Return the server's answer, waiting for a server that is down; HostError if it stays down."""
    since: float | None = None
    while True:
        try:
            return ask()
        except httpx.HTTPError as error:
            if isinstance(error, httpx.HTTPStatusError) and error.response.status_code < 500:
                raise
            since = since or time.monotonic()
            silent_s = time.monotonic() - since
            if silent_s > SILENT_SERVER_S:
                raise HostError(
                    f"the Prefect server has not answered for {silent_s:.0f} s: {error}",
                    hint="start it, then run again (a batch with --resume): finished stages are kept",
                    trouble="server",
                ) from error
            PROGRESS.debug(f"waiting for the Prefect server: {error}")
            time.sleep(POLL_S)


def await_server() -> None:
    """Return once the server answers; HostError if it stays down."""
    with get_client(sync_client=True) as client:
        patiently(client.hello)
