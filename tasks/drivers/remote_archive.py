"""Archives of the index, read as data: METADATA from the end of a wheel, a few texts out of an sdist.

Of a wheel only the tail travels (HTTP ranges); a server without ranges sends all of it, up to a limit.
"""

import io
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from typing import Final

from paper2run.package_metadata import METADATA_FILES

TAIL_BYTES: Final = 64 * 1024
"""Holds the directory of nearly every wheel, and its METADATA, which build tools write last."""
MAX_ARCHIVE_BYTES: Final = 64 * 1024 * 1024
"""Largest archive that is fetched whole."""
MAX_UNPACKED_BYTES: Final = 1024 * 1024 * 1024
"""Where reading a compressed archive stops, against archives made to unpack for ever."""
MAX_TEXT_BYTES: Final = 2 * 1024 * 1024
MAX_MEMBERS: Final = 50_000

Fetch = Callable[[int, int], bytes]
"""Bytes of a file from an offset up to, not including, an end."""


class UnreadableArchive(Exception):
    """The archive is damaged, too large, or lacks what every archive of its kind has."""


class RemoteFile(io.RawIOBase):
    """A seekable file whose bytes are fetched when read, the tail first and once."""

    def __init__(self, size_bytes: int, fetch: Fetch) -> None:
        self._size = size_bytes
        self._fetch = fetch
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
        if self._at >= self._start:
            data = self._tail[self._at - self._start : end - self._start]
        else:
            data = self._fetch(self._at, end)
        self._at += len(data)
        return data


def wheel_metadata_text(file: io.RawIOBase | io.BytesIO) -> str:
    """Return the METADATA of a wheel; UnreadableArchive if there is none."""
    try:
        with zipfile.ZipFile(file) as archive:
            for info in archive.infolist():
                folder, _, name = info.filename.partition("/")
                if name == "METADATA" and folder.endswith(".dist-info"):
                    if info.file_size > MAX_TEXT_BYTES:
                        break
                    return archive.read(info).decode("utf-8", "replace")
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError) as error:
        raise UnreadableArchive(f"not a readable wheel: {error}") from error
    raise UnreadableArchive("no METADATA in the wheel")


def wheel_members(file: io.RawIOBase | io.BytesIO) -> tuple[str, ...]:
    """Return the names of a wheel's members, of which only the directory is read."""
    try:
        with zipfile.ZipFile(file) as archive:
            return tuple(archive.namelist()[:MAX_MEMBERS])
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError) as error:
        raise UnreadableArchive(f"not a readable wheel: {error}") from error


def source_texts(filename: str, data: bytes) -> tuple[list[str], dict[str, str]]:
    """Return the member names of an sdist and the texts that `package_metadata` reads, by member name."""
    try:
        if filename.endswith(".zip"):
            return _zip_texts(data)
        return _tar_texts(data)
    except (
        zipfile.BadZipFile,
        tarfile.TarError,
        zlib.error,
        NotImplementedError,
        EOFError,
        OSError,
    ) as error:
        raise UnreadableArchive(f"not a readable source archive: {error}") from error


def _zip_texts(data: bytes) -> tuple[list[str], dict[str, str]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = archive.infolist()[:MAX_MEMBERS]
        texts = {
            info.filename: archive.read(info).decode("utf-8", "replace")
            for info in members
            if _is_wanted(info.filename, info.file_size)
        }
        return [info.filename for info in members], texts


def _tar_texts(data: bytes) -> tuple[list[str], dict[str, str]]:
    names: list[str] = []
    texts: dict[str, str] = {}
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:*") as archive:
        for member in archive:
            names.append(member.name)
            if len(names) > MAX_MEMBERS or archive.offset > MAX_UNPACKED_BYTES:
                raise UnreadableArchive("the source archive is larger than any honest one")
            if member.isfile() and _is_wanted(member.name, member.size):
                content = archive.extractfile(member)
                if content is not None:
                    texts[member.name] = content.read().decode("utf-8", "replace")
    return names, texts


def _is_wanted(name: str, size_bytes: int) -> bool:
    return size_bytes <= MAX_TEXT_BYTES and name.rpartition("/")[2] in METADATA_FILES
