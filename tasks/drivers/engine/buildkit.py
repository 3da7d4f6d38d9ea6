"""Builds images through the engine's HTTP interface: with BuildKit if available, without buildx.

docker-py's own `images.build` supports only the classic builder, so the request uses private names
of its client (tests/engine checks them). Podman ignores the version and answers with plain text
items, which are read too.
https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Image/operation/ImageBuild
"""

import json
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final, assert_never

from paper2run.errors import HostError
from paper2run.model.outcome import BuildFailed, Built, Log
from paper2run.rendering.injection import base_images
from paper2run.rendering.source_date import source_date
from tasks.drivers.engine.build_context import BuildInput, stream
from tasks.drivers.engine.build_ending import KILLED_CODE, failure
from tasks.drivers.engine.build_guard import Alarm, Guard
from tasks.drivers.engine.build_transcript import Transcript
from tasks.drivers.engine.engine import RUN_LABEL, Engine, engine_faults

if TYPE_CHECKING:
    from requests import Response

CONNECT_TIMEOUT_S: Final = 15
CANCEL_TIMEOUT_S: Final = 20
CANCEL_GRACE_S: Final = 10
"""Time for an engine to end a cancelled build (BuildKit: 0.1 s) before its connection is cut, which ends
builds on engines that know no cancelling."""
POLL_S: Final = 0.5
"""Between two looks at the machine: at 500 MB a second the default reserve of 2 GB lasts 4 s."""
BLOCK_BYTES: Final = 65_536


def build(
    engine: Engine,
    context: BuildInput,
    *,
    run_id: str,
    timeout_s: float,
    min_free_mb: int = 0,
    on_line: Callable[[str], None] | None = None,
) -> Built | BuildFailed:
    """Return the image, or the step that failed; missing base images are pulled first.

    Without a `run_id` the image carries no label of a run, and no sweep ever takes it.

    The build is cancelled when its time is over, when the machine runs out of disk (`min_free_mb`), memory or
    processes (where the engine is on this machine), and whenever this function is left. HostError for what is not
    the repository's doing: engine, registry, index, disk, machine.
    """
    started = time.monotonic()
    bases = base_images(context.injection.apply(context.dockerfile))
    for base in bases:
        if engine.image(base) is None and engine.pull(base, on_line) is None:
            return _without_base(base, time.monotonic() - started)
    transcript = Transcript(on_line or (lambda line: None), context.injection.strip)
    watch = _Watch(engine, timeout_s, Guard(engine, min_free_mb))
    try:
        with engine_faults(f"building {context.tag}"), watch:
            for item in _request(engine, context, run_id, watch):
                transcript.add(item)
    except HostError:
        if not watch.has_cancelled:
            raise
    seconds = time.monotonic() - started
    is_done = bool(transcript.image_id) and not transcript.error
    if watch.alarm is not None and not is_done:
        return _out_of_room(watch.alarm, transcript, context, seconds)
    if watch.is_over or not is_done:
        return failure(transcript, context, seconds, timed_out=watch.is_over)
    image = engine.image(context.tag)
    if image is None:
        raise HostError(
            f"{context.tag} was built and is gone already",
            hint="see that nothing prunes images during a run, then run again",
            transient=True,
            trouble="engine",
        )
    base_info = engine.image(bases[-1]) if bases else None
    return Built(
        image=context.tag,
        image_id=image.id,
        size_bytes=image.size_bytes,
        base_image_id=base_info.id if base_info else "",
        seconds=time.monotonic() - started,
        cached_steps=transcript.cached_steps,
        log=transcript.log,
    )


def _without_base(base: str, seconds: float) -> BuildFailed:
    words = f"{base}: the registry has no such image"
    return BuildFailed(step=f"FROM {base}", exit_code=None, seconds=seconds, log=Log(stderr=words))


class _Watch:
    """Cancels a build that exceeds its time limit or endangers the machine.

    An exception that leaves the block cancels it too.
    """

    def __init__(self, engine: Engine, timeout_s: float, guard: Guard) -> None:
        self.build_id = uuid.uuid4().hex
        self.is_over = False
        self.alarm: Alarm | None = None
        self.response: Response | None = None
        self._engine = engine
        self._ends_at = time.monotonic() + timeout_s
        self._guard = guard
        self._ended = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)

    @property
    def has_cancelled(self) -> bool:
        """True once the build was ended from here."""
        return self.is_over or self.alarm is not None

    def __enter__(self) -> None:
        self._watcher.start()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._ended.set()
        if kind is not None:
            self._cancel()
        if self.response is not None:
            self.response.close()

    def _watch(self) -> None:
        while not self._ended.wait(min(POLL_S, max(self._ends_at - time.monotonic(), 0))):
            self.is_over = time.monotonic() >= self._ends_at
            self.alarm = None if self.is_over else self._guard.alarm()
            if self.has_cancelled:
                self._end()
                return

    def _end(self) -> None:
        self._cancel()
        if not self._ended.wait(CANCEL_GRACE_S) and self.response is not None:
            _cut(self._engine, self.response)

    def _cancel(self) -> None:
        from docker.errors import DockerException
        from requests.exceptions import RequestException

        client = self._engine.http
        try:
            client._post(
                client._url("/build/cancel"), params={"id": self.build_id}, timeout=CANCEL_TIMEOUT_S
            ).close()
        except (DockerException, RequestException):
            # An engine that ignores this has died or cannot cancel; the closed connection ends the build.
            return


def _request(
    engine: Engine, context: BuildInput, run_id: str, watch: _Watch
) -> Iterator[dict[str, Any]]:
    """Send the context and yield the items of the answer as they come."""
    client = engine.http
    shared = [context.cache_from] if context.cache_from else []
    # Reusable layers must record the step that made them; that is off by default.
    inline = {"BUILDKIT_INLINE_CACHE": "1"} if shared else {}
    date = source_date(context.dockerfile)
    response = client._post(
        client._url("/build"),
        params={
            "version": "2",
            "buildid": watch.build_id,
            "t": context.tag,
            "rm": "1",
            "forcerm": "1",
            "buildargs": json.dumps({**context.injection.build_args, **inline, **date}),
            "cachefrom": json.dumps(shared),
            "nocache": "1" if context.from_scratch else "0",
            **({"networkmode": context.network} if context.network else {}),
            "labels": json.dumps({RUN_LABEL: run_id} if run_id else {}),
        },
        data=stream(context),
        headers={"Content-Type": "application/x-tar"},
        stream=True,
        # No read limit: a compiler may be silent for long, and the watch cuts the connection.
        timeout=(CONNECT_TIMEOUT_S, None),
    )
    watch.response = response
    client._raise_for_status(response)
    for line in response.iter_lines(chunk_size=BLOCK_BYTES):
        if line.strip():
            yield json.loads(line)


def _out_of_room(
    alarm: Alarm, transcript: Transcript, context: BuildInput, seconds: float
) -> BuildFailed:
    """Return the failure of a build that used up the machine's memory itself.

    HostError if something else may have used up the memory, the disk or the threads.
    """
    what = f"{alarm.words} while {context.tag} was built, which was cancelled"
    match alarm.trouble:
        case "own memory":
            log = Log(
                stdout=transcript.log.stdout, stderr=f"{transcript.log.stderr}\nKilled\n{what}\n"
            )
            return BuildFailed(
                step=transcript.failed_step, exit_code=KILLED_CODE, seconds=seconds, log=log
            )
        case "disk":
            raise HostError(
                what,
                hint="free space on the engine's disk, or lower PAPER2RUN_MIN_FREE_MB; if this build filled the disk,"
                " read its log",
                trouble="disk",
            )
        case "threads" | "memory":
            raise HostError(
                what,
                hint="see what else runs on this machine; where it is this build each time, look at what it starts"
                " (logs), and bound builds (docs/security.md)",
                transient=True,
                trouble="machine",
            )
        case _:
            assert_never(alarm.trouble)


def _cut(engine: Engine, response: "Response") -> None:
    raw = engine.http._get_raw_response_socket(response)
    getattr(raw, "_sock", raw).shutdown(socket.SHUT_RDWR)
