"""Shows a running batch to people: files in its folder, lines in the terminal, artifacts in the UI."""

import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, cast
from uuid import UUID

import httpx
from prefect.artifacts import create_progress_artifact, create_table_artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import ArtifactUpdate
from prefect.logging import get_run_logger
from prefect.settings import PREFECT_UI_URL
from pydantic import ValidationError

from paper2run.batches.batch_page import flow_run_url
from paper2run.batches.rows import Batch, BatchRow
from paper2run.formats.plurals import counted
from tasks.batches.batch_folder import BatchFolder
from tasks.report import show_own_columns
from tasks.running.artifacts import artifact_key
from tasks.running.progress_log import PROGRESS

LEAST_PAUSE_S: Final = 2.0
"""Between two updates of pages and artifacts; longer for large batches."""
PAUSE_SHARE: Final = 20
"""Writing the pages takes at most one part in this many of the time."""
TABLE_ROWS: Final = 1000
"""Rows that the table artifact shows; more slow the UI down, and the folder has all rows."""


class Board:
    """The rows of a batch, and everything that shows them."""

    def __init__(self, folder: BatchFolder, batch: Batch, rows: Sequence[BatchRow]) -> None:
        self.rows = list(rows)
        self._folder = folder
        self._batch = batch.changed(ui=str(PREFECT_UI_URL.value() or ""))
        self._next_pages = 0.0
        self._is_stale = False
        self.paused = ""
        """Why the batch pauses; empty while it runs."""
        self._folder.write_record(self.batch)
        told = {row.entry.key: row.own for row in batch.rows}
        for row in rows:
            if row.own != told.get(row.entry.key):
                _show_own_columns(row)
        self._table = self._create_table()
        self._progress = self._create_progress()

    @property
    def batch(self) -> Batch:
        """The batch as it stands."""
        batch = self._batch.with_rows(tuple(self.rows), datetime.now(UTC))
        return batch.changed(paused=self.paused)

    def change(self, place: int, row: BatchRow) -> None:
        """Apply a row's new state: write the record at once, the pages when due."""
        self.rows[place] = row
        self._folder.write_record(self.batch)
        if row.has_ended:
            if row.own:
                _show_own_columns(row)
            done = sum(row.has_ended for row in self.rows)
            cause = f" ({row.cause})" if row.cause else ""
            line = (
                f"{done} of {len(self.rows)}  {row.title}: {row.status}{cause}, {row.seconds:.0f} s"
            )
            self._say(line)
        elif row.lost:
            PROGRESS.info(f"{row.title}: its process was lost; it will be restarted")
        self._show_running()
        self._is_stale = True
        self.catch_up()

    def catch_up(self) -> None:
        """Write the pages if a change is not in them yet and they are due."""
        if self._is_stale and time.monotonic() >= self._next_pages:
            self.publish()

    def pause(self, why: str) -> None:
        """Report everywhere that the batch pauses, and why."""
        if why != self.paused:
            self._say(f"paused: {why}")
        self.paused = why
        self._show_running()
        self.publish()

    def go_on(self, places: Sequence[int]) -> None:
        """Report that the batch resumes; the rows at `places` wait for another run."""
        if self.paused:
            self._say(f"resumed; {counted(len(places), 'repository')} to run again")
        self.paused = ""
        for place in places:
            self.change(place, self.rows[place].once_more())

    def publish(self) -> Batch:
        """Write all files and renew the artifacts; return the batch as it stands."""
        started, batch = time.monotonic(), self.batch
        self._is_stale = False
        self._folder.write_record(batch)
        self._folder.write_pages(batch)
        # A busy Prefect server makes nobody wait for the next pages.
        pause_s = max(LEAST_PAUSE_S, PAUSE_SHARE * (time.monotonic() - started))
        try:
            with get_client(sync_client=True) as client:
                client.update_artifact(self._progress, ArtifactUpdate(data=self._percent()))
                client.update_artifact(self._table, ArtifactUpdate(data=_as_json(batch)))
        except httpx.HTTPError as error:
            PROGRESS.debug(
                f"the artifacts will be updated when the Prefect server is back: {error}"
            )
        self._next_pages = time.monotonic() + pause_s
        return batch

    def _create_table(self) -> UUID:
        table: Any = _cells(self.batch)
        words = f"Batch {self._batch.name}; all of it: {self._folder.path / 'batch.html'}"
        key = artifact_key(self._batch.name, "batch")
        return cast("UUID", create_table_artifact(table=table, key=key, description=words))

    def _create_progress(self) -> UUID:
        key = artifact_key(self._batch.name, "batch-progress")
        words = f"Progress of {self._batch.name}"
        created = create_progress_artifact(progress=self._percent(), key=key, description=words)
        return cast("UUID", created)

    def _say(self, line: str) -> None:
        get_run_logger().info(line)
        PROGRESS.info(line)

    def _percent(self) -> float:
        return round(100 * sum(row.has_ended for row in self.rows) / len(self.rows), 1)

    def _show_running(self) -> None:
        done = sum(row.has_ended for row in self.rows)
        running = [row.title for row in self.rows if row.status == "running"]
        paused = " · paused" if self.paused else ""
        words = f"{done} of {len(self.rows)}{paused} · running: {', '.join(running) or 'none'}"
        PROGRESS.info("", extra={"stage": words, "attempt": 0, "started": True})


def _show_own_columns(row: BatchRow) -> None:
    """Let the row's report show the cells of its own columns; one on another machine stays as it is."""
    # A folder on the store is an address.
    if not row.has_ended or not row.folder or "://" in row.folder:
        return
    try:
        show_own_columns(Path(row.folder), row.own)
    except (OSError, IndexError, ValidationError) as error:
        why = "another version wrote its records" if isinstance(error, ValidationError) else error
        PROGRESS.info(f"{row.title}: its report does not show the own columns: {why}")


def _as_json(batch: Batch) -> str:
    """Return the table as Prefect's own function stores it; the UI's page breaks at a list."""
    return json.dumps(_cells(batch))


def _cells(batch: Batch) -> list[dict[str, object]]:
    """Return the rows of the table artifact: what a person compares, then the reason, then the links.

    A column that is empty in every row is left out: the UI shows some eight of them side by side.
    """
    rows: list[dict[str, object]] = [
        {
            "repository": row.title,
            "verdict": row.status,
            "grade": row.grade if row.grade != "none" else "",
            "cause": row.cause or "",
            "covers": row.covers,
            "reached": row.rung if row.rung != "none" else "",
            "attempts": row.attempts,
            "seconds": round(row.seconds, 1),
            "MB": round(row.image_size_bytes / 1e6),
            "tokens": row.tokens,
            "cost $": "" if row.cost_usd is None else round(row.cost_usd, 4) or "",
            "reason": row.reason,
            "run": flow_run_url(batch, row.flow_run_id) if row.flow_run_id else "",
        }
        for row in batch.rows[:TABLE_ROWS]
    ]
    always = ("repository", "verdict")
    kept = [name for name in rows[0] if name in always or any(row[name] for row in rows)]
    return [{name: row[name] for name in kept} for row in rows]
