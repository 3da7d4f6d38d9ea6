"""The members of a tar archive, read as a stream with bounded headers.

Not `tarfile`: it reads a header's whole extension into memory, and until Python 3.11.10 and 3.12.6 searches it in
quadratic time (CVE-2024-6232). Formats: ustar, pax and GNU, as POSIX.1-2008 (pax) and the GNU tar manual describe them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, Protocol

BLOCK_BYTES: Final = 512
PIECE_BYTES: Final = 1024 * 1024
"""Of a member's content, read at once."""
MAX_HEADER_BYTES: Final = 2 * 1024 * 1024
"""Of one extended header; honest ones hold a path and some times."""
MAX_NAME_BYTES: Final = 4096
"""PATH_MAX of Linux: no file with a longer path can be packed."""

FILE_TYPES: Final = (b"0", b"\0", b"7", b"S")
"""Regular, regular of old archives, contiguous, sparse (GNU)."""
WITHOUT_CONTENT: Final = (b"1", b"2", b"3", b"4", b"5", b"6")
"""Links, devices, folders and pipes, whatever size their header claims."""
LINKS: Final = (b"1", b"2")
"""Hard and symbolic ones."""
EXTENSIONS: Final = (b"x", b"X", b"g", b"L", b"K")
"""Headers of headers: pax for the next member and for all, GNU's long name and long link target."""
Kind = Literal["file", "hard link", "link", "folder", "device", "pipe"]
KINDS: Final[dict[bytes, Kind]] = {
    b"1": "hard link", b"2": "link", b"3": "device", b"4": "device", b"5": "folder", b"6": "pipe",
}  # fmt: skip
OF_PAX: Final = frozenset({"path", "size", "linkpath"})
"""Records of a pax header that stand for a field of the plain one."""


class TarDamaged(Exception):
    """This is not a tar archive, or not one that a build tool would pack."""


class Stream(Protocol):
    """Bytes that are read forward only."""

    def read(self, size_bytes: int) -> bytes:
        """Return the next `size_bytes`, fewer only at the end."""

    def skip(self, size_bytes: int) -> None:
        """Leave out the next `size_bytes`, or what is left."""


@dataclass
class Member:
    """One member, whose content can be read until the next one is asked for."""

    name: str
    size_bytes: int
    is_file: bool
    is_link: bool
    mode: int
    """Permissions, as the header has them."""
    mtime: int
    """Seconds since 1970."""
    kind: Kind
    owner: str
    """`0:0`: numbers of user and group."""
    target: str
    """What a link names; empty for others."""
    _stream: Stream

    _is_read: bool = False

    def read(self) -> bytes:
        """Return the whole content; only once."""
        self._is_read = True
        content = self._stream.read(self.size_bytes)
        if len(content) < self.size_bytes:
            raise TarDamaged("it breaks off")
        return content

    def pieces(self) -> Iterator[bytes]:
        """Yield the whole content in pieces; only once. TarDamaged if the archive breaks off in it."""
        self._is_read = True
        left = self.size_bytes
        while left:
            piece = self._stream.read(min(left, PIECE_BYTES))
            if not piece:
                raise TarDamaged("it breaks off")
            left -= len(piece)
            yield piece


def members(stream: Stream) -> Iterator[Member]:
    """Yield the members in order. TarDamaged if the archive cannot be read, and what the stream raises."""
    extended: dict[str, bytes] = {}
    is_first = True
    while True:
        header = stream.read(BLOCK_BYTES)
        if not _is_header(header):
            # Like tarfile: an invalid header ends an archive; at its start the data are not an archive.
            if is_first:
                raise TarDamaged("no tar archive")
            return
        is_first = False
        size_bytes, kind = _number(header[124:136]), header[156:157]
        if kind in EXTENSIONS:
            extended |= _extension(stream, kind, size_bytes)
            continue
        if kind == b"S":
            _skip_sparse_map(stream, header)
        if "size" in extended:
            size_bytes = _decimal(extended["size"])
        member = _member(header, kind, extended, size_bytes, stream)
        yield member
        if kind not in WITHOUT_CONTENT:
            stream.skip((0 if member._is_read else size_bytes) + -size_bytes % BLOCK_BYTES)
        extended = {}


def _member(
    header: bytes, kind: bytes, extended: dict[str, bytes], size_bytes: int, stream: Stream
) -> Member:
    path = extended.get("path", b"")
    target = extended.get("linkpath", b"") or _text(header[157:257])
    name = path or _text(header[:100])
    if not path and kind != b"S" and (prefix := _text(header[345:500])):
        name = prefix + b"/" + name
    if len(name) > MAX_NAME_BYTES or len(target) > MAX_NAME_BYTES:
        raise TarDamaged("a member's name is longer than any path")
    # Before ustar a folder was a file whose name ends with a slash.
    is_file = kind in FILE_TYPES and not (kind == b"\0" and name.endswith(b"/"))
    return Member(
        name.decode("utf-8", "replace").rstrip("/"),
        size_bytes,
        is_file,
        kind in LINKS,
        _or_none(header[100:108]),
        _or_none(header[136:148]),
        "file" if is_file else KINDS.get(kind, "folder"),
        f"{_or_none(header[108:116])}:{_or_none(header[116:124])}",
        target.decode("utf-8", "replace") if kind in LINKS else "",
        stream,
    )


def _or_none(field: bytes) -> int:
    """Return a number that only describes a member; 0 where it is none."""
    try:
        return _number(field)
    except TarDamaged:
        return 0


def _is_header(block: bytes) -> bool:
    if len(block) < BLOCK_BYTES or not block.strip(b"\0"):
        return False
    claimed = _text(block[148:156]).strip()
    if not claimed.isdigit() or len(claimed) > 7:
        return False
    try:
        wanted = int(claimed, 8)
    except ValueError:
        return False
    return wanted == sum(block) - sum(block[148:156]) + 8 * ord(" ")


def _extension(stream: Stream, kind: bytes, size_bytes: int) -> dict[str, bytes]:
    """Return what an extended header says about the next member's path and size."""
    if size_bytes > MAX_HEADER_BYTES:
        raise TarDamaged(f"a header of more than {MAX_HEADER_BYTES // 1024**2} MB")
    content = stream.read(size_bytes)
    stream.skip(-size_bytes % BLOCK_BYTES)
    if kind == b"L":
        return {"path": _text(content)}
    if kind == b"K":
        return {"linkpath": _text(content)}
    if kind in {b"x", b"X"}:
        return {key: value for key, value in _records(content) if key in OF_PAX}
    return {}


def _records(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the records of a pax header.

    Each is `LENGTH KEY=VALUE` and a line end; LENGTH counts itself.
    """
    at = 0
    while at < len(content) and content[at]:
        blank = content.find(b" ", at, at + 12)
        length = _decimal(content[at:blank]) if blank > 0 else 0
        if length <= blank + 1 - at or at + length > len(content):
            raise TarDamaged("a pax header without its lengths")
        key, _, value = content[blank + 1 : at + length - 1].partition(b"=")
        yield key.decode("utf-8", "replace"), value
        at += length


def _skip_sparse_map(stream: Stream, header: bytes) -> None:
    """Leave out the blocks in which GNU tar continues the map of a sparse file's holes."""
    is_continued = header[482]
    while is_continued:
        block = stream.read(BLOCK_BYTES)
        is_continued = len(block) == BLOCK_BYTES and block[504]


def _text(field: bytes) -> bytes:
    return field.partition(b"\0")[0]


def _number(field: bytes) -> int:
    """Return a number of a header: octal, or of base 256 behind the byte 0x80."""
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    text = _text(field).strip()
    if len(text) > len(field) or text.strip(b"01234567"):
        raise TarDamaged("a size that is no number")
    return int(text or b"0", 8)


def _decimal(text: bytes) -> int:
    if not text.isdigit() or len(text) > 20:
        raise TarDamaged("a length that is no number")
    return int(text)
