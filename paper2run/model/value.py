"""The base of every typed value that crosses a stage, and where a fact or a decision came from."""

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict

SourceKind = Literal[
    "file",
    "readme",
    "ci",
    "import",
    "commit date",
    "index",
    "log",
    "user",
    "paper",
    "model",
    "default",
]


class Value(BaseModel):
    """A frozen value; unknown fields are an error, so that a record of another version is noticed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def changed(self, **fields: Any) -> Self:
        """Return a copy with other values for some fields; ValidationError for unknown names and bad values."""
        return self.model_validate({**dict(self), **fields})


class Source(Value):
    """Where a fact or a decision came from."""

    kind: SourceKind
    path: str = ""
    """Path below the repository's root, `/`-separated; empty if no file is meant."""
    line: int = 0
    """1-based line in `path`; 0 where no line is meant."""
    note: str = ""
    """What else tells the place: a key, a log line, a date."""

    def __str__(self) -> str:
        """Return the source as people write it: `setup.py:12`, `commit date 2019-03-01`, `default`."""
        place = f"{self.path}:{self.line}" if self.path and self.line else self.path
        words = place if place and self.kind == "file" else f"{self.kind} {place}".strip()
        return f"{words} ({self.note})" if self.note else words


DEFAULT = Source(kind="default")
"""Source of a built-in default: neither the user nor the repository specified it."""
