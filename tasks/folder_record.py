"""Writes and checks a run folder's record of itself."""

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from paper2run.errors import UserError
from paper2run.proofs.folder_record import (
    RECORD,
    FolderRecord,
    KeptFile,
    differences,
    is_recorded,
)
from paper2run.proofs.own_dockerfile import strangeness
from tasks.running.records import WRITING, RunFolder

BLOCK_BYTES = 1024 * 1024


def keep_record(run: RunFolder) -> None:
    """Write the record of all files that the folder has now."""
    run.write(RECORD, _record_of(run.path))


def keep_changed(run: RunFolder, name: str) -> None:
    """Note in the record that this program has written one file anew; all others keep their entries.

    Nothing is done for a folder without a record of this version.
    """
    path = run.path / RECORD
    try:
        record = FolderRecord.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return
    now = KeptFile(path=name, kind="file", content=_digest(run.path / name))
    files = tuple(now if file.path == name else file for file in record.files)
    run.write(RECORD, FolderRecord(files=files))


def tampering(folder: Path) -> tuple[str, ...]:
    """Return how the folder differs from its record, by path; empty if it does not.

    A link or a special file outside `repo/` is none of ours, whatever the record says: what is read through it would be
    another machine's file. UserError if there is no record.
    """
    path = folder / RECORD
    if not stat.S_ISREG(_mode(path)):
        raise UserError(
            f"{folder} has no {RECORD}",
            hint="name a run that ended with a verdict: `paper2run list`; runs of earlier versions have none",
        )
    try:
        record = FolderRecord.model_validate_json(path.read_bytes())
    except ValidationError:
        return (f"{RECORD}: not a record of a run folder",)
    found = _record_of(folder)
    strange = (
        f"{file.path}: a {file.kind}"
        for file in found.files
        if file.kind not in ("file", "program") and not file.path.startswith("repo/")
    )
    dockerfile = _text(folder / "Dockerfile")
    foreign = strangeness(dockerfile) if dockerfile else ""
    written = (f"Dockerfile: no run writes {foreign}",) if foreign else ()
    away = ("verify: a link",) if stat.S_ISLNK(_mode(folder / "verify")) else ()
    return (*away, *written, *strange, *differences(record, found))


def _record_of(folder: Path) -> FolderRecord:
    return FolderRecord(files=tuple(sorted(_files(folder), key=lambda file: file.path)))


def _files(folder: Path) -> Iterator[KeptFile]:
    # os.walk does not follow links, and a stack of its own carries deep trees.
    for root, folders, names in os.walk(folder):
        below = Path(root).relative_to(folder)
        folders[:] = [name for name in folders if is_recorded(f"{(below / name).as_posix()}/")]
        for name in (*names, *folders):
            path = Path(root, name)
            shown = (below / name).as_posix().encode("utf-8", "backslashreplace").decode()
            status = path.lstat()
            is_ours = name.startswith(WRITING) and not shown.startswith("repo/")
            if not is_recorded(shown) or is_ours:
                continue
            if stat.S_ISLNK(status.st_mode):
                yield KeptFile(path=shown, kind="link", content=_target(path))
            elif stat.S_ISREG(status.st_mode):
                kind = "program" if status.st_mode & stat.S_IXUSR else "file"
                yield KeptFile(path=shown, kind=kind, content=_digest(path))
            elif not stat.S_ISDIR(status.st_mode):
                yield KeptFile(path=shown, kind="special file", content="")


def _text(path: Path) -> str:
    """Return the text of a regular file; empty where there is none."""
    if not stat.S_ISREG(_mode(path)):
        return ""
    return path.read_text("utf-8", errors="replace")


def _mode(path: Path) -> int:
    try:
        return path.lstat().st_mode
    except OSError:
        return 0


def _target(path: Path) -> str:
    return str(path.readlink()).encode("utf-8", "backslashreplace").decode()


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()
