"""Archives of the index, read as data: METADATA from the end of a wheel, a few texts out of an sdist.

Of a wheel only the tail travels (HTTP ranges); a server without ranges sends all of it, up to a limit.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterable
from typing import Final

from paper2run.index.package_metadata import METADATA_FILES
from tasks.drivers.host.tar_members import TarDamaged, members
from tasks.drivers.host.unpacking import Unpacked, UnpackingError

TAIL_BYTES: Final = 64 * 1024
"""Holds the directory of nearly every wheel, and its METADATA, which build tools write last."""
MAX_ARCHIVE_BYTES: Final = 64 * 1024 * 1024
"""Largest archive that is fetched whole."""
MAX_UNPACKED_BYTES: Final = 1024 * 1024 * 1024
"""Limit for reading a compressed archive, against archives made to unpack for ever."""
MAX_TEXT_BYTES: Final = 2 * 1024 * 1024
MAX_MEMBERS: Final = 50_000
MAX_READ_BYTES: Final = 8 * 1024 * 1024
"""Read of a zip in one piece: the directory of 50,000 members. `zipfile` makes ten times that out of it."""
ZIP_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""What build tools write. `zipfile` unpacks the others without a bound: 2 MB of bzip2 can be 40 GB."""
DAMAGE: Final = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, LookupError, OSError, OverflowError, RuntimeError,
    ValueError,
)  # fmt: skip
"""What `zipfile` raises on damaged, encrypted and made-up archives; it documents the first only."""

Fetch = Callable[[int, int], bytes]
"""Bytes of a file from an offset up to, not including, an end."""


class UnreadableArchive(Exception):
    """The archive is damaged, too large, or lacks what every archive of its kind has."""


class RemoteFile(io.RawIOBase):
    """A seekable file whose bytes are fetched when read, the tail first and once."""

    def __init__(self, size_bytes: int, fetch: Fetch) -> None:
        if size_bytes <= 0:
            raise UnreadableArchive("the index does not say how large it is")
        self._size = size_bytes
        self._fetch = fetch
        self._left = MAX_ARCHIVE_BYTES
        self._at = 0
        self._start = max(0, size_bytes - TAIL_BYTES)
        self._tail = fetch(self._start, size_bytes)

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to `offset` and return the new position."""
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if origin + offset < 0:
            raise ValueError("a place before the start")
        self._at = origin + offset
        return self._at

    def tell(self) -> int:
        """Return the position."""
        return self._at

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes from the position on; all of them for a negative size."""
        end = self._size if size < 0 else min(self._size, self._at + size)
        if self._at >= end:
            return b""
        _refuse_large(end - self._at)
        if self._at >= self._start:
            data = self._tail[self._at - self._start : end - self._start]
        else:
            self._left -= end - self._at
            if self._left < 0:
                raise UnreadableArchive(f"more than {MAX_ARCHIVE_BYTES // 1024**2} MB to read")
            data = self._fetch(self._at, end)
        self._at += len(data)
        return data


class _HeldFile(io.BytesIO):
    """A file in memory that refuses large reads."""

    def read(self, size: int | None = -1) -> bytes:
        """Return up to `size` bytes from the position on; UnreadableArchive for more than MAX_READ_BYTES."""
        rest = self.getbuffer().nbytes - self.tell()
        _refuse_large(rest if size is None or size < 0 else min(size, rest))
        return super().read(size)


def wheel_metadata_text(file: io.RawIOBase | io.BytesIO) -> str:
    """Return the METADATA of a wheel; UnreadableArchive if there is none."""
    try:
        with zipfile.ZipFile(file) as archive:
            for info in archive.infolist()[:MAX_MEMBERS]:
                folder, _, name = info.filename.partition("/")
                if name == "METADATA" and folder.endswith(".dist-info"):
                    if not _is_small(info):
                        break
                    return archive.read(info).decode("utf-8", "replace")
    except DAMAGE as error:
        raise UnreadableArchive(f"not a readable wheel: {error}") from error
    raise UnreadableArchive("no METADATA in the wheel")


def wheel_members(file: io.RawIOBase | io.BytesIO) -> tuple[str, ...]:
    """Return the names of a wheel's members, from its directory alone."""
    try:
        with zipfile.ZipFile(file) as archive:
            return tuple(archive.namelist()[:MAX_MEMBERS])
    except DAMAGE as error:
        raise UnreadableArchive(f"not a readable wheel: {error}") from error


def wheel_contents(file: io.RawIOBase | io.BytesIO, wanted: Collection[str]) -> dict[str, bytes]:
    """Return the content of members of a wheel; those that are absent or too large are left out."""
    try:
        with zipfile.ZipFile(file) as archive:
            infos = [info for info in archive.infolist()[:MAX_MEMBERS] if info.filename in wanted]
            return {info.filename: archive.read(info) for info in infos if _is_small(info)}
    except DAMAGE as error:
        raise UnreadableArchive(f"not a readable wheel: {error}") from error


def source_contents(filename: str, data: bytes, wanted: Collection[str]) -> dict[str, bytes]:
    """Return the content of members of an sdist, as `wheel_contents` does."""
    if filename.endswith(".zip"):
        return wheel_contents(_HeldFile(data), wanted)
    try:
        return {
            member.name: member.read()
            for member in members(Unpacked(data, MAX_UNPACKED_BYTES))
            if member.is_file and member.name in wanted and member.size_bytes <= MAX_TEXT_BYTES
        }
    except (*DAMAGE, TarDamaged, UnpackingError) as error:
        raise UnreadableArchive(f"not a readable source archive: {error}") from error


def source_texts(filename: str, data: bytes) -> tuple[list[str], dict[str, str]]:
    """Return the member names of an sdist and the texts that `package_metadata` reads, by member name.

    Of the files of one name only the shallowest is there. UnreadableArchive if the archive is damaged or too large.
    """
    try:
        return _zip_texts(data) if filename.endswith(".zip") else _tar_texts(data)
    except (*DAMAGE, TarDamaged, UnpackingError) as error:
        raise UnreadableArchive(f"not a readable source archive: {error}") from error


def _zip_texts(data: bytes) -> tuple[list[str], dict[str, str]]:
    with zipfile.ZipFile(_HeldFile(data)) as archive:
        infos = archive.infolist()[:MAX_MEMBERS]
        wanted = {
            info.filename: info for info in infos if _is_wanted(info.filename) and _is_small(info)
        }
        texts = {
            name: archive.read(wanted[name]).decode("utf-8", "replace")
            for name in _shallowest(wanted)
        }
        return [info.filename for info in infos], texts


def _tar_texts(data: bytes) -> tuple[list[str], dict[str, str]]:
    names: list[str] = []
    texts: dict[str, str] = {}
    for member in members(Unpacked(data, MAX_UNPACKED_BYTES)):
        names.append(member.name)
        if len(names) > MAX_MEMBERS:
            raise UnreadableArchive(f"more than {MAX_MEMBERS} members")
        is_read = member.is_file and member.size_bytes <= MAX_TEXT_BYTES
        if (
            is_read
            and _is_wanted(member.name)
            and member.name in _shallowest((*texts, member.name))
        ):
            texts[member.name] = member.read().decode("utf-8", "replace")
            texts = {name: texts[name] for name in _shallowest(texts)}
    return names, texts


def _shallowest(paths: Iterable[str]) -> list[str]:
    """Return for each file name the path that `source_metadata` would use.

    The other paths may be many and their files large.
    """
    found: dict[str, str] = {}
    for path in sorted(paths, key=lambda path: (-path.count("/"), path)):
        found[path.rpartition("/")[2]] = path
    return list(found.values())


def _is_wanted(name: str) -> bool:
    return name.rpartition("/")[2] in METADATA_FILES


def _is_small(info: zipfile.ZipInfo) -> bool:
    return info.file_size <= MAX_TEXT_BYTES and info.compress_type in ZIP_METHODS


def _refuse_large(size_bytes: int) -> None:
    if size_bytes > MAX_READ_BYTES:
        raise UnreadableArchive(f"a part of {size_bytes // 1024**2} MB")
