"""The run folder: every record of a run, written atomically, and the run's chronological log.

A killed run leaves a folder whose `metadata.json` says `running` and whose last record says how far it came.
"""

import logging
import os
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, ParamSpec, TypeVar

from prefect.logging import get_run_logger
from pydantic import BaseModel

from paper2run.errors import UserError
from paper2run.model.claims import ClaimLedger
from paper2run.model.environment import PlannedEnvironment
from paper2run.model.facts import RepoFacts
from paper2run.model.repo import Paper
from paper2run.model.report import Attempt, Metadata, StageTiming
from paper2run.model.usage import ModelCall
from paper2run.redaction import redact
from paper2run.text_gate import flat
from paper2run.verdicts.failure_words import shortened
from tasks.drivers.host.removal import remove_tree
from tasks.drivers.model.ledger import Ledger
from tasks.running.progress_log import PROGRESS

P = ParamSpec("P")
R = TypeVar("R")

TIMINGS: Final = "logs/stages.jsonl"
"""One line per finished stage; the subflows of a run append to the same file."""
NOTES: Final = "logs/notes.txt"
"""One line per note; the subflows of a run append to the same file."""
WRITING: Final = ".writing-"
"""Start of the names of files that are being written; a killed process leaves them."""


class RunFolder:
    """One folder `<repo>-<UTC>` below `out`. Two instances on one path see the same records."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def create(cls, out: Path, name: str) -> "RunFolder":
        """Make a new folder below `out`. UserError if that cannot be written to."""
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        # Without spaces: people paste the path into a shell.
        short = "-".join(name.rsplit("/", 1)[-1].split()) or "repo"
        for number in range(1, 1000):
            path = out.expanduser().resolve() / (
                f"{short}-{stamp}" + (f"-{number}" if number > 1 else "")
            )
            try:
                path.mkdir(parents=True)
                (path / "logs").mkdir()
            except FileExistsError:
                continue
            except OSError as error:
                raise UserError(
                    f"cannot write to {out}: {error.strerror}",
                    hint="name another folder with --out, or PAPER2RUN_OUT",
                ) from error
            return cls(path)
        raise UserError(
            f"{out} holds too many runs of {name} started this second",
            hint="use another --out",
        )

    @classmethod
    def at(cls, path: str) -> "RunFolder":
        """Return the folder that another flow made."""
        return cls(Path(path))

    def attempt_folder(self, number: int) -> Path:
        """Return the folder of one attempt, made if absent."""
        path = self.path / "attempts" / f"{number:02d}"
        path.mkdir(parents=True, exist_ok=True)
        return path

    def write(self, name: str, content: BaseModel | str | bytes) -> Path:
        """Write one record below the folder atomically."""
        return write_whole(self.path / name, content)

    def remove_unfinished(self) -> None:
        """Remove what a killed process was writing: files before their rename, an incomplete checkout."""
        # Not below repo/, whose files are not ours.
        for place in ("", "logs/", "attempts/*/"):
            for path in self.path.glob(f"{place}{WRITING}*"):
                path.unlink(missing_ok=True)
        for path in self.path.glob(".repo.*"):
            remove_tree(path)

    def event(
        self, line: str, *, stage: str = "", attempt: int = 0, level: int = logging.INFO
    ) -> None:
        """Add one line to `run.log`, to the flow run's log at `level`, and to the terminal's progress."""
        line = redact(flat(line))
        # People hand folders on; where this one lay says nothing elsewhere.
        kept = line.replace(str(self.path), self.path.name)
        stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        with (self.path / "run.log").open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"{stamp} {kept}\n")
        get_run_logger().log(level, line)
        PROGRESS.info(line, extra={"stage": stage, "attempt": attempt})

    def decisions(self, planned: PlannedEnvironment, history: Sequence[Attempt]) -> None:
        """Log one line for each decision that earlier attempts did not make.

        Decisions on dependencies are too many and stay in the report.
        """
        known = {reason for attempt in history for reason in attempt.planned.reasons}
        for reason in planned.reasons:
            if reason.topic != "dependency" and reason not in known:
                self.event(f"  {reason.topic}: {shortened(reason.decision)} [{reason.source}]")

    def note(self, line: str, *, stage: str = "", attempt: int = 0) -> None:
        """Add an event that the report shows too."""
        self.event(line, stage=stage, attempt=attempt)
        with (self.path / NOTES).open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(" ".join(flat(line).split()) + "\n")

    def notes(self) -> tuple[str, ...]:
        """Return the notes, in order."""
        path = self.path / NOTES
        return tuple(path.read_text(encoding="utf-8").splitlines()) if path.exists() else ()

    def model_calls(self) -> tuple[ModelCall, ...]:
        """Return this run's calls to models; cache hits cost nothing again."""
        return Ledger(self.path / "logs").calls()

    def timings(self) -> tuple[StageTiming, ...]:
        """Return the stages that have ended, in order."""
        path = self.path / TIMINGS
        text = path.read_text() if path.exists() else ""
        return tuple(StageTiming.model_validate_json(line) for line in text.split("\n") if line)

    def ended(self, timing: StageTiming) -> None:
        """Note a stage that has ended."""
        with (self.path / TIMINGS).open("a") as file:
            file.write(timing.model_dump_json() + "\n")


def write_whole(path: Path, content: BaseModel | str | bytes, *, mode: int = 0o644) -> Path:
    """Write one file atomically: a temporary file beside it, then a rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, BaseModel):
        content = content.model_dump_json(indent=2) + "\n"
    if isinstance(content, str):
        content = content.encode("utf-8", "backslashreplace")
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=WRITING)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        Path(temporary).chmod(mode)
        Path(temporary).replace(path)
    except OSError as error:
        Path(temporary).unlink(missing_ok=True)
        # A full disk is told without the file's name.
        error.filename = error.filename or str(path)
        raise
    return path


def names_in(folder: str) -> tuple[str, ...]:
    """Return the names in a folder that are text, sorted."""
    return tuple(
        sorted(name for path in Path(folder).iterdir() if (name := path.name).isprintable())
    )


def read_facts_of(run: RunFolder) -> RepoFacts:
    """Return the facts that the parent flow wrote.

    They are too large for a subflow's parameters (512 kB at the API).
    """
    return RepoFacts.model_validate_json((run.path / "repo_facts.json").read_text(encoding="utf-8"))


def run_id_of(run: RunFolder) -> str:
    """Return the id of the flow run that the folder belongs to, by which its containers are labelled."""
    opened = Metadata.model_validate_json((run.path / "metadata.json").read_text(encoding="utf-8"))
    return opened.flow_run_id


def read_paper_of(run: RunFolder) -> Paper:
    """Return the paper that the parent flow wrote; an empty one for a run that ended before that."""
    path = run.path / "paper.json"
    if not path.is_file():
        return Paper(path="", origin="none")
    return Paper.model_validate_json(path.read_text(encoding="utf-8"))


def read_claims_of(run: RunFolder) -> ClaimLedger | None:
    """Return the ledger of claims; None for a run that compared none."""
    path = run.path / "claims.json"
    return ClaimLedger.model_validate_json(path.read_text("utf-8")) if path.is_file() else None


def read_attempts_of(run: RunFolder) -> tuple[Attempt, ...]:
    """Return the attempts that have ended, in order."""
    records = sorted(run.path.glob("attempts/*/attempt.json"))
    return tuple(Attempt.model_validate_json(path.read_text(encoding="utf-8")) for path in records)
