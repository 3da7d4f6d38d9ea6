"""Keeps a run's record true from its first moment to its end, however it ends."""

import platform
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Final

import prefect
from prefect.runtime import flow_run
from pydantic import ValidationError

from paper2run.errors import EngineError, HostError, Paper2RunError
from paper2run.model.report import Metadata, RunLimits, Status, Versions
from paper2run.model.usage import total
from paper2run.redaction import redact
from paper2run.request import Request
from paper2run.settings import Settings
from paper2run.source import shown_address
from tasks.drivers.engine.engine_connection import connect
from tasks.drivers.engine.leftovers import sweep
from tasks.running.keep_space import RUNS
from tasks.running.records import RunFolder, write_whole
from tasks.running.rules_version import rules_version

AGAIN: Final = "run it again: the stages that were done are kept"


@contextmanager
def recording(
    run: RunFolder, request: Request, name: str, run_id: str, settings: Settings
) -> Iterator[Metadata]:
    """Keep `metadata.json` true from the first moment: `running`, then how the block was broken off.

    `exception` if it raises, `interrupted` for Ctrl-C, a signal and a cancellation.
    The folder is noted below the home, so that `clean` knows which images are still wanted.
    Containers of this run are removed in any case.
    """
    opened = Metadata(
        status="running",
        repo=shown_address(request.repo),
        name=name,
        ref=request.ref,
        started_at=datetime.now(UTC),
        flow_run_id=run_id,
        limits=RunLimits(
            timeout_s=settings.timeout,
            claims_timeout_s=settings.claims_timeout,
            smoke_network=settings.smoke_network,
            memory_mb=settings.memory_mb,
        ),
        versions=versions(),
    )
    run.write("metadata.json", opened)
    write_whole(settings.home / RUNS / run_id, f"{run.path}\n")
    try:
        yield opened
    except FileNotFoundError as error:
        if run.path.exists():
            _keep_exception(opened, run, error, error, settings)
            raise
        raise HostError(
            f"the run folder {run.path} was removed while the run used it",
            hint="run it again: the stages that were done are kept",
        ) from error
    except BaseException as error:
        # Ctrl-C and a cancellation are neither an `Exception` in Python nor a failure.
        why = error if isinstance(error, Exception) else _ended("the run was interrupted", run)
        _keep_exception(opened, run, why, error, settings)
        raise
    finally:
        sweep_run(run_id)


def _keep_exception(
    opened: Metadata, run: RunFolder, why: Exception, error: BaseException, settings: Settings
) -> None:
    """Record in the folder how the run broke off.

    `error` is the exception that was raised, `why` the one to show to a person.
    """
    status: Status = "exception" if isinstance(error, Exception) else "interrupted"
    run.write("metadata.json", _broken_off(opened, run, why, status))
    told = "".join(traceback.format_exception(error))
    run.write("logs/exception.txt", redact(told, settings.secrets()))


def mark_killed(folder: str) -> None:
    """Record in a killed run's folder that it was killed and how far it came; remove unfinished files."""
    run = RunFolder.at(folder)
    record = run.path / "metadata.json"
    try:
        opened = Metadata.model_validate_json(record.read_text(encoding="utf-8"))
    except (OSError, ValidationError):
        return
    if opened.status != "running":
        return
    run.remove_unfinished()
    why = _ended("the process that ran it was killed", run)
    run.write("metadata.json", _broken_off(opened, run, why, "exception"))


def versions(engine: str = "") -> Versions:
    """Return what this run is made with."""
    return Versions(
        paper2run=version("paper2run"),
        rules=rules_version("flows.reproduce"),
        prefect=prefect.__version__,
        python=platform.python_version(),
        engine=engine,
    )


def _ended(how: str, run: RunFolder) -> HostError:
    """Return how the run ended and how far it came."""
    timings = run.timings()
    last = f"after stage {timings[-1].stage}" if timings else "before its first stage was done"
    return HostError(f"{how}, {last}; see run.log", hint=AGAIN)


def _broken_off(opened: Metadata, run: RunFolder, error: Exception, status: Status) -> Metadata:
    words = error.what if isinstance(error, Paper2RunError) else f"{type(error).__name__}: {error}"
    hint = error.hint if isinstance(error, Paper2RunError) else ""
    ended = datetime.now(UTC)
    calls = run.model_calls()
    return opened.changed(
        status=status,
        tokens=total(calls).tokens,
        cost_usd=total(calls).cost_usd,
        model_calls=calls,
        notes=run.notes(),
        reason=redact(words).strip()[:2000],
        smallest_change=hint,
        stages=run.timings(),
        seconds=round((ended - opened.started_at).total_seconds(), 3),
        ended_at=ended,
    )


def sweep_run(run_id: str) -> None:
    """Remove the run's containers; without an engine there are none to remove."""
    try:
        engine = connect()
    except EngineError:
        return
    sweep(engine, run_id)


def current_run_id() -> str:
    """Return the id of the flow run that this process is in."""
    return str(flow_run.id or "")
