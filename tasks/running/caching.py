"""Caches stages: hand-written keys, persistent JSON results, one lock per key on this host.

Every key holds the version of the stage's rules (rules_version.py), so that a changed rule
never serves an old answer. Prefect's own TASK_SOURCE sees only the decorated function.
"""

import fcntl
import hashlib
import json
import os
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar

from prefect import Task, task
from prefect.cache_policies import NO_CACHE, CachePolicy
from prefect.context import TaskRunContext
from prefect.locking.protocol import LockManager
from prefect.settings import (
    PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
    PREFECT_TASKS_REFRESH_CACHE,
    get_current_settings,
    temporary_settings,
)
from prefect.transactions import IsolationLevel

from paper2run.errors import HostError, ModelError
from tasks.running.progress_log import PROGRESS
from tasks.running.rules_version import rules_version

P = ParamSpec("P")
R = TypeVar("R")

TRANSIENT_DELAYS_S: Final = [5, 30]
"""Waits before the second and third try of a stage that met a transient host failure."""
TRANSIENT_JITTER: Final = 0.3
"""Random share by which a wait is shorter or longer."""
LOCK_POLL_S: Final = 0.2

KeyParts = Callable[[Mapping[str, Any]], tuple[str, ...]]


class FlockManager(LockManager):
    """Locks cache keys on this host with `flock`, one file per key.

    A killed holder frees its lock at once. The instance holds no state of its own, so that Prefect
    may copy and pickle it; the process keeps open files, by path.
    """

    _held: dict[str, tuple[str, int]] = {}  # noqa: RUF012 - one table a process is the point
    _guard = threading.Lock()

    def __deepcopy__(self, memo: object) -> "FlockManager":
        """Return itself: there is nothing to copy."""
        return self

    def acquire_lock(
        self,
        key: str,
        holder: str,
        acquire_timeout: float | None = None,
        hold_timeout: float | None = None,
    ) -> bool:
        """Take the lock of `key`, waiting for at most `acquire_timeout` seconds; return whether it was taken."""
        path = self._path(key)
        if self.is_lock_holder(key, holder):
            return True
        end = None if acquire_timeout is None else time.monotonic() + acquire_timeout
        while True:
            if self._try(path, holder):
                return True
            if end is not None and time.monotonic() >= end:
                return False
            time.sleep(LOCK_POLL_S)

    async def aacquire_lock(
        self,
        key: str,
        holder: str,
        acquire_timeout: float | None = None,
        hold_timeout: float | None = None,
    ) -> bool:
        """Take the lock as `acquire_lock` does."""
        return self.acquire_lock(key, holder, acquire_timeout, hold_timeout)

    def release_lock(self, key: str, holder: str) -> None:
        """Free the lock of `key`. ValueError if `holder` does not hold it."""
        path = self._path(key)
        with self._guard:
            if self._held.get(path, ("", 0))[0] != holder:
                raise ValueError(f"{holder} does not hold the lock of {key}")
            _, descriptor = self._held.pop(path)
        os.close(descriptor)

    def is_locked(self, key: str) -> bool:
        """Whether any process on this host holds the lock of `key`."""
        path = self._path(key)
        if path in self._held:
            return True
        if self._try(path, "probe"):
            self.release_lock(key, "probe")
            return False
        return True

    def is_lock_holder(self, key: str, holder: str) -> bool:
        """Whether `holder` holds the lock of `key` in this process."""
        return self._held.get(self._path(key), ("", 0))[0] == holder

    def wait_for_lock(self, key: str, timeout: float | None = None) -> bool:
        """Wait until the lock of `key` is free; False after `timeout` seconds."""
        if self.acquire_lock(key, "waiter", timeout):
            self.release_lock(key, "waiter")
            return True
        return False

    async def await_for_lock(self, key: str, timeout: float | None = None) -> bool:
        """Wait as `wait_for_lock` does."""
        return self.wait_for_lock(key, timeout)

    def _try(self, path: str, holder: str) -> bool:
        with self._guard:
            if path in self._held:
                return False
            descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o644)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                return False
            self._held[path] = (holder, descriptor)
            return True

    @staticmethod
    def _path(key: str) -> str:
        """Return the lock file of a key; keys may come as bare names or as paths in the result storage."""
        folder = get_current_settings().results.local_storage_path / "locks"
        folder.mkdir(parents=True, exist_ok=True)
        return str(folder / re.sub(r"[^A-Za-z0-9.-]", "_", Path(key).name))


@dataclass
class StageKey(CachePolicy):
    """The cache key of one stage: its name, its rules' version, and what `parts` takes from its inputs."""

    stage: str = ""
    module: str = ""
    """The stage's own module, whose imports make the rules."""
    parts: KeyParts | None = None

    def compute_key(
        self,
        task_ctx: TaskRunContext,
        inputs: dict[str, Any],
        flow_parameters: dict[str, Any],
        **kwargs: Any,
    ) -> str:
        """Return `<stage>-<digest>`, a valid file name. KeyError if an input is missing: never a silent miss."""
        if self.parts is None:
            raise KeyError(f"stage {self.stage} has no key")
        known = [rules_version(self.module), *self.parts(inputs)]
        return f"{self.stage}-{hashlib.sha256(json.dumps(known).encode()).hexdigest()[:40]}"


def stage(
    name: str, *, timeout_s: int, key: KeyParts | None = None
) -> Callable[[Callable[P, R]], Task[P, R]]:
    """Return the decorator that makes a function a stage of Paper2Run.

    A stage with a `key` is computed once per key on this host and cached. Transient host errors are retried,
    nothing else is.
    """

    def decorate(function: Callable[P, R]) -> Task[P, R]:
        policy: CachePolicy | None = None
        if key is not None:
            policy = StageKey(
                isolation_level=IsolationLevel.SERIALIZABLE,
                lock_manager=FlockManager(),
                stage=name,
                module=function.__module__,
                parts=key,
            )
        return task(  # type: ignore[call-overload, no-any-return]
            function,
            name=name,
            task_run_name=name,
            timeout_seconds=timeout_s,
            retries=len(TRANSIENT_DELAYS_S),
            retry_delay_seconds=TRANSIENT_DELAYS_S,
            # Runs of a batch that hit the same trouble must not retry at the same moment.
            retry_jitter_factor=TRANSIENT_JITTER,
            retry_condition_fn=_is_transient,
            cache_policy=policy if policy is not None else NO_CACHE,
            persist_result=policy is not None,
            result_serializer="json",
        )

    return decorate


@contextmanager
def refreshing(wanted: bool) -> Iterator[None]:
    """If `wanted`, stages called in the block skip the cache and overwrite it."""
    # Other settings cost Prefect 50 ms of processor, also where none differs.
    if not wanted:
        yield
        return
    with temporary_settings({PREFECT_TASKS_REFRESH_CACHE: True}):
        yield


@contextmanager
def beating_once() -> Iterator[None]:
    """Turn off the heartbeats of subflows called in the block.

    Their parent runs in the same process, so its heartbeat is enough. Prefect 3.8 ends a flow's
    heartbeats by waiting up to a second for their thread.
    """
    if PREFECT_FLOWS_HEARTBEAT_FREQUENCY.value() is None:
        yield
        return
    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        yield


def _is_transient(tried: Any, run: Any, state: Any) -> bool:
    """Whether a failure is transient; if so say it, and wait as long as a model's service asks for.

    Prefect's own delay follows. It is fixed when a task is decorated (3.9), so only here can we
    honour a Retry-After.
    """
    error = state.result(raise_on_failure=False)
    if not (isinstance(error, HostError | ModelError) and error.transient):
        return False
    delays = TRANSIENT_DELAYS_S[max(run.run_count - 1, 0) :] or TRANSIENT_DELAYS_S[-1:]
    PROGRESS.info(f"{tried.name}: {error.what}; trying again in about {delays[0]} s")
    if isinstance(error, ModelError) and error.retry_after_s > 0:
        PROGRESS.info(f"the model asks to be left alone for {error.retry_after_s:.0f} s")
        time.sleep(error.retry_after_s)
    return True
