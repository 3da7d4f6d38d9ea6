"""Exports that are one file each: a patch for authors, a definition for Apptainer, a statement."""

import json
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from paper2run.errors import UserError
from paper2run.exports.apptainer import definition
from paper2run.exports.author_files import WORKFLOW, shown
from paper2run.exports.author_patch import Present, author_patch
from paper2run.exports.corrections import REQUIREMENTS
from paper2run.exports.run_record import RunRecord
from paper2run.exports.traces import Traces
from paper2run.proofs.statement import statement_of
from paper2run.rendering.hash_lock import LOCK
from tasks.console.run_exports import refuse_existing
from tasks.running.records import RunFolder, read_facts_of, write_whole
from tasks.signed_statement import handed_over, sealed

MAX_BYTES: Final = 2_000_000
"""Of a requirements file that is corrected."""


def write_patch(record: RunRecord, folder: Path, out: Path, traces: Traces) -> Path:
    """Return the new file with what the authors can apply. UserError if it exists or would be empty."""
    target = out / f"{record.folder}.patch"
    refuse_existing(target)
    try:
        facts = read_facts_of(RunFolder(folder))
    except (OSError, ValidationError):
        raise UserError(
            f"{folder} has no repo_facts.json of this version", hint="run the repository again"
        ) from None
    text = author_patch(record, facts, _present(folder / "repo"), _dockerfile(folder), traces)
    return write_whole(target, text.encode("utf-8", "surrogateescape"))


def write_definition(record: RunRecord, folder: Path, out: Path, traces: Traces) -> Path:
    """Return the new file from which Apptainer builds the run's environment. UserError if it exists."""
    target = out / f"{record.folder}.def"
    refuse_existing(target)
    best = record.best
    if best is None or record.image is None:
        raise UserError(
            f"the run {record.folder} built no image, so there is nothing to define",
            hint="its attempts failed to build: `paper2run show` says why; other runs: `paper2run list`",
        )
    proof = shown(best)
    command = proof.command if proof else best.planned.plan.smoke_command
    has_lock = (folder / LOCK).is_file()
    alive = proof is not None and proof.outcome.alive_at_timeout
    text = definition(
        record.checkout,
        best.planned,
        command,
        _dockerfile(folder),
        has_lock=has_lock,
        alive=alive,
    )
    return write_whole(target, traces.out_of(text))


def write_statement(
    record: RunRecord, folder: Path, out: Path, traces: Traces, key: Path | None
) -> Path:
    """Return the new file with the statement, in a signed envelope if there is a key.

    UserError if it exists."""
    target = out / f"{record.folder}.intoto.json"
    refuse_existing(target)
    said = statement_of(handed_over(folder, record.checkout, record.metadata, record.best))
    cleaned = traces.out_of_value(said)
    written = cleaned
    if key is not None:
        written = sealed(json.dumps(cleaned, separators=(",", ":")).encode(), key)
    return write_whole(target, json.dumps(written, indent=2) + "\n")


def _dockerfile(folder: Path) -> str:
    path = folder / "Dockerfile"
    if path.is_symlink() or not path.is_file():
        raise UserError(
            f"{folder} has no Dockerfile", hint="name a run with an image: `paper2run list`"
        )
    return path.read_bytes().decode("utf-8", "replace")


def _present(repo: Path) -> Present:
    """Return what stands at the root of a checkout, and on the way to a workflow. Links are not followed."""
    if not repo.is_dir():
        raise UserError(f"{repo.parent} has no checkout", hint="run the repository again")
    names = set()
    places = [repo]
    for part in Path(WORKFLOW).parts:
        names |= {
            f"{path.relative_to(repo).as_posix().lower()}{end}"
            for place in places
            for path in place.iterdir()
            for end in ("", *(() if path.is_dir() and not path.is_symlink() else ("\0",)))
        }
        below = places[-1] / part
        places = [below] if below.is_dir() and not below.is_symlink() else []
        if not places:
            break
    path = repo / REQUIREMENTS
    is_plain = path.is_file() and not path.is_symlink() and path.stat().st_size <= MAX_BYTES
    return Present(frozenset(names), path.read_bytes() if is_plain else None)
