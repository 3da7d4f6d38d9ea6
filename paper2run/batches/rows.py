"""A batch of repositories: the request and the result so far of each (`batch.json`)."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal, Self, get_args

from pydantic import Field, model_serializer, model_validator

from paper2run.digests import digest_of
from paper2run.errors import Trouble
from paper2run.model.claims import ClaimCounts
from paper2run.model.diagnosis import Blame, Cause
from paper2run.model.grade import Grade
from paper2run.model.outcome import Rung
from paper2run.model.report import Metadata
from paper2run.model.usage import Budget, Usage
from paper2run.model.value import Value
from paper2run.request import Request, options_of
from paper2run.source import shown_name

RowStatus = Literal[
    "waiting",
    "running",
    "success",
    "planned",
    "stopped-by-rule",
    "stopped-by-llm",
    "max-attempts-exhausted",
    "smoke-failed",
    "preflight-failed",
    "exception",
    "interrupted",
]
"""A run's verdict, or the row's state in the batch; `interrupted` means from outside."""

Change = Literal["", "fixed", "newly broken", "another verdict"]

ABOUT_THE_REPOSITORY: Final[frozenset[RowStatus]] = frozenset(
    {
        "success",
        "planned",
        "stopped-by-rule",
        "stopped-by-llm",
        "max-attempts-exhausted",
        "smoke-failed",
    }
)
"""Verdicts that another run would repeat; all others come from this machine or an interruption."""


class BatchEntry(Request):
    """One line of a batch file: a repository and the options that it sets; the batch sets all others."""

    repo: str = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _without_empty(cls, given: Any) -> Any:
        """Leave out what is empty: an empty cell of a table sets nothing."""
        if not isinstance(given, Mapping):
            return given
        return {name: value for name, value in given.items() if value not in ("", None)}

    @model_serializer(mode="plain")
    def _given(self) -> dict[str, Any]:
        return {name: value for name, value in self if name in self.model_fields_set}

    @property
    def key(self) -> str:
        """Name the entry: the same text asks for the same thing."""
        return digest_of(self)[:16]

    def over(self, flags: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters of the run: the line's options override the batch's flags."""
        return {**flags, **self._given()}

    def changed(self, **fields: Any) -> Self:
        """Return a copy that sets other values for some fields; ValidationError as for any value."""
        return self.model_validate({**self._given(), **fields})


OF_A_LINE: Final = tuple(
    option.name for option in options_of(Request) if option.name not in ("out", "remove_images")
)
"""The options that a line may set: folder and images of the runs are the whole batch's."""


class BatchRow(Value):
    """One repository of a batch and its result."""

    entry: BatchEntry
    line: int = 0
    """1-based line of the batch file; 0 where it is not known."""
    own: Mapping[str, str] = Field(default_factory=dict)
    """Cells of the user's own columns."""
    status: RowStatus = "waiting"
    starts: int = 0
    """Runs that were started in all passes."""
    lost: int = 0
    """Starts of this pass whose process died; never counted as attempts."""
    again: int = 0
    """Reruns in this pass after host errors."""
    trouble: Trouble = ""
    """Which trouble of this machine ended the last run; such an end is not a verdict."""
    started_at: datetime | None = None
    """When the last run was started."""
    ended_at: datetime | None = None
    """When this batch learnt of the last run's end."""
    before: RowStatus | None = None
    """Its status in the earlier batch that this one is compared with; None if it was not there."""
    flow_run_id: str = ""
    """Of the last run that was started."""
    share: Budget | None = None
    """What the last run may spend of the budget of this pass; None if it was not started in this pass."""
    name: str = ""
    """`owner/name`, as soon as it is known."""
    commit: str = ""
    cause: Cause | None = None
    reason: str = ""
    blame: Blame | None = None
    """The first error of the run, what it is about and who wanted that."""
    smallest_change: str = ""
    grade: Grade = "none"
    claims: ClaimCounts | None = None
    """How many numbers that authors state came out; None where none were compared."""
    covers: str = ""
    language: str = ""
    rung: Rung = "none"
    attempts: int = 0
    seconds: float = 0.0
    output: str = ""
    """The last lines that its command printed, or that end the log of what failed."""
    image: str = ""
    image_size_bytes: int = 0
    image_removed: bool = False
    """True if the image was removed as asked, after the verdict was written."""
    tokens: int = 0
    model_seconds: float = 0.0
    """Waited for the model's answers."""
    cost_usd: float | None = 0.0
    """None if no price is known."""
    folder: str = ""
    """Run folder, on the machine that ran it."""

    @property
    def has_verdict(self) -> bool:
        """True if another run would give the same result."""
        return self.status in ABOUT_THE_REPOSITORY

    @property
    def change(self) -> Change:
        """What became of it since the earlier batch; empty while it has no verdict, and where nothing did."""
        if self.before is None or not self.has_verdict or self.status == self.before:
            return ""
        if "success" in (self.status, self.before):
            return "fixed" if self.status == "success" else "newly broken"
        return "another verdict"

    @property
    def has_ended(self) -> bool:
        """True if the row neither runs nor waits in this pass."""
        return self.status not in ("waiting", "running")

    @property
    def spent(self) -> Usage:
        """What the run spent on the model; a running or lost run counts with its whole share."""
        if self.has_ended and self.status not in ("interrupted", "exception"):
            return Usage(
                completion_tokens=self.tokens, cost_usd=self.cost_usd, latency_s=self.model_seconds
            )
        share = self.share or Budget()
        return Usage(
            completion_tokens=share.max_tokens or 0,
            cost_usd=share.max_cost_usd or 0.0,
            latency_s=share.max_model_seconds or 0.0,
        )

    @property
    def title(self) -> str:
        """Return what people call the repository."""
        return self.name or shown_name(self.entry.repo)

    def started(self, flow_run_id: str, share: Budget) -> "BatchRow":
        """Return the row with a new run under way."""
        return self.changed(
            status="running",
            started_at=datetime.now(UTC),
            flow_run_id=flow_run_id,
            share=share,
            starts=self.starts + 1,
            reason="",
            cause=None,
            blame=None,
        )

    def ended(self, metadata: Metadata, folder: str) -> "BatchRow":
        """Return the row with what the run's summary says."""
        taken = (
            "status", "name", "commit", "cause", "reason", "blame", "smallest_change", "grade", "claims", "covers",
            "language", "rung", "attempts", "seconds", "output", "image", "image_size_bytes", "image_removed", "tokens",
            "cost_usd",
        )  # fmt: skip
        waited = sum(call.latency_s for call in metadata.model_calls)
        return self.changed(
            **{name: getattr(metadata, name) for name in taken},
            folder=folder,
            model_seconds=round(waited, 3),
        )

    def learnt(self, at: datetime, trouble: Trouble) -> "BatchRow":
        """Return the row with the time at which its end was noticed, and the machine's trouble that caused it."""
        return self.changed(ended_at=at, trouble=trouble)

    def once_more(self) -> "BatchRow":
        """Return the row waiting for another run after a host error."""
        return self.changed(status="waiting", again=self.again + 1, trouble="", ended_at=None)

    def broken_off(self, status: RowStatus, reason: str, folder: str = "") -> "BatchRow":
        """Return the row of a run that ended without a verdict."""
        return self.changed(status=status, reason=reason, folder=folder)


class Batch(Value):
    """`batch.json`: everything that a later `--resume` needs."""

    id: str
    """Of the folder, through all passes."""
    name: str
    source: str
    """The batch file."""
    jobs: int
    started_at: datetime
    updated_at: datetime
    flow_run_id: str = ""
    """Of the batch's own run, the last one."""
    ui: str = ""
    """Address of the Prefect UI; empty if there is none."""
    paused: str = ""
    """Why the batch pauses; empty while it does not."""
    totals: Mapping[str, int] = Field(default_factory=dict)
    """Rows by status, those that there are."""
    rows: tuple[BatchRow, ...] = ()

    def with_rows(self, rows: tuple[BatchRow, ...], now: datetime) -> "Batch":
        """Return the batch with other rows, counted."""
        counted = Counter(row.status for row in rows)
        totals = {status: counted[status] for status in get_args(RowStatus) if counted[status]}
        return self.changed(rows=rows, totals=totals, updated_at=now)
