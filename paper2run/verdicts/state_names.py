"""Names a run's final state in words, as the list of runs in Prefect's UI shows it."""

from collections.abc import Mapping
from typing import Final

from paper2run.model.report import Metadata, Status

NAMES: Final[Mapping[Status, str]] = {
    "success": "Runs",
    "preflight-failed": "Not tried: no container engine",
    "stopped-by-llm": "Cannot run, a model says",
    "stopped-by-rule": "Cannot run",
    "max-attempts-exhausted": "Does not run yet",
    "smoke-failed": "Does not run",
    "exception": "No verdict",
    "interrupted": "Interrupted",
    "planned": "Planned",
    "running": "Running",
}


def state_name(metadata: Metadata) -> str:
    """Return the name of a run's final state: `Runs: tests`, `Cannot run: needs_gpu`."""
    grade = metadata.grade if metadata.grade != "none" else ""
    more = grade if metadata.status == "success" else metadata.cause
    return f"{NAMES[metadata.status]}{': ' if more else ''}{more or ''}"
