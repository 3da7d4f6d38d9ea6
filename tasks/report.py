"""Stage `report`: the run folder's summary, and what a broken-off run leaves behind. Never cached."""

import platform
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Final

import prefect
from prefect.runtime import flow_run
from pydantic import ValidationError

from paper2run.errors import EngineError, HostError, Paper2RunError
from paper2run.model.environment import PlannedEnvironment
from paper2run.model.facts import RepoFacts
from paper2run.model.outcome import BuildContext, Built, Passed
from paper2run.model.repo import Checkout
from paper2run.model.report import Attempt, Metadata, Verdict, Versions
from paper2run.model.usage import total
from paper2run.planning.leading_language import leading
from paper2run.redaction import redact
from paper2run.rendering.image_names import pushed_reference
from paper2run.request import Request
from paper2run.settings import Settings
from paper2run.source import shown_address
from paper2run.text_gate import fenced, prose
from paper2run.verdicts import markdown
from tasks.caching import stage
from tasks.drivers.engine_connection import connect
from tasks.drivers.leftovers import sweep
from tasks.keep_space import RUNS, are_removed
from tasks.records import RunFolder, write_whole
from tasks.rules_version import rules_version

TIMEOUT_S: Final = 300
AGAIN: Final = "Run it again: the stages that were done are kept."


@contextmanager
def recording(
    run: RunFolder, request: Request, name: str, run_id: str, settings: Settings
) -> Iterator[Metadata]:
    """Keep `metadata.json` true from the first moment: `running`, and `exception` if the block is left by one.

    The folder is noted below the home, so that `clean` knows which images are still wanted. Containers of this
    run are removed in any case.
    """
    opened = Metadata(
        status="running",
        repo=shown_address(request.repo),
        name=name,
        ref=request.ref,
        started_at=datetime.now(UTC),
        flow_run_id=run_id,
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
            next_step="run it again: the stages that were done are kept",
        ) from error
    except BaseException as error:
        # Ctrl-C and a cancellation are no exceptions in Python's sense, and nobody's failure.
        why = error if isinstance(error, Exception) else _ended("it was ended from outside", run)
        _keep_exception(opened, run, why, error, settings)
        raise
    finally:
        _sweep(run_id)


def _keep_exception(
    opened: Metadata, run: RunFolder, why: Exception, error: BaseException, settings: Settings
) -> None:
    """Let the folder say how the run was broken off; `error` is what was raised, `why` what a person should know."""
    run.write("metadata.json", _broken_off(opened, run, why))
    told = "".join(traceback.format_exception(error))
    run.write("logs/exception.txt", redact(told, settings.secrets()))


def mark_killed(folder: str) -> None:
    """Let a folder whose run was killed say so, and how far it came; its unfinished files are removed."""
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
    run.write("metadata.json", _broken_off(opened, run, why))


def keep_context(run: RunFolder, context: BuildContext, attempt: int = 0) -> None:
    """Write what rebuilds the image: at the top of the run folder and, for an attempt, in its folder too."""
    run.write("plan.json", context.planned)
    run.write("Dockerfile", context.dockerfile)
    run.write(".dockerignore", context.dockerignore)
    run.write("INSTRUCTIONS.md", context.instructions)
    if attempt:
        run.attempt_folder(attempt)
        run.write(f"attempts/{attempt:02d}/Dockerfile", context.dockerfile)
        run.write(f"attempts/{attempt:02d}/plan.json", context.planned)


def keep_attempt(run: RunFolder, attempt: Attempt) -> None:
    """Write an attempt's logs and records; logs that were streamed while it ran stay as they are."""
    folder = f"attempts/{attempt.number:02d}"
    _write_log(run, f"{folder}/build_stdout.log", attempt.built.log.stdout)
    run.write(f"{folder}/build_stderr.log", attempt.built.log.stderr)
    if attempt.smoke is not None:
        run.write(f"{folder}/smoke_stdout.log", attempt.smoke.log.stdout)
        run.write(f"{folder}/smoke_stderr.log", attempt.smoke.log.stderr)
    if attempt.verification.rungs:
        run.write(f"{folder}/verification.json", attempt.verification)
    if attempt.diagnosis is not None:
        run.write(f"{folder}/diagnosis.json", attempt.diagnosis)
    run.write(f"{folder}/attempt.json", attempt)


@stage("report", timeout_s=TIMEOUT_S)
def report(
    folder: str,
    opened: Metadata,
    verdict: Verdict,
    checkout: Checkout,
    facts: RepoFacts,
    planned: PlannedEnvironment | None,
    attempts: Sequence[Attempt],
    engine: str,
    settings: Settings,
    *,
    remove_images: bool = False,
) -> tuple[Metadata, str]:
    """Write `metadata.json`, `report.md`, `image.txt` and the final INSTRUCTIONS.md; return the first two.

    With `remove_images` the run's images go once the verdict is written, and both say so then.
    """
    run = RunFolder.at(folder)
    metadata = _summary(run, opened, verdict, checkout, facts, planned, attempts, engine, settings)
    text = markdown.report(metadata, checkout, facts, attempts)
    run.write("report.md", text)
    if verdict.status == "success":
        run.write("image.txt", metadata.image + "\n")
        _write_executed(run, attempts[-1])
    run.write("metadata.json", metadata)
    if remove_images and metadata.image and are_removed(metadata, settings):
        metadata = metadata.model_copy(update={"image_removed": True})
        text = markdown.report(metadata, checkout, facts, attempts)
        run.write("report.md", text)
        run.write("metadata.json", metadata)
    return metadata, text


def versions(engine: str = "") -> Versions:
    """Return what this run is made with."""
    return Versions(
        paper2run=version("paper2run"),
        rules=rules_version("flows.reproduce"),
        prefect=prefect.__version__,
        python=platform.python_version(),
        engine=engine,
    )


def _summary(
    run: RunFolder,
    opened: Metadata,
    verdict: Verdict,
    checkout: Checkout,
    facts: RepoFacts,
    planned: PlannedEnvironment | None,
    attempts: Sequence[Attempt],
    engine: str,
    settings: Settings,
) -> Metadata:
    timings, calls = run.timings(), run.model_calls()
    usage = total(calls)
    ended = datetime.now(UTC)
    best = attempts[verdict.best_attempt - 1] if attempts else None
    built = best.built if best and isinstance(best.built, Built) else None
    kept = best.planned if best else planned
    resolution = kept.resolution if kept else None
    return opened.model_copy(
        update={
            "status": verdict.status,
            "cause": verdict.cause,
            "reason": verdict.reason,
            "smallest_change": verdict.smallest_change,
            "tried": verdict.tried,
            "best_attempt": verdict.best_attempt,
            "commit": checkout.commit,
            "image": built.image if built else "",
            "image_id": built.image_id if built else "",
            "image_size_bytes": built.size_bytes if built else 0,
            "image_pushed": (
                pushed_reference(built, settings.registry) if built and settings.registry else ""
            ),
            "attempts": len(attempts),
            "rung": best.verification.reached if best else "none",
            "planner": kept.planner if kept else "rules",
            "model": settings.planner_model if usage.calls else "",
            "tokens": usage.tokens,
            "cost_usd": usage.cost_usd,
            "model_calls": calls,
            "notes": run.notes(),
            # Of what was planned for: a Python program may lie beside more Scala than Python.
            "language": "python" if kept and kept.pythons else leading(facts),
            "python": resolution.python if resolution else "",
            "cutoff": resolution.cutoff.isoformat() if resolution and resolution.cutoff else "",
            "stages": timings,
            "cache_hits": sum(timing.cached for timing in timings),
            "seconds": round((ended - opened.started_at).total_seconds(), 3),
            "ended_at": ended,
            "versions": versions(engine),
        }
    )


def _ended(how: str, run: RunFolder) -> HostError:
    """Return how the run ended and how far it came."""
    timings = run.timings()
    last = f"after stage {timings[-1].stage}" if timings else "before its first stage was done"
    return HostError(f"{how}, {last}; run.log says more", next_step=AGAIN)


def _broken_off(opened: Metadata, run: RunFolder, error: Exception) -> Metadata:
    words = error.what if isinstance(error, Paper2RunError) else f"{type(error).__name__}: {error}"
    next_step = error.next_step if isinstance(error, Paper2RunError) else ""
    ended = datetime.now(UTC)
    calls = run.model_calls()
    return opened.model_copy(
        update={
            "status": "exception",
            "tokens": total(calls).tokens,
            "cost_usd": total(calls).cost_usd,
            "model_calls": calls,
            "notes": run.notes(),
            "reason": redact(words).strip()[:2000],
            "smallest_change": next_step,
            "stages": run.timings(),
            "seconds": round((ended - opened.started_at).total_seconds(), 3),
            "ended_at": ended,
        }
    )


def _write_executed(run: RunFolder, attempt: Attempt) -> None:
    """Add the commands that were really executed to INSTRUCTIONS.md."""
    if not isinstance(attempt.smoke, Passed):
        return
    text = (run.path / "INSTRUCTIONS.md").read_text(encoding="utf-8")
    lines = [
        "",
        "## Run",
        "",
        f"The smoke run as it was executed, limits and all ({attempt.smoke.seconds:.1f} s):",
        "",
        fenced(attempt.smoke.docker_command, "sh"),
        "",
        "The other rungs of the ladder ran in the same way, each in a fresh container:",
        "",
        *(
            line
            for rung in attempt.verification.rungs
            if rung.rung not in ("built", "smoke")
            for line in (
                f"{rung.rung} ({prose(rung.detail) or 'exit code'}):",
                "",
                fenced(rung.command, "sh"),
                "",
            )
        ),
    ]
    run.write("INSTRUCTIONS.md", text + "\n".join(lines) + "\n")


def _write_log(run: RunFolder, name: str, text: str) -> None:
    """Write a log of a kept result; one that was streamed by this run is longer and stays."""
    path = run.path / name
    if not path.exists() or path.stat().st_size == 0:
        run.write(name, text)


def _sweep(run_id: str) -> None:
    """Remove the run's containers; without an engine there are none to remove."""
    try:
        engine = connect()
    except EngineError:
        return
    sweep(engine, run_id)


def current_run_id() -> str:
    """Return the id of the flow run that this process is in."""
    return str(flow_run.id or "")
