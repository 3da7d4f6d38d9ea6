"""What came of rebuilding a run folder later: the record of `paper2run verify`."""

from datetime import datetime
from typing import Literal

from paper2run.model.claims import ClaimCounts
from paper2run.model.grade import Grade
from paper2run.model.value import Value

Outcome = Literal["verified", "drifted", "broken", "tampered"]
DriftCause = Literal["base", "debian", "index", "link", "data", "code", "engine", "unknown"]
"""base image, Debian's packages, a package index, an address, fetched data, what the code does, the engine."""


class Drift(Value):
    """One thing that is not as it was handed over."""

    cause: DriftCause
    item: str
    """A package, a path, an image, a rung."""
    before: str = ""
    after: str = ""
    """Empty: it is not there."""


class ExplainedFiles(Value):
    """Files that differ for a reason that is no drift."""

    why: str
    count: int
    examples: tuple[str, ...]
    """Their first paths, at most five."""


class Rebuild(Value):
    """`verify.json`: how a rebuild from the folder alone compares with what was handed over."""

    outcome: Outcome
    reason: str
    """One line for people."""
    drifts: tuple[Drift, ...] = ()
    """The first hundred, those that decide first."""
    tampered: tuple[str, ...] = ()
    """Files of the folder that differ from its own record, each with how; nothing was built then."""
    statement: tuple[str, ...] = ()
    """Why the signed statement that was given does not speak for the folder; nothing was built then."""
    explained: tuple[ExplainedFiles, ...] = ()
    grade_before: Grade = "none"
    grade_after: Grade = "none"
    claims_before: ClaimCounts | None = None
    claims_after: ClaimCounts | None = None
    files: int = 0
    """Of the image that was handed over; 0 if its list was not kept."""
    files_same: int = 0
    """Of these, the ones with equal type, mode, owner and content."""
    image_id: str = ""
    """Of the rebuilt image, which is removed afterwards."""
    build_seconds: float = 0.0
    build_seconds_before: float = 0.0
    seconds: float = 0.0
    started_at: datetime
    engine: str = ""
    """Name and version as the engine says it, with its builder and store."""
    engine_before: str = ""
    """The same of the engine that the run was made with."""
    notes: tuple[str, ...] = ()
