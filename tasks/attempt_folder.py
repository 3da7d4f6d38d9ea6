"""Writes what rebuilds an image, and an attempt's logs and records, into the run folder."""

import re
from pathlib import Path
from typing import Final

from paper2run.model.outcome import BuildContext
from paper2run.model.report import Attempt, Metadata
from paper2run.rendering.debian_snapshot import time_of
from paper2run.rendering.hash_lock import LOCK
from paper2run.settings import Settings
from tasks.running.records import RunFolder, write_whole

BASE_DIGEST: Final = re.compile(r"^FROM [^\n@]*@(sha256:[0-9a-f]{64})$", re.MULTILINE)


def keep_context(run: RunFolder, context: BuildContext, attempt: int = 0) -> None:
    """Write what rebuilds the image: at the top of the run folder and, for an attempt, in its folder too."""
    run.write("plan.json", context.planned)
    run.write("Dockerfile", context.dockerfile)
    run.write(".dockerignore", context.dockerignore)
    _keep_lock(run.path / LOCK, context)
    run.write("INSTRUCTIONS.md", context.instructions)
    if attempt:
        run.attempt_folder(attempt)
        run.write(f"attempts/{attempt:02d}/Dockerfile", context.dockerfile)
        _keep_lock(run.path / f"attempts/{attempt:02d}" / LOCK, context)
        run.write(f"attempts/{attempt:02d}/plan.json", context.planned)


def _keep_lock(path: Path, context: BuildContext) -> None:
    """Write the lock; where the build reads none, remove that of an earlier attempt."""
    if context.lock:
        write_whole(path, context.lock)
    else:
        path.unlink(missing_ok=True)


def built_on(run: RunFolder, attempt: int) -> str:
    """Return the digest of the base image that an attempt was built on; empty if it has none."""
    text = (run.path / f"attempts/{attempt:02d}/Dockerfile").read_text("utf-8")
    found = BASE_DIGEST.search(text)
    return found[1] if found else ""


def snapshot_of(run: RunFolder, settings: Settings) -> str:
    """Return the time of the snapshot with this run's Debian packages; empty without mirrors."""
    if not settings.debian_snapshots:
        return ""
    opened = Metadata.model_validate_json((run.path / "metadata.json").read_text("utf-8"))
    return time_of(opened.started_at)


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


def _write_log(run: RunFolder, name: str, text: str) -> None:
    """Write a cached result's log; a log that this run streamed is longer and stays."""
    path = run.path / name
    if not path.exists() or path.stat().st_size == 0:
        run.write(name, text)
