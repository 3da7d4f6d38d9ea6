"""Makes a commit of an archive, of the day of its newest file; the same content gives the same commit.

Archives are hostile input: nothing is written outside the folder, links are left out, and sizes and numbers of files
have limits, whatever headers claim.
"""

import io
import os
import re
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

from paper2run.archive_source import ArchivedSource
from paper2run.errors import FULL, UserError
from tasks.drivers.git.mirror import BYTES_PER_MB, Mirror, too_large
from tasks.drivers.git.plain_folder import FolderCommit, commit_folder
from tasks.drivers.host.packed import Packed
from tasks.drivers.host.removal import SCRATCH
from tasks.drivers.host.tar_members import TarDamaged, members
from tasks.drivers.host.unpacking import Unpacked, UnpackingError

MAX_FILES: Final = 200_000
MAX_NAME_BYTES: Final = 4096
MAX_DEPTH: Final = 200
"""Folders inside each other; code has some ten."""
DRIVE: Final = re.compile(r"[A-Za-z]:")
"""`C:` of Windows; Software Heritage's archives hold a folder `swh:1:dir:…`."""
BLOCK_BYTES: Final = 256 * 1024
EXECUTABLE: Final = 0o111
FIRST_DAY: Final = datetime(1990, 1, 1, tzinfo=UTC)
"""Tools that leave the times out write 1970 or 1980."""
DAMAGE: Final = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, LookupError, OSError, OverflowError, RuntimeError,
    ValueError, TarDamaged, UnpackingError,
)  # fmt: skip
ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
ENTRY: Final = b"PK\x01\x02"
"""How an entry of a zip's directory begins."""
ZIP_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""`zipfile` unpacks the others without a bound: 2 MB of bzip2 can be 40 GB."""


Fetch = Callable[[ArchivedSource], Packed]


def no_archives(source: ArchivedSource) -> Packed:
    """Refuse an archive, where none is taken."""
    raise UserError(f"{source.given} is an archive", hint="give a repository or a folder")


class _Entry(NamedTuple):
    """One regular file of an archive."""

    name: str
    executable: bool
    written: datetime | None
    """None where the archive does not tell."""
    pieces: Iterator[bytes]


def commit_archive(
    source: ArchivedSource, fetch: Fetch, mirror: Mirror, max_mb: int
) -> FolderCommit:
    """Return the commit of what the archive holds, kept in the mirror.

    UserError for what is no archive, is damaged, holds no files, or exceeds `max_mb`; what `fetch` raises.
    """
    packed = fetch(source)
    with tempfile.TemporaryDirectory(prefix=SCRATCH) as scratch:
        try:
            unpacked = _unpack(packed.data, Path(scratch), max_mb)
        except _TooLarge:
            raise too_large(source.given, max_mb) from None
        except DAMAGE as error:
            if isinstance(error, OSError) and error.errno in FULL:
                raise
            raise UserError(
                f"{source.given} cannot be unpacked: {error}",
                hint="give an archive of the code: .zip, .tar.gz, .tar.bz2 or .tar.xz",
            ) from error
        inner = _inner(Path(scratch))
        if not unpacked.files:
            raise UserError(
                f"{source.given} holds no files", hint="give the archive that holds the code"
            )
        written = packed.day or (None if packed.fresh else unpacked.newest)
        made = commit_folder(inner, mirror, max_mb, written=written, packed=True)
    note = f"left out of the archive, links or names that lead elsewhere: {unpacked.left_out}"
    return FolderCommit(made.commit, (*made.notes, *((note,) if unpacked.left_out else ())))


class _TooLarge(Exception):
    """More than the limit."""


class _Unpacked(NamedTuple):
    """What was written of an archive."""

    files: int
    newest: datetime | None
    """The time of the newest file; None where the archive tells none."""
    left_out: int
    """Entries that are links, or that lead elsewhere."""


def _unpack(data: bytes, folder: Path, max_mb: int) -> _Unpacked:
    """Write the files below `folder`."""
    room, files, count, left_out = max_mb * BYTES_PER_MB, 0, 0, 0
    newest: datetime | None = None
    entries = _of_zip(data) if data.startswith(ZIP) else _of_tar(data, room)
    for entry in entries:
        path = _inside(folder, entry.name) if entry is not None else None
        if entry is None or path is None:
            left_out += 1
            continue
        files += 1
        count += 1 + _made(path.parent, folder)
        if count > MAX_FILES:
            raise _TooLarge
        with path.open("wb") as file:
            for piece in entry.pieces:
                room -= len(piece)
                if room < 0:
                    raise _TooLarge
                file.write(piece)
        if entry.executable:
            path.chmod(0o755)
        if entry.written and FIRST_DAY < entry.written <= datetime.now(UTC):
            newest = max(newest or entry.written, entry.written)
    return _Unpacked(files, newest, left_out)


def _made(folder: Path, root: Path) -> int:
    """Make the folder; return how many were made: each takes room that no size tells."""
    missing = [
        one for one in (folder, *folder.parents) if one.is_relative_to(root) and not one.is_dir()
    ]
    folder.mkdir(parents=True, exist_ok=True)
    return len(missing)


def _of_zip(data: bytes) -> Iterator[_Entry | None]:
    # `zipfile` makes ten times its size out of a directory before anyone can count.
    if data.count(ENTRY) > MAX_FILES:
        raise _TooLarge
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for info in archive.infolist():
            if info.compress_type not in ZIP_METHODS:
                raise zipfile.BadZipFile(f"{info.filename[:100]} is packed in an unusual way")
            mode = info.external_attr >> 16
            if info.is_dir():
                continue
            if mode & 0o170000 not in (0, 0o100000):
                yield None
                continue
            written = _time_of(info)
            with archive.open(info) as file:
                pieces = iter(lambda file=file: file.read(BLOCK_BYTES), b"")  # type: ignore[misc]
                yield _Entry(info.filename, bool(mode & EXECUTABLE), written, pieces)


def _time_of(info: zipfile.ZipInfo) -> datetime | None:
    try:
        return datetime(*info.date_time, tzinfo=UTC)
    except ValueError:
        # A month 0, or a second 60: some tools write none.
        return None


def _of_tar(data: bytes, room: int) -> Iterator[_Entry | None]:
    for member in members(Unpacked(data, 2 * room)):
        if member.is_file:
            written = datetime.fromtimestamp(member.mtime, UTC) if member.mtime < 2**33 else None
            pieces = iter((member.read(),)) if member.size_bytes <= room else iter(())
            if member.size_bytes > room:
                raise _TooLarge
            yield _Entry(member.name, bool(member.mode & EXECUTABLE), written, pieces)
        elif member.is_link:
            yield None


def _inside(folder: Path, name: str) -> Path | None:
    """Return where a file of that name goes; None for a name that leads elsewhere."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    bad = not parts or parts[0] == "/" or ".." in parts or DRIVE.match(name) or "\0" in name
    if bad or len(parts) > MAX_DEPTH or len(os.fsencode(name)) > MAX_NAME_BYTES or ".git" in parts:
        return None
    return folder.joinpath(*parts)


def _inner(folder: Path) -> Path:
    """Return the one folder that holds everything, as archives of forges have it; else the folder itself."""
    found = [path for path in folder.iterdir() if path.name != "__MACOSX"]
    return found[0] if len(found) == 1 and found[0].is_dir() else folder
