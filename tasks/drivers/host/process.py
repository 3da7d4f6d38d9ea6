"""Runs one program on the host: argument list, time limit, bounded output, process group ended.

This is the only place that starts programs. It never goes through a shell.
"""

import os
import selectors
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Final

from paper2run.errors import HostError
from paper2run.logs import BoundedLog, LineSplitter

MAX_BYTES: Final = 4 * 1024 * 1024
"""Bytes kept of each output stream: the first and the last half of it."""
WATCH_INTERVAL_S: Final = 0.5
GRACE_S: Final = 3.0
"""Time of a group between SIGTERM and SIGKILL: git removes its lock files in less than 1 s."""
LINGER_S: Final = 2.0
"""How long output is still read after the program has ended; a daemon it left behind may hold the pipe open."""
CLOSED_PAUSE_S: Final = 0.01
"""Between two looks at a program that still runs with both of its streams closed."""
BLOCK_BYTES: Final = 65_536
TOO_MUCH: Final = "too much output"
"""Reason for ending a program that wrote a longer listing than its caller accepts."""
DRAIN_BLOCKS: Final = 64
"""More than two pipes hold: a pipe holds 64 kB, on Linux at most 1 MB."""


@dataclass(frozen=True)
class Finished:
    """How a program ended and what it wrote."""

    exit_code: int
    """Negative: the signal that ended it."""
    stdout: str
    stderr: str
    timed_out: bool
    seconds: float
    stopped: str = ""
    """The reason that `watch` gave for ending it; empty if it gave none."""


def run(
    argv: Sequence[str],
    *,
    timeout_s: float,
    cwd: Path | None = None,
    env: Mapping[str, str | None] | None = None,
    max_bytes: int = MAX_BYTES,
    stdin_text: str | None = None,
    on_line: Callable[[str], None] | None = None,
    watch: Callable[[], str | None] | None = None,
    errors: str = "replace",
    keep_fds: Sequence[int] = (),
    listing_bytes: int | None = None,
) -> Finished:
    """Return how `argv` ended; an exit code other than 0 does not raise.

    `env` is laid over our own environment, None removes a variable. `on_line` gets every line of both streams
    without its end (a carriage return ends one too) and without colours; `watch` is asked twice a second and ends
    the group by returning a reason. Both run in the caller's thread, and whatever they raise ends the group first.
    `errors` is how output that is not UTF-8 is decoded, `surrogateescape` keeps file names exact; standard input
    is empty unless given. The program inherits `keep_fds`. With `listing_bytes` standard output is kept whole and not
    passed to `on_line`; a program that writes more is ended, `stopped` is TOO_MUCH, and nothing is kept. HostError
    if the program is not installed.
    """
    environment = _environment(env)
    _need_installed(argv[0], environment)
    started = time.monotonic()
    # A file instead of a pipe: a program that writes before it has read everything cannot block us.
    # A listing goes to a file, too: through a pipe it comes in thousands of small pieces.
    with tempfile.TemporaryFile() as stdin, tempfile.TemporaryFile() as listing:
        stdin.write((stdin_text or "").encode(errors="surrogateescape"))
        stdin.seek(0)
        process = subprocess.Popen(
            argv,
            cwd=cwd,
            env=environment,
            stdin=stdin,
            stdout=subprocess.PIPE if listing_bytes is None else listing,
            stderr=subprocess.PIPE,
            start_new_session=True,
            pass_fds=keep_fds,
        )
        streams = _Streams(process, max_bytes, on_line)
        look = watch if listing_bytes is None else partial(_too_much, listing, listing_bytes)
        timed_out, stopped = _awaited(process, streams, started + timeout_s, look)
        content = streams.stdout.content()
        if listing_bytes is not None:
            stopped = stopped or _too_much(listing, listing_bytes) or ""
            listing.seek(0)
            content = b"" if stopped else listing.read()
    return Finished(
        exit_code=process.returncode,
        stdout=content.decode(errors=errors),
        stderr=streams.stderr.content().decode(errors=errors),
        timed_out=timed_out,
        seconds=time.monotonic() - started,
        stopped=stopped,
    )


def _need_installed(program: str, environment: Mapping[str, str]) -> None:
    if shutil.which(program, path=environment.get("PATH")) is None:
        raise HostError(
            f"{program} is not installed",
            hint=f"install {program} so that it is on the PATH (on Debian: apt-get install {program})",
        )


def _environment(changes: Mapping[str, str | None] | None) -> dict[str, str]:
    merged = {**os.environ, **(changes or {})}
    return {name: value for name, value in merged.items() if value is not None}


def _too_much(listing: IO[bytes], most_bytes: int) -> str | None:
    return TOO_MUCH if os.fstat(listing.fileno()).st_size > most_bytes else None


def _awaited(
    process: subprocess.Popen[bytes],
    streams: "_Streams",
    deadline: float,
    watch: Callable[[], str | None] | None,
) -> tuple[bool, str]:
    """Read until the program has ended, then end its group.

    Return whether its time ran out, and why it was ended.
    """
    try:
        try:
            ended = _follow(process, streams, deadline, watch)
        finally:
            _end_group(process)
        streams.drain()
    finally:
        streams.close()
    return ended


def _follow(
    process: subprocess.Popen[bytes],
    streams: "_Streams",
    deadline: float,
    watch: Callable[[], str | None] | None,
) -> tuple[bool, str]:
    """Read until the program has ended; return whether its time ran out, and why `watch` stopped it."""
    next_watch = time.monotonic()
    ended_at: float | None = None
    while True:
        now = time.monotonic()
        if process.poll() is not None:
            ended_at = ended_at or now
            if not streams.open or now - ended_at > LINGER_S:
                return False, ""
        elif now >= deadline:
            return True, ""
        elif watch and now >= next_watch:
            if reason := watch():
                return False, reason
            next_watch = time.monotonic() + WATCH_INTERVAL_S
        streams.read(min(WATCH_INTERVAL_S, max(deadline - now, 0.01)))


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """End what is left of the program's group: SIGTERM, a grace period, SIGKILL; then reap the program."""
    try:
        if process.poll() is None:
            _signal_group(process, signal.SIGTERM)
            process.wait(GRACE_S)
    except subprocess.TimeoutExpired:
        return
    finally:
        _signal_group(process, signal.SIGKILL)
        process.wait()


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return


class _Streams:
    """Both output pipes of a program, read without one blocking the other."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        max_bytes: int,
        on_line: Callable[[str], None] | None,
    ) -> None:
        self.stdout = BoundedLog(max_bytes // 2)
        self.stderr = BoundedLog(max_bytes // 2)
        self._on_line = on_line
        self._kept = {
            pipe: (log, LineSplitter())
            for pipe, log in ((process.stdout, self.stdout), (process.stderr, self.stderr))
            if pipe
        }
        self._selector = selectors.DefaultSelector()
        for pipe in self._kept:
            self._selector.register(pipe, selectors.EVENT_READ)

    @property
    def open(self) -> bool:
        """True while a pipe may still deliver output."""
        return bool(self._selector.get_map())

    def read(self, timeout_s: float) -> bool:
        """Read available output, waiting at most `timeout_s`; return whether there was any."""
        if not self.open:
            time.sleep(min(timeout_s, CLOSED_PAUSE_S))
            return False
        ready = self._selector.select(timeout_s)
        for key, _ in ready:
            block = os.read(key.fd, BLOCK_BYTES)
            if not block:
                self._selector.unregister(key.fileobj)
            log, splitter = self._kept[key.fileobj]  # type: ignore[index]
            log.add(block)
            for line in splitter.lines(block):
                if self._on_line:
                    self._on_line(line)
        return bool(ready)

    def drain(self) -> None:
        """Read what the ended group left in the pipes; a process that escaped the group cannot hold us up."""
        for _ in range(DRAIN_BLOCKS):
            if not self.open or not self.read(0):
                return

    def close(self) -> None:
        """Give the pipes back."""
        self._selector.close()
        for pipe in self._kept:
            pipe.close()
