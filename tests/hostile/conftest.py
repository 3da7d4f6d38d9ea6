"""What hostile input is measured with: processor time, and memory in a process of its own."""

import multiprocessing
import os
import resource
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import settings

# The same examples in every run and on every machine: a failure is the change's, never the day's.
settings.register_profile(
    "repeatable", derandomize=True, deadline=None, max_examples=60, database=None
)
settings.load_profile("repeatable")

T = TypeVar("T")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@contextmanager
def seconds_of_processor(limit_s: float, what: str = "it") -> Iterator[None]:
    """Fail if the block takes more CPU time than `limit_s`: a guard against hangs, not a measurement."""
    started = time.process_time()
    yield
    spent = time.process_time() - started
    assert spent < limit_s, f"{what} took {spent:.1f} s"


@pytest.fixture
def soon():
    """A block that must end within some seconds of processor time."""
    return seconds_of_processor


@pytest.fixture
def within_memory():
    """Run a call in a forked process that may allocate `more_mb` more; return its value or its error."""

    def run(more_mb: int, call: Callable[[], T]) -> T:
        # Forked, not spawned: the test's data are there already, and nothing must be imported again.
        context = multiprocessing.get_context("fork")
        with ProcessPoolExecutor(1, context, _limit_memory, (more_mb,)) as pool:
            _CALLS.append(call)
            return pool.submit(_last_call).result()

    return run


_CALLS: list[Callable[[], object]] = []


def _last_call() -> object:
    """Call what the parent put down before it forked; the call itself need not travel."""
    return _CALLS[-1]()


def _limit_memory(more_mb: int) -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * PAGE_BYTES + more_mb * 1024**2
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
