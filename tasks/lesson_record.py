"""Writes `logs/lesson.json`, what a model solved in a run, and reads it back."""

import json
import socket
from collections.abc import Collection, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from paper2run.errors import UserError
from paper2run.exports.traces import REMOVED, Traces
from paper2run.formats.plurals import counted
from paper2run.lessons.solved import lessons_of
from paper2run.model.lesson import RunLessons
from paper2run.model.repo import Checkout
from paper2run.model.report import Attempt, StageTiming
from paper2run.redaction import redact
from paper2run.settings import Settings
from tasks.running.records import RunFolder

RECORD: Final = "logs/lesson.json"
ASKING: Final = frozenset({"plan", "diagnose"})
"""Stages that ask a model; its answers are kept as `logs/<stage>-<number>.json`."""
COARSENESS: Final = timedelta(seconds=0.05)
"""A file's time may come from a clock that ticks every 10 ms."""


def keep_lessons(
    run: RunFolder, checkout: Checkout, attempts: Sequence[Attempt], settings: Settings
) -> None:
    """Write the lessons, if a model moved the run on: without secrets and paths of this machine."""
    lessons = lessons_of(attempts, _asked(run))
    if not lessons:
        return
    record = RunLessons(name=checkout.name, commit=checkout.commit, lessons=lessons)
    places = (run.path, run.path.parent, settings.home, Path.home())
    traces = Traces(dict.fromkeys(map(str, places), REMOVED), [socket.gethostname()])
    secrets = settings.secrets()
    found = _redacted(traces.out_of_value(record.model_dump(mode="json")), secrets)
    run.write(RECORD, json.dumps(found, indent=2, ensure_ascii=False) + "\n")


def read_lessons(folder: Path) -> RunLessons | None:
    """Return the lessons of a run; None where it has none. UserError if they are of another version."""
    path = folder / RECORD
    if not path.is_file():
        return None
    try:
        return RunLessons.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise UserError(
            f"{path} is of another version or damaged ({counted(error.error_count(), 'wrong field')})",
            hint="run the repository again, or leave this folder out",
        ) from None


def _redacted(value: object, secrets: Collection[str]) -> object:
    if isinstance(value, str):
        return redact(value, secrets)
    if isinstance(value, list):
        return [_redacted(one, secrets) for one in value]
    if isinstance(value, dict):
        return {name: _redacted(one, secrets) for name, one in value.items()}
    return value


def _asked(run: RunFolder) -> dict[int, tuple[str, ...]]:
    """Return the files of the questions to the model by attempt, 0 for those about the plan.

    Each was written while its stage ran. A stage whose answer was kept asked nothing.
    """
    found: dict[int, tuple[str, ...]] = {}
    for timing in run.timings():
        if timing.stage in ASKING and not timing.cached:
            files = _written_in(run.path / "logs", timing)
            found[timing.attempt] = (*found.get(timing.attempt, ()), *files)
    return found


def _written_in(logs: Path, timing: StageTiming) -> tuple[str, ...]:
    if timing.ended_at is None:
        return ()
    end = timing.ended_at.timestamp()
    start = end - timing.seconds - COARSENESS.total_seconds()
    files = logs.glob(f"{timing.stage}-*.json")
    return tuple(sorted(path.name for path in files if start <= path.stat().st_mtime <= end))
