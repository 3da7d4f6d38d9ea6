"""Builds images through the engine's HTTP interface: BuildKit where the engine has it, no buildx needed.

docker-py's own `images.build` is classic only, so the request is made with its client's private names
(tests/engine holds them). Podman ignores the version and answers with plain text items, which are read too.
https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Image/operation/ImageBuild
"""

import json
import re
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from paper2run.errors import HostError
from paper2run.injection import base_images
from paper2run.model.outcome import BuildFailed, Built, Log
from paper2run.silent_index import is_index_silent
from tasks.drivers.build_context import BuildInput, stream
from tasks.drivers.build_transcript import NOT_A_STEP, Transcript
from tasks.drivers.engine import RUN_LABEL, Engine, engine_faults

if TYPE_CHECKING:
    from requests import Response

CONNECT_TIMEOUT_S: Final = 15
CANCEL_TIMEOUT_S: Final = 20
CANCEL_GRACE_S: Final = 10
"""What an engine gets to end a cancelled build (BuildKit: 0.1 s) before its connection is cut, which ends
builds on engines that know no cancelling."""
DISK_POLL_S: Final = 2.0
"""Between two looks at the free space: at 500 MB a second the default reserve of 2 GB lasts 4 s."""
BLOCK_BYTES: Final = 65_536
EXIT_CODE: Final = re.compile(
    r"(?:exit code: |returned a non-zero code: |exit status )(\d+)[^\w\n]*$"
)
"""`executor failed running [...]: exit code: 7` (20.10), `process "..." did not complete successfully: exit
code: 7` (28), `The command '...' returned a non-zero code: 7` (classic), `exit status 7` (Podman 4.3). At the very end:
what stands before may quote the command, which may speak of exit codes itself."""
NO_SPACE: Final = re.compile(r"no space left on device|ENOSPC|disk quota exceeded", re.IGNORECASE)
MIRROR_SILENT: Final = re.compile(
    r"[EW]: Failed to fetch \S+ .*(?:Temporary failure resolving|Could not (?:connect|resolve)"
    r"|Unable to connect|[Cc]onnection (?:timed out|failed|refused))"
)
"""apt's words for Debian's mirror; `apt-get update` only warns, and the install after it then knows no package."""
RUNS_A_PROGRAM: Final = re.compile(r"(?:\[[^\]]*\]\s*)?RUN\b", re.IGNORECASE)
"""`[3/5] RUN make` of BuildKit, `[build 2/3] RUN make` of a stage with a name, `RUN make` of the classic builder."""
DOCKERFILE_FAULT: Final = re.compile(
    r"dockerfile parse error|unknown instruction|failed to parse", re.IGNORECASE
)


def build(
    engine: Engine,
    context: BuildInput,
    *,
    run_id: str,
    timeout_s: float,
    min_free_mb: int = 0,
    on_line: Callable[[str], None] | None = None,
) -> Built | BuildFailed:
    """Return the image, or the step that failed; base images that are not here are pulled first.

    Without a `run_id` the image carries no label of a run, and no sweep ever takes it.

    The build is cancelled when its time is over, when the engine's disk has less than `min_free_mb` left (where that
    can be seen from here), and whenever this function is left. HostError for what is not
    the repository's doing: engine, registry, index or disk.
    """
    started = time.monotonic()
    bases = base_images(context.dockerfile)
    for base in bases:
        if engine.image(base) is None and engine.pull(base, on_line) is None:
            words = f"{base}: the registry has no such image"
            return BuildFailed(
                step=f"FROM {base}",
                exit_code=None,
                seconds=time.monotonic() - started,
                log=Log(stderr=words),
            )
    transcript = Transcript(on_line or (lambda line: None), context.injection.strip)
    deadline = _Deadline(engine, timeout_s, min_free_mb)
    try:
        with engine_faults(f"building {context.tag}"), deadline:
            for item in _request(engine, context, run_id, deadline):
                transcript.add(item)
    except HostError:
        if not deadline.passed and not deadline.disk_full:
            raise
    if deadline.disk_full:
        raise HostError(
            f"the engine's disk fell below {min_free_mb} MB while {context.tag} was built; the build was cancelled",
            next_step="Free space on the engine's disk, or lower PAPER2RUN_MIN_FREE_MB; a build that wrote all of it"
            " is one to look at (logs).",
            trouble="disk",
        )
    if deadline.passed or transcript.error or not transcript.image_id:
        return _failure(transcript, context, deadline, time.monotonic() - started)
    image = engine.image(context.tag)
    if image is None:
        raise HostError(
            f"{context.tag} was built and is gone already", transient=True, trouble="engine"
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


class _Deadline:
    """Cancels a build when its time is over, the engine's disk is full, or the block is left by an exception."""

    def __init__(self, engine: Engine, timeout_s: float, min_free_mb: int = 0) -> None:
        self.build_id = uuid.uuid4().hex
        self.passed = False
        self.disk_full = False
        self.response: Response | None = None
        self._engine = engine
        self._ended = threading.Event()
        self._timer = threading.Timer(timeout_s, self._pass)
        self._timer.daemon = True
        self._min_free_mb = min_free_mb
        self._watcher = threading.Thread(target=self._watch_disk, daemon=True)

    def __enter__(self) -> None:
        self._timer.start()
        if self._min_free_mb:
            self._watcher.start()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._ended.set()
        self._timer.cancel()
        if kind is not None:
            self._cancel()
        if self.response is not None:
            self.response.close()

    def _pass(self) -> None:
        self.passed = True
        self._end()

    def _watch_disk(self) -> None:
        while not self._ended.wait(DISK_POLL_S):
            try:
                free_mb = self._engine.free_mb()
            except HostError:
                # An engine that does not answer ends the build by itself.
                continue
            if free_mb is not None and free_mb < self._min_free_mb:
                self.disk_full = True
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
            # An engine that cannot be told has died or knows no cancelling; the closed connection tells it.
            return


def _request(
    engine: Engine, context: BuildInput, run_id: str, deadline: _Deadline
) -> Iterator[dict[str, Any]]:
    """Send the context and yield the items of the answer as they come."""
    client = engine.http
    shared = [context.cache_from] if context.cache_from else []
    # Layers that are to be reused must say of which step they came; that is off by default.
    inline = {"BUILDKIT_INLINE_CACHE": "1"} if shared else {}
    response = client._post(
        client._url("/build"),
        params={
            "version": "2",
            "buildid": deadline.build_id,
            "t": context.tag,
            "rm": "1",
            "forcerm": "1",
            "buildargs": json.dumps({**context.injection.build_args, **inline}),
            "cachefrom": json.dumps(shared),
            "labels": json.dumps({RUN_LABEL: run_id} if run_id else {}),
        },
        data=stream(context),
        headers={"Content-Type": "application/x-tar"},
        stream=True,
        # No read limit: a compiler may be silent for long, and the deadline cuts the connection.
        timeout=(CONNECT_TIMEOUT_S, None),
    )
    deadline.response = response
    client._raise_for_status(response)
    for line in response.iter_lines(chunk_size=BLOCK_BYTES):
        if line.strip():
            yield json.loads(line)


def _cut(engine: Engine, response: "Response") -> None:
    raw = engine.http._get_raw_response_socket(response)
    getattr(raw, "_sock", raw).shutdown(socket.SHUT_RDWR)


def _failure(
    transcript: Transcript, context: BuildInput, deadline: _Deadline, seconds: float
) -> BuildFailed:
    """Return the failure if it is the repository's or the plan's; HostError if it is not."""
    step = transcript.failed_step
    ended = EXIT_CODE.search(transcript.error)
    log = transcript.log
    failure = BuildFailed(
        step=step,
        exit_code=int(ended[1]) if ended and not deadline.passed else None,
        seconds=seconds,
        log=log,
        timed_out=deadline.passed,
    )
    if deadline.passed:
        return failure
    if NO_SPACE.search(transcript.error) or NO_SPACE.search(log.stderr[-BLOCK_BYTES:]):
        raise HostError(
            f"the engine's disk is full: {transcript.error}",
            next_step="Free space on the engine's disk; `docker builder prune` empties its build cache.",
            trouble="disk",
        )
    if is_index_silent(f"{log.stdout}\n{log.stderr}", context.injection):
        raise HostError(
            "the package index could not be reached from inside the build",
            next_step="See what `paper2run doctor` says about the index, then run again.",
            transient=True,
            trouble="index",
        )
    if "apt-get" in step and MIRROR_SILENT.search(log.stderr + log.stdout):
        raise HostError(
            "Debian's mirror could not be reached from inside the build",
            next_step="Check the network of the engine's machine, then run again.",
            transient=True,
            trouble="network",
        )
    is_step = bool(step) and not NOT_A_STEP.match(step)
    # A step that runs a program ends with its exit code; without one the engine could not start or follow it.
    if (
        ended
        or (is_step and not RUNS_A_PROGRAM.match(step))
        or DOCKERFILE_FAULT.search(transcript.error)
    ):
        return failure
    raise HostError(
        f"the engine ended the build of {context.tag} without a result: {transcript.error or 'no reason given'}",
        next_step="See what `paper2run doctor` says about the engine, then run again.",
        transient=True,
        trouble="engine",
    )
