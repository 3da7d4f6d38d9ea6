"""What makes a repository run, as one patch that its authors can apply and merge.

New files, and corrected lines of `requirements.txt`; nothing that is there is overwritten. The header says why, and
lists what only its authors can decide. `git apply` skips what stands before the first `diff --git`.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from paper2run.errors import UserError
from paper2run.exports.author_files import (
    BESIDE,
    DOCKERFILE,
    IGNORE,
    IGNORED,
    LOCK,
    WORKFLOW,
    dockerfile_of,
    job,
    lock_of,
    shown,
)
from paper2run.exports.corrections import REQUIREMENTS, Corrections
from paper2run.exports.patch_text import changed_file, new_file
from paper2run.exports.run_record import RunRecord
from paper2run.exports.traces import Traces
from paper2run.model.facts import RepoFacts
from paper2run.text_gate import flat

MANIFESTS: Final = ("pyproject.toml", "setup.py", "setup.cfg")
"""Files in which a project says itself what it needs."""
LINE_CHARS: Final = 400


class Present(NamedTuple):
    """What the repository has already where a patch could add something."""

    names: frozenset[str]
    """Paths, in lower case: some disks take `dockerfile` for `Dockerfile`."""
    requirements: bytes | None
    """`requirements.txt`; None where it is no plain file."""

    def has(self, path: str) -> bool:
        """Whether something is at the path, or a file where one of its folders would be."""
        parts = path.lower().split("/")
        return path.lower() in self.names or any(
            f"{'/'.join(parts[:end])}\0" in self.names for end in range(1, len(parts))
        )


class _Part(NamedTuple):
    path: str
    why: str
    text: str
    """The part of the patch."""


def author_patch(
    record: RunRecord, facts: RepoFacts, present: Present, dockerfile: str, traces: Traces
) -> str:
    """Return the patch. UserError for a run that showed nothing, and where there is nothing to add."""
    best, metadata = record.best, record.metadata
    if metadata.grade == "none" or best is None:
        raise UserError(
            f"nothing was shown to run in {record.folder} ({metadata.status}), so there is no patch",
            hint="name a run with a grade: `paper2run list`",
        )
    found = Corrections(record, facts, best, traces)
    parts = list(_parts(record, found, present, dockerfile, traces))
    if not parts:
        raise UserError(
            "the repository has every file that a patch would add",
            hint="compare them with the Dockerfile and INSTRUCTIONS.md of the run folder",
        )
    is_corrected = any(part.path == REQUIREMENTS for part in parts)
    advice = [*found.advice(corrected=is_corrected), *_beside(present, parts)]
    lines = _header(record, parts, advice)
    head = "".join(f"# {traces.out_of(flat(line))[:LINE_CHARS]}".rstrip() + "\n" for line in lines)
    return head + "".join(part.text for part in parts)


def _parts(
    record: RunRecord, found: Corrections, present: Present, dockerfile: str, traces: Traces
) -> Iterator[_Part]:
    """Yield what the patch holds, in path order of a reader: needs, image, job."""
    best = record.best
    assert best is not None
    corrected = found.of_requirements(present.requirements)
    if corrected is not None and present.requirements is not None:
        before = present.requirements.decode("utf-8", "surrogateescape")
        yield _Part(
            REQUIREMENTS, "one line for each cause", changed_file(REQUIREMENTS, before, corrected)
        )
    lock = lock_of(best.planned) if _wants_lock(present) else ""
    if lock:
        yield _Part(LOCK, "the exact versions that it ran with", new_file(LOCK, lock))
    proof = shown(best)
    name = BESIDE if present.has(DOCKERFILE) else DOCKERFILE
    command = proof.command if proof else best.planned.plan.smoke_command
    text = traces.out_of(dockerfile_of(dockerfile, best.planned, command, name, lock))
    if not text or present.has(name):
        return
    yield _Part(name, "builds the image that it ran in, from a checkout", new_file(name, text))
    # BuildKit takes this one for that Dockerfile alone: the repository's own builds stay as they are.
    ignore = IGNORE if name == DOCKERFILE else f"{name}{IGNORE}"
    if not present.has(IGNORE) and not present.has(ignore):
        yield _Part(ignore, "keeps the history out of the image", new_file(ignore, IGNORED))
    if proof and not present.has(WORKFLOW):
        submodules = bool(record.checkout.submodules)
        text = job(name, proof.outcome, submodules=submodules)
        yield _Part(WORKFLOW, "builds and runs it with each push", new_file(WORKFLOW, text))


def _wants_lock(present: Present) -> bool:
    """Whether a lock has a place: beside `requirements.txt`, or where no project says what it needs."""
    has_manifest = present.has(REQUIREMENTS) or not any(map(present.has, MANIFESTS))
    return has_manifest and not present.has(LOCK)


def _beside(present: Present, parts: list[_Part]) -> Iterator[str]:
    paths = {part.path for part in parts}
    if present.has(IGNORE) and {DOCKERFILE, BESIDE} & paths:
        yield f"{IGNORE} stays: what it leaves out is not in the image"


def _header(record: RunRecord, parts: list[_Part], advice: list[str]) -> Iterator[str]:
    """Yield the lines before the first file."""
    name, commit, best = record.name, record.checkout.commit, record.best
    yield f"What makes {name} run. Made by paper2run for commit {commit}; in a checkout of it:"
    yield f"git apply {record.folder}.patch"
    proof = shown(best) if best else None
    if proof:
        yield f"Shown with it: {proof.command} ({record.metadata.grade})"
    yield ""
    for part in parts:
        yield f"{part.path}: {part.why}"
    if advice:
        yield ""
        yield "For you to decide, and not in the patch:"
        yield from (f"- {line}" for line in advice)
