"""Decodes BuildKit's progress: `moby.buildkit.trace` items hold a protobuf StatusResponse each.

It reads only the fields that a log needs and skips unknown ones, as the wire format requires.
https://github.com/moby/buildkit/blob/master/api/services/control/control.proto
https://protobuf.dev/programming-guides/encoding/
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

VARINT: Final = 0
FIXED64: Final = 1
BYTES: Final = 2
FIXED32: Final = 5
STDERR: Final = 2


class Vertex(NamedTuple):
    """One step of a build, as far as it has come; a later message about the same digest replaces it."""

    digest: str
    name: str
    cached: bool
    started: bool
    completed: bool
    error: str

    @property
    def begun(self) -> bool:
        """True once the step runs, or needs not run."""
        return self.started or self.cached


class Output(NamedTuple):
    """What a step wrote."""

    digest: str
    is_stderr: bool
    data: bytes


class Progress(NamedTuple):
    """One message of the trace."""

    vertexes: tuple[Vertex, ...]
    outputs: tuple[Output, ...]


def decode(message: bytes) -> Progress:
    """Return what a StatusResponse says; ValueError if it is malformed."""
    vertexes = []
    outputs = []
    for number, value in _fields(message):
        if number == 1:
            vertexes.append(_vertex(_bytes(value)))
        elif number == 3:
            outputs.append(_output(_bytes(value)))
    return Progress(tuple(vertexes), tuple(outputs))


def _vertex(message: bytes) -> Vertex:
    fields = dict(_fields(message))
    return Vertex(
        digest=_text(fields.get(1, b"")),
        name=_text(fields.get(3, b"")),
        cached=bool(fields.get(4, 0)),
        started=5 in fields,
        completed=6 in fields,
        error=_text(fields.get(7, b"")),
    )


def _output(message: bytes) -> Output:
    fields = dict(_fields(message))
    return Output(_text(fields.get(1, b"")), fields.get(3) == STDERR, _bytes(fields.get(4, b"")))


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield field number and value, in the order of the message."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        number, kind = key >> 3, key & 7
        if kind == VARINT:
            value, at = _varint(message, at)
            yield number, value
            continue
        if kind == BYTES:
            size, at = _varint(message, at)
        elif kind in (FIXED64, FIXED32):
            size = 8 if kind == FIXED64 else 4
        else:
            raise ValueError(f"wire type {kind} is not used by BuildKit")
        if at + size > len(message):
            raise ValueError("the message ends inside a field")
        yield number, message[at : at + size]
        at += size


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """Return the number at `at` and the place behind it."""
    value = shift = 0
    while at < len(message):
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise ValueError("the message ends inside a number")


def _bytes(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise ValueError("a number stands where bytes should")
    return value


def _text(value: int | bytes) -> str:
    return _bytes(value).decode(errors="replace")
