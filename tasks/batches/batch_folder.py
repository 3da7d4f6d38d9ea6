"""Writes the folder of a batch: `batch.json`, `batch.csv`, `batch.html` and the run folders below it.

Each file is written atomically. `batch.json` is the memory: however a batch ends, a later
`--resume` continues it.
"""

import fcntl
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from paper2run.batches.batch_input import BatchLine
from paper2run.batches.batch_page import as_csv, as_junit, as_markdown, as_page
from paper2run.batches.rows import Batch, RowStatus
from paper2run.errors import UserError
from paper2run.formats.plurals import counted
from paper2run.source import without_login
from tasks.drivers.git.logins import keep_login
from tasks.running.records import write_whole

RUNS: Final = "runs"
"""Folder of the run folders."""
RECORD: Final = "batch.json"
LOCK: Final = ".lock"


def lines_without_logins(lines: Iterable[BatchLine], home: Path) -> tuple[BatchLine, ...]:
    """Return the lines with logins removed from their addresses; the logins are stored below `home`.

    HostError if they cannot be stored.
    """
    return tuple(
        line.changed(entry=line.entry.changed(repo=keep_login(line.entry.repo, home)))
        for line in lines
    )


def rows_without_logins(batch: Batch) -> Batch:
    """Return an earlier pass's batch with logins removed from its addresses.

    Older versions wrote addresses as the user gave them.
    """
    rows = tuple(
        row.changed(entry=row.entry.changed(repo=without_login(row.entry.repo)))
        for row in batch.rows
    )
    return batch.changed(rows=rows)


class BatchFolder:
    """One batch's folder, held by one process at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.runs = path / RUNS

    def read(self) -> Batch | None:
        """Return what an earlier pass left; None for a new batch. UserError if it is of another version."""
        try:
            return Batch.model_validate_json((self.path / RECORD).read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except ValidationError as error:
            raise UserError(
                f"{self.path / RECORD} is of another version or damaged"
                f" ({counted(error.error_count(), 'wrong field')})",
                hint="name another folder with --out",
            ) from None

    def write_record(self, batch: Batch) -> None:
        """Rewrite `batch.json`, from which a later pass resumes."""
        # A `smoke` command or a reference may hold what is secret, and only this user continues the batch.
        write_whole(self.path / RECORD, batch, mode=0o600)

    def write_pages(self, batch: Batch) -> None:
        """Write what people and build servers look at anew: `batch.csv`, `.xml`, `.md` and `.html`."""
        write_whole(self.path / "batch.csv", as_csv(batch))
        write_whole(self.path / "batch.xml", as_junit(batch))
        write_whole(self.path / "batch.md", as_markdown(batch, self.path))
        write_whole(self.path / "batch.html", as_page(batch, self.path))


def statuses_of(folder: str) -> dict[str, RowStatus]:
    """Return the statuses of a finished batch by the key of its lines; none without a folder.

    UserError if the folder has no batch.
    """
    if not folder:
        return {}
    path = Path(folder).expanduser().resolve()
    found = BatchFolder(path).read()
    if found is None:
        raise UserError(
            f"{path} has no {RECORD}", hint="name the folder of an earlier batch in --compare"
        )
    return {row.entry.key: row.status for row in found.rows if row.has_verdict}


@contextmanager
def batch_folder(path: Path, *, resume: bool) -> Iterator[BatchFolder]:
    """Lock the folder for the block.

    UserError if it is in use, cannot be written, or exists without `resume`.
    """
    folder = BatchFolder(path.expanduser().resolve())
    try:
        folder.runs.mkdir(parents=True, exist_ok=True)
        lock = (folder.path / LOCK).open("w")
    except OSError as error:
        raise UserError(
            f"cannot write to {path}: {error.strerror}", hint="name another folder with --out"
        ) from error
    with lock:
        try:
            # Freed by the kernel when its holder dies.
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(
                f"another batch is running in {folder.path}",
                hint="wait for it, or name another folder with --out",
            ) from None
        if not resume and (folder.path / RECORD).exists():
            raise UserError(
                f"{folder.path} already holds a batch",
                hint="continue it with --resume, or name another folder with --out",
            )
        yield folder


def dated(out: str) -> Path:
    """Return the folder that `out` names today: what a schedule asks for every week may hold `%Y-%m-%d`."""
    return Path(datetime.now(UTC).strftime(out))


def new_batch(source: Path, name: str) -> Batch:
    """Return an empty batch."""
    now = datetime.now(UTC)
    return Batch(
        id=uuid.uuid4().hex, name=name, source=str(source), jobs=1, started_at=now, updated_at=now
    )
