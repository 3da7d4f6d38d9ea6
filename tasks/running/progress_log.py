"""The log of what a run is doing, which a terminal shows."""

import logging
from typing import Final

PROGRESS: Final = logging.getLogger("paper2run.progress")
"""INFO for steps (`stage`, `attempt` in the record), DEBUG for single log lines."""


def leave_out_repeats() -> None:
    """Silence Prefect's line for each task: the run's own line says more, with the stage's time."""
    logging.getLogger("prefect.task_runs").addFilter(_is_news)


def _is_news(record: logging.LogRecord) -> bool:
    return not record.getMessage().startswith("Finished in state Completed")
