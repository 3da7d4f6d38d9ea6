"""Shows a run's progress: live on a terminal, as plain lines elsewhere."""

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from paper2run.text_gate import flat, visible_lines
from tasks.running.progress_log import PROGRESS

REFRESH_PER_S: Final = 8
STAGES: Final[Mapping[str, str]] = {
    "locate": "finding the commit",
    "clone": "fetching the repository",
    "lay out": "laying out its files",
    "read paper": "reading the paper",
    "extract": "reading the code",
    "plan": "planning the environment",
    "preflight": "asking the container engine",
    "resolve": "choosing versions",
    "conda": "choosing versions of conda packages",
    "render": "writing the Dockerfile",
    "build": "building the image",
    "smoke": "running it",
    "verify": "checking imports and tests",
    "gather": "running other commands",
    "look up": "looking up what is missing",
    "diagnose": "looking for the cause",
    "experiment": "trying the smallest change",
    "claims": "comparing what the authors state",
    "inventory": "listing what the image holds",
    "report": "writing the report",
    "rebuild": "building the image again",
    "compare": "comparing packages and files",
}
"""What the running stage does, for people; the name itself where a stage is not in it."""
PREFECT_LOGGERS: Final = ("", "prefect", "prefect.flow_runs", "prefect.task_runs")
PREFECT_QUEUES: Final = ("EventsWorker", "APILogWorker")
"""Loggers of Prefect's queues, which warn at the program's end how many items they still send (3.8)."""


class Progress(logging.Handler):
    """Turns progress records into lines: finished steps scroll by, the running one stays at the bottom."""

    def __init__(self, console: Console, *, live: bool) -> None:
        super().__init__(logging.DEBUG)
        self._console = console
        self._live = live
        self._stage = "starting"
        self._attempt = 0
        self._started = time.monotonic()
        self._last_line = ""
        self._spinner = Spinner("dots")

    def emit(self, record: logging.LogRecord) -> None:
        """Take one record; `stage`, `attempt` and `started` are extras of `tasks.running.records`."""
        if getattr(record, "started", False):
            self._stage = str(getattr(record, "stage", ""))
            self._attempt = int(getattr(record, "attempt", 0))
            self._started = time.monotonic()
            self._last_line = ""
        elif record.levelno >= logging.INFO:
            # In a file or pipe a line stays whole: nothing there has a width.
            self._console.print(
                Text(visible_lines(record.getMessage())), soft_wrap=not self._console.is_terminal
            )
        else:
            self._last_line = flat(record.getMessage()).strip() or self._last_line

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the line of the running stage and the last log line."""
        seconds = time.monotonic() - self._started
        attempt = f" · attempt {self._attempt}" if self._attempt else ""
        doing = STAGES.get(self._stage, self._stage)
        self._spinner.update(text=Text(f"{doing}{attempt} · {seconds:.0f} s", style="bold"))
        last = Text(self._last_line[: max(options.max_width - 4, 20)], style="dim", no_wrap=True)
        yield Group(self._spinner, Text("  ") + last)


@contextmanager
def progress(console: Console, mode: str) -> Iterator[None]:
    """Show progress while the block runs; `mode` is auto, live or plain. Prefect's own lines are hidden."""
    live = mode == "live" or (mode == "auto" and console.is_terminal)
    handler = Progress(console, live=live)
    PROGRESS.addHandler(handler)
    PROGRESS.setLevel(logging.DEBUG)
    PROGRESS.propagate = False
    for name in PREFECT_QUEUES:
        logging.getLogger(name).setLevel(logging.ERROR)
    with _without_console_lines():
        try:
            if live:
                with Live(
                    handler, console=console, refresh_per_second=REFRESH_PER_S, transient=True
                ):
                    yield
            else:
                yield
        finally:
            PROGRESS.removeHandler(handler)


@contextmanager
def _without_console_lines() -> Iterator[None]:
    """Remove Prefect's console handlers for the block; their messages still go to the API."""
    from prefect.logging.handlers import PrefectConsoleHandler

    taken = [
        (logger, handler)
        for logger in map(logging.getLogger, PREFECT_LOGGERS)
        for handler in list(logger.handlers)
        if isinstance(handler, PrefectConsoleHandler)
    ]
    for logger, handler in taken:
        logger.removeHandler(handler)
    try:
        yield
    finally:
        for logger, handler in taken:
            logger.addHandler(handler)
