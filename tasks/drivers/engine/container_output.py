"""Reads a container's output from the engine's log, in raw blocks.

docker-py splits it line by line, which is too slow.
Frames: https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerAttach
"""

import struct
from collections import deque
from collections.abc import Callable, Iterator
from typing import Final

from paper2run.logs import BoundedLog, LineSplitter
from tasks.drivers.engine.engine import Engine

LOG_OPTIONS: Final = {"max-size": "10m", "max-file": "2"}
"""The engine's own limit on what it stores."""
FOLLOWED_BYTES: Final = 8 * 1024 * 1024
"""Of the engine's log file; beyond it the log rotates under the reader, so only its end is read when all is over."""
RECORD_BYTES: Final = 90
"""What the engine's JSON log file adds to each line."""
TAIL_LINES: Final = 5000
BLOCK_BYTES: Final = 65_536
CONNECT_TIMEOUT_S: Final = 15
READ_TIMEOUT_S: Final = 60
HEADER: Final = struct.Struct(">BxxxL")
STDERR: Final = 2


class ContainerOutput:
    """Both streams of a container, bounded; `follow` runs in a thread of its own."""

    def __init__(self, engine: Engine, container_id: str) -> None:
        self.stdout = BoundedLog()
        self.stderr = BoundedLog()
        self._client = engine.http
        self._id = container_id
        self._cut_off = False
        self._followed_bytes = {False: 0, True: 0}
        self._splitters = {False: LineSplitter(), True: LineSplitter()}
        self._lines: deque[str] = deque()

    @property
    def size_bytes(self) -> int:
        """What was read so far."""
        return sum(self._followed_bytes.values())

    def follow(self) -> None:
        """Read until the container ends or has flooded its log."""
        from requests.exceptions import RequestException
        from urllib3.exceptions import HTTPError

        stored = 0
        self._cut_off = True
        try:
            for is_stderr, data in self._frames({"follow": 1}, read_timeout_s=None):
                stored += len(data) + RECORD_BYTES
                self._followed_bytes[is_stderr] += len(data)
                self._add(is_stderr, data)
                self._lines.extend(self._splitters[is_stderr].lines(data))
                if stored > FOLLOWED_BYTES:
                    return
        except (RequestException, HTTPError):
            # The engine is gone: the thread that waits for the container gets the same error and reports it.
            return
        self._cut_off = False

    def hand_on(self, on_line: Callable[[str], None] | None) -> None:
        """Pass the lines since the last call to `on_line`, in the caller's thread."""
        while self._lines:
            line = self._lines.popleft()
            if on_line:
                on_line(line)

    def complete(self) -> None:
        """Add the end of the log after the container has ended, if following stopped earlier."""
        if not self._cut_off:
            self._add_late()
        for is_stderr, splitter in self._splitters.items():
            self._lines.extend(splitter.lines(b""))
            if self._cut_off:
                (self.stderr if is_stderr else self.stdout).skip()
        if self._cut_off:
            for is_stderr, data in self._frames({"tail": TAIL_LINES}, READ_TIMEOUT_S):
                self._add(is_stderr, data)

    def _add_late(self) -> None:
        """Add what the engine stored after the follower's end: a last line without an end comes late (20.10)."""
        known = dict(self._followed_bytes)
        for is_stderr, data in self._frames({}, READ_TIMEOUT_S):
            late = data[known[is_stderr] :]
            known[is_stderr] = max(known[is_stderr] - len(data), 0)
            if late:
                self._add(is_stderr, late)
                self._lines.extend(self._splitters[is_stderr].lines(late))

    def _add(self, is_stderr: bool, data: bytes) -> None:
        (self.stderr if is_stderr else self.stdout).add(data)

    def _frames(
        self, query: dict[str, int], read_timeout_s: float | None
    ) -> Iterator[tuple[bool, bytes]]:
        """Yield each stream's name and the block written to it."""
        response = self._client._get(
            self._client._url("/containers/{0}/logs", self._id),
            params={"stdout": 1, "stderr": 1, **query},
            stream=True,
            timeout=(CONNECT_TIMEOUT_S, read_timeout_s),
        )
        try:
            self._client._raise_for_status(response)
            rest = b""
            for block in response.raw.stream(BLOCK_BYTES, decode_content=False):
                rest += block
                at = 0
                while len(rest) >= at + HEADER.size:
                    stream, size = HEADER.unpack_from(rest, at)
                    start = at + HEADER.size
                    if len(rest) < start + size:
                        break
                    yield stream == STDERR, rest[start : start + size]
                    at = start + size
                rest = rest[at:]
        finally:
            response.close()
