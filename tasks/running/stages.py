"""Runs the stages of a run or of an attempt: each timed, noted in the run folder, shown as progress."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import ParamSpec, TypeVar

from prefect import Task

from paper2run.model.report import StageTiming
from tasks.running.progress_log import PROGRESS
from tasks.running.records import RunFolder

P = ParamSpec("P")
R = TypeVar("R")


class Stages:
    """Runs stages for one run folder; `attempt` is 0 outside attempts."""

    def __init__(self, run: RunFolder, attempt: int = 0) -> None:
        self._run = run
        self._attempt = attempt

    def run(self, task: Task[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a stage, time it, and return its value; its exception is raised here."""
        words = {"stage": task.name, "attempt": self._attempt}
        PROGRESS.info("", extra={**words, "started": True})
        started = time.monotonic()
        state = task(*args, return_state=True, **kwargs)
        timing = StageTiming(
            stage=task.name,
            attempt=self._attempt,
            seconds=round(time.monotonic() - started, 3),
            cached=state.name == "Cached",
            ended_at=datetime.now(UTC),
        )
        self._run.ended(timing)
        value: R = state.result()
        how = "cached" if timing.cached else f"{timing.seconds:.1f} s"
        where = f" #{self._attempt}" if self._attempt else ""
        self._event(task, f"{task.name}{where}: {how}")
        return value

    def fresh(
        self, is_there: Callable[[R], bool], task: Task[P, R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Run a stage; rerun it without its cache if the object that a cached result names is gone."""
        value = self.run(task, *args, **kwargs)
        if is_there(value):
            return value
        self._event(task, f"{task.name}: what the kept result names is gone; done again")
        return self.run(task.with_options(refresh_cache=True), *args, **kwargs)

    def _event(self, task: Task[..., R], line: str) -> None:
        self._run.event(line, stage=task.name, attempt=self._attempt)
