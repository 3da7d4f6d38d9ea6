"""Compressed data unpacked in small pieces and up to a limit, whatever its headers claim.

The standard readers (`gzip`, `bz2`, `lzma`, `tarfile`) unpack as much as a header asks for in one piece: 3 MB of input
took 3 GB of memory. Only the decompressors themselves are used here, each call with a bound.
"""

import bz2
import lzma
import zlib
from collections.abc import Iterator
from typing import Final

INPUT_BYTES: Final = 64 * 1024
"""Handed to a decompressor at once; what it does not use is copied, so the pieces stay small."""
OUTPUT_BYTES: Final = 256 * 1024
"""Taken from a decompressor at once."""
LZMA_MEMORY_BYTES: Final = 128 * 1024 * 1024
"""Twice what `xz -9` needs to unpack; a header may ask for 4 GB."""
MAX_STREAMS: Final = 20_000
"""Streams one behind the other, as pbzip2 and bgzip write them: 1 GB in blocks of 64 kB are 16,000."""

GZIP: Final = b"\x1f\x8b"
BZIP2: Final = b"BZh"
XZ: Final = b"\xfd7zXZ\0"


class UnpackingError(Exception):
    """The data is damaged, or larger than it may be."""


class Unpacked:
    """The content of gzip, bzip2, xz or plain data, read forward only.

    UnpackingError beyond `limit_bytes`.
    """

    def __init__(self, data: bytes, limit_bytes: int) -> None:
        self._pieces = _pieces(data)
        self._piece = memoryview(b"")
        self._limit = limit_bytes
        self._unpacked = 0

    def read(self, size_bytes: int) -> bytes:
        """Return the next `size_bytes`, fewer only at the end of the data."""
        return b"".join(self._next(size_bytes))

    def skip(self, size_bytes: int) -> None:
        """Leave out the next `size_bytes`, or what is left of the data."""
        for _ in self._next(size_bytes):
            continue

    def _next(self, size_bytes: int) -> Iterator[memoryview]:
        while size_bytes > 0:
            if not self._piece:
                self._piece = memoryview(self._unpack())
                if not self._piece:
                    return
            part = self._piece[:size_bytes]
            self._piece = self._piece[len(part) :]
            size_bytes -= len(part)
            yield part

    def _unpack(self) -> bytes:
        try:
            piece = next(self._pieces, b"")
        except (zlib.error, lzma.LZMAError, OSError, EOFError) as error:
            raise UnpackingError(f"damaged: {error}") from error
        self._unpacked += len(piece)
        if self._unpacked > self._limit:
            raise UnpackingError(f"it unpacks to more than {self._limit // 1024**2} MB")
        return piece


def _pieces(data: bytes) -> Iterator[bytes]:
    if data.startswith(GZIP):
        return _gunzipped(data)
    if data.startswith((BZIP2, XZ)):
        return _decompressed(data)
    return (data[at : at + OUTPUT_BYTES] for at in range(0, len(data), OUTPUT_BYTES))


def _gunzipped(data: bytes) -> Iterator[bytes]:
    at = 0
    for _ in range(MAX_STREAMS):
        if not data.startswith(GZIP, at):
            # Padding behind the last stream; gzip leaves it out too.
            return
        stream, block = zlib.decompressobj(wbits=31), b""
        while not stream.eof:
            if not block:
                block = data[at : at + INPUT_BYTES]
                at += len(block)
            piece = stream.decompress(block, OUTPUT_BYTES)
            if piece:
                yield piece
            elif not block:
                raise EOFError("it breaks off")
            block = stream.unconsumed_tail
        at -= len(stream.unused_data)
    raise OSError(f"more than {MAX_STREAMS} streams")


def _decompressed(data: bytes) -> Iterator[bytes]:
    at = 0
    for _ in range(MAX_STREAMS):
        if data.startswith(BZIP2, at):
            stream: bz2.BZ2Decompressor | lzma.LZMADecompressor = bz2.BZ2Decompressor()
        elif data.startswith(XZ, at):
            stream = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=LZMA_MEMORY_BYTES)
        else:
            return
        while not stream.eof:
            block = data[at : at + INPUT_BYTES] if stream.needs_input else b""
            at += len(block)
            piece = stream.decompress(block, OUTPUT_BYTES)
            if piece:
                yield piece
            elif stream.needs_input and at >= len(data) and not stream.eof:
                raise EOFError("it breaks off")
        at -= len(stream.unused_data)
    raise OSError(f"more than {MAX_STREAMS} streams")
