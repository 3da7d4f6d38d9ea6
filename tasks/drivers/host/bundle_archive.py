"""Packs folders into a plain tar, and unpacks one that somebody else may have written.

What is unpacked is named by a pattern, lies below one folder, and links come last, so that nothing is written through
them. A plain tar unpacks to what it takes itself.
"""

import os
import shutil
import stat
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final, NamedTuple

from paper2run.errors import HostError, UserError
from tasks.drivers.host.tar_members import Member, TarDamaged, members

MAX_MEMBERS: Final = 5_000_000
WRITING: Final = ".writing-"
"""As run folders call files that are being written (tasks/running/records.py), which `clean` removes."""


class Packed(NamedTuple):
    """One file, link or folder of an archive."""

    name: str
    path: Path


def below(folder: Path, name: str, left_out: Callable[[str], object]) -> Iterator[Packed]:
    """Yield everything below a folder, by path, under `name`; UserError for a name that is not UTF-8."""
    for root, folders, files in os.walk(folder):
        inside = Path(root).relative_to(folder)
        folders[:] = sorted(each for each in folders if not left_out((inside / each).as_posix()))
        for each in (*folders, *sorted(files)):
            path, shown = Path(root, each), (inside / each).as_posix()
            if left_out(shown):
                continue
            if not _is_text(shown):
                raise UserError(
                    f"{os.fsencode(shown)!r} is a name that is not UTF-8, which a bundle cannot hold",
                    hint="export the image alone with --oci",
                )
            yield Packed(f"{name}/{shown}", path)


def pack(target: Path, packed: Iterable[Packed]) -> Path:
    """Write the archive, whole or not at all; times, modes and links are kept, owners are not."""
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, part = tempfile.mkstemp(dir=target.parent, prefix=WRITING)
    try:
        with (
            os.fdopen(descriptor, "wb") as file,
            tarfile.open(fileobj=file, mode="w|", format=tarfile.PAX_FORMAT) as archive,
        ):
            for each in packed:
                _add(archive, each)
        Path(part).chmod(0o644)
        Path(part).rename(target)
    finally:
        Path(part).unlink(missing_ok=True)
    return target


def unpack(archive: Path, folder: Path, is_ours: Callable[[str], object]) -> None:
    """Unpack the archive into an empty folder. UserError if it is none, or holds anything else."""
    links: list[tuple[Path, str]] = []
    try:
        with archive.open("rb") as file:
            for number, member in enumerate(members(_File(file))):
                if number == MAX_MEMBERS:
                    raise TarDamaged(f"more than {MAX_MEMBERS} files")
                path = folder / _place(member.name, is_ours)
                path.parent.mkdir(parents=True, exist_ok=True)
                if member.kind == "folder":
                    path.mkdir(exist_ok=True)
                elif member.kind == "link":
                    links.append((path, member.target))
                elif member.is_file:
                    _write(path, member)
                else:
                    raise TarDamaged(f"{member.name} is a {member.kind}")
        for path, target in links:
            path.symlink_to(target)
    except (TarDamaged, FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise UserError(
            f"{archive} is no bundle: {error}",
            hint="name a file that `paper2run export --bundle` wrote",
        ) from error


def first_member(archive: Path, name: str, most_bytes: int) -> bytes:
    """Return the content of the first member, which is called so. UserError if it is another one."""
    try:
        with archive.open("rb") as file:
            member = next(members(_File(file)))
            if member.name != name or not member.is_file or member.size_bytes > most_bytes:
                raise TarDamaged(f"it does not begin with {name}")
            return member.read()
    except (TarDamaged, OSError) as error:
        raise UserError(
            f"{archive} is no bundle: {error}",
            hint="name a file that `paper2run export --bundle` wrote",
        ) from error


def need_room(folder: Path, size_bytes: int, what: str) -> None:
    """HostError if the disk of an existing folder has less room than that."""
    free = shutil.disk_usage(folder).free
    if free < size_bytes:
        raise HostError(
            f"{what} needs {size_bytes / 1e9:.1f} GB in {folder}, and {free / 1e9:.1f} GB are free",
            hint="free space, or name a folder on another disk",
            trouble="disk",
        )


class _File:
    """A file as the stream that a tar is read from."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def read(self, size_bytes: int) -> bytes:
        """Return the next `size_bytes`, fewer only at the end."""
        return self._file.read(size_bytes)

    def skip(self, size_bytes: int) -> None:
        """Leave out the next `size_bytes`."""
        self._file.seek(size_bytes, os.SEEK_CUR)


def _add(archive: tarfile.TarFile, packed: Packed) -> None:
    status = packed.path.lstat()
    member = tarfile.TarInfo(packed.name)
    member.mtime = int(status.st_mtime)
    member.mode = 0o755 if status.st_mode & stat.S_IXUSR else 0o644
    if stat.S_ISLNK(status.st_mode):
        member.type, member.linkname = tarfile.SYMTYPE, str(packed.path.readlink())
        archive.addfile(member)
    elif stat.S_ISDIR(status.st_mode):
        member.type = tarfile.DIRTYPE
        archive.addfile(member)
    elif stat.S_ISREG(status.st_mode):
        member.size = status.st_size
        with packed.path.open("rb") as file:
            archive.addfile(member, file)


def _place(name: str, is_ours: Callable[[str], object]) -> str:
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts:
        raise TarDamaged(f"{name!r} leads out of it")
    place = "/".join(parts)
    if not is_ours(place):
        raise TarDamaged(f"it has {place[:200]!r}")
    return place


def _write(path: Path, member: Member) -> None:
    with path.open("xb") as file:
        for piece in member.pieces():
            file.write(piece)
    path.chmod(0o755 if member.mode & stat.S_IXUSR else 0o644)
    os.utime(path, (member.mtime, member.mtime))


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
