"""Keeps logs bounded: the first and the last part of what something wrote, and its lines as they come."""

import re
from typing import Final

from paper2run.text_gate import CONTROLS

HALF_BYTES: Final = 1024 * 1024
"""What is kept of a stream's beginning, and as much of its end."""
LINE_BYTES: Final = 16_384
"""A longer line is handed on in pieces."""
LINE_END: Final = re.compile(rb"[\r\n]+")
ESCAPES: Final = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x90\x98\x9c-\x9f]*(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[ -/]*[0-~]"
)
"""Terminal control sequences, ECMA-48 and ECMA-35, in 7 and 8 bits: colours, cursor moves, titles, character sets."""
CARRIAGE_RETURNS: Final = re.compile(r"\r+\n?")
LEFT_OVER: Final = re.compile(f"[{CONTROLS}]")
"""What is no whole sequence: a lone escape, backspaces, bells."""


class BoundedLog:
    """One stream of any length in bounded memory."""

    def __init__(self, half_bytes: int = HALF_BYTES) -> None:
        self._half = half_bytes
        self._head = bytearray()
        self._tail = bytearray()
        self._left_out = 0
        self._skipped = False

    def add(self, block: bytes) -> None:
        """Take in the next block."""
        room = 0 if self._skipped else self._half - len(self._head)
        self._head += block[:room]
        self._tail += block[room:]
        # Trimmed only when twice too long, so that a flood costs no copy per block.
        if len(self._tail) > 2 * self._half:
            self._trim()

    def skip(self) -> None:
        """Keep only the beginning: what is added from now on stands behind a gap of unknown length."""
        self._left_out += len(self._tail)
        self._tail.clear()
        self._skipped = True

    def text(self) -> str:
        """Return what was kept as text, without terminal control."""
        return plain(self.content().decode(errors="replace"))

    def content(self) -> bytes:
        """Return what was kept, byte for byte; a line in between says how much was left out."""
        self._trim()
        gap = b""
        if self._left_out or (self._skipped and self._tail):
            size = f"{self._left_out} or more" if self._skipped else self._left_out
            gap = f"\n[... {size} bytes left out ...]\n".encode()
        return bytes(self._head + gap + self._tail)

    def _trim(self) -> None:
        surplus = max(len(self._tail) - self._half, 0)
        self._left_out += surplus
        del self._tail[:surplus]


class LineSplitter:
    """Cuts blocks of a stream into its lines; a carriage return ends one too, as progress bars use it."""

    def __init__(self) -> None:
        self._rest = b""

    def lines(self, block: bytes) -> list[str]:
        """Return the lines that `block` completes, without their ends; an empty block ends the last one."""
        *complete, self._rest = LINE_END.split(self._rest + block)
        if self._rest and (not block or len(self._rest) > LINE_BYTES):
            complete.append(self._rest)
            self._rest = b""
        return [plain(line.decode(errors="replace")) for line in complete if line]


def plain(text: str) -> str:
    """Return `text` without terminal control; tabs and lines stay, and a carriage return ends one too."""
    return LEFT_OVER.sub("", CARRIAGE_RETURNS.sub("\n", ESCAPES.sub("", text)))
