"""Reads a corpus: repositories at pinned commits, with oracles and the expected verdict of each.

The file is a YAML list of entries; fields that are not named here are notes and are ignored.
"""

import re
from collections.abc import Collection
from pathlib import Path
from typing import Final, Literal, NamedTuple, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from paper2run.errors import UserError
from paper2run.model.diagnosis import Cause
from paper2run.model.value import Value

Level = Literal["L1", "L2", "L3"]
LEVELS: Final[tuple[Level, ...]] = get_args(Level)
Measured = Literal["command", "collection", "tests", "program"]
"""What a command shows: its exit status alone; that pytest collects; how many tests pass; that a program starts."""
CAUSES: Final[tuple[Cause, ...]] = get_args(Cause)
MEANT_CAUSES: Final[dict[str, tuple[Cause, ...]]] = {
    "gpu": ("needs_gpu",),
    "cuda": ("needs_gpu",),
    "private-data": ("missing_data",),
    "weights": ("missing_data",),
    "network-data": ("missing_data", "dead_link", "external_service"),
    "dead-data": ("missing_data", "dead_link"),
    # Whether a registry died or cannot be reached from here is not to be told from here.
    "dead-dependency": ("dead_dependency", "registry_unreachable"),
    "api-key": ("external_service",),
    "proprietary": ("proprietary_toolchain",),
    "matlab": ("proprietary_toolchain",),
    "windows": ("unsupported_platform",),
    "macos": ("unsupported_platform",),
}
"""Words of corpora that are not spelled as our own cause codes are."""
WORD: Final = re.compile(r"[a-z][a-z0-9-]*")
EXCUSED_LEVEL: Final = re.compile(r"\b(L[123]) not-reproducible")
ORACLE_LIMIT_S: Final = 900
"""For a command whose limit the corpus does not state."""


class Expectation(Value):
    """What a right tool says of an entry."""

    words: str
    """As the corpus has it: `reproducible`, `not-reproducible:<cause>`."""
    reproducible: bool
    causes: tuple[Cause, ...] = ()
    """Any of them is right for a negative; empty: the corpus names none that we know, any stop is right."""
    excused: tuple[Level, ...] = ()
    """Levels that even a right environment does not pass."""

    @classmethod
    def of(cls, words: str) -> "Expectation":
        """Return the meaning of the corpus's `expected`."""
        if words.startswith("reproducible"):
            excused = [level for level in LEVELS if level in EXCUSED_LEVEL.findall(words)]
            return cls(words=words, reproducible=True, excused=tuple(excused))
        meant: set[Cause] = set()
        for word in WORD.findall(words.lower().partition(":")[2]):
            meant.update(MEANT_CAUSES.get(word, ()))
            meant.update(cause for cause in CAUSES if cause == word.replace("-", "_"))
        return cls(words=words, reproducible=False, causes=tuple(sorted(meant)))


class OracleCommand(BaseModel):
    """A command that passes in a right environment, by its exit status."""

    model_config = ConfigDict(frozen=True)

    cmd: str
    cwd: str = Field("repo", pattern=r"^(outside|repo(/[^/]+)*)$")
    """`repo`, a folder below it, or `outside`: a folder that is not inside the checkout."""
    timeout_s: int = Field(ORACLE_LIMIT_S, ge=1)
    measures: Measured = "command"


class Entry(Value):
    """One repository at one commit; a corpus may say more of it."""

    model_config = ConfigDict(extra="ignore")

    id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    url: str
    commit: str = Field(pattern=r"^[0-9a-f]{40}$")
    language: str = ""
    """The one that leads, as `languages` of the facts names it; empty if the corpus does not say."""
    expected: str = "reproducible"
    heavy: bool = False
    """It needs torch or tensorflow."""
    missing_blobs: bool = False
    """Its snapshot lacks large files, so that a checkout fails as it would in real life."""
    network: bool = False
    """Its oracles may use the network."""
    oracle: dict[Level, OracleCommand]
    from_list: str = ""
    """The published list that it is a row of; empty for a corpus of one's own."""
    levels_passed: tuple[str, ...] = ()
    """Levels that were passed once by hand, some with a remark behind: `L3(subset of the same run)`."""

    @property
    def expectation(self) -> Expectation:
        """What a right tool says of it."""
        return Expectation.of(self.expected)

    @property
    def proven(self) -> tuple[Level, ...]:
        """Levels that were passed once by hand: the others are leads, not promises."""
        return tuple(
            level
            for level in LEVELS
            if any(words.startswith(level) for words in self.levels_passed)
        )


class Selection(NamedTuple):
    """The entries to measure, and in words which were left out."""

    entries: tuple[Entry, ...]
    left_out: str


def read_corpus(path: Path) -> tuple[Entry, ...]:
    """Return the entries in the file's order.

    UserError if the file cannot be read, is malformed or names an id twice.
    """
    try:
        content = yaml.safe_load(path.read_text("utf-8"))
        entries = TypeAdapter(tuple[Entry, ...]).validate_python(content)
    except OSError as error:
        raise UserError(
            f"the corpus {path} cannot be read: {error.strerror}",
            hint="name the YAML file of a corpus",
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError, ValidationError) as error:
        raise UserError(
            f"the corpus {path} is malformed: {error}",
            hint="correct the fields it names; benchmarks/README.md lists them",
        ) from error
    ids = [entry.id for entry in entries]
    twice = sorted({name for name in ids if ids.count(name) > 1})
    if twice:
        raise UserError(
            f"the corpus {path} names twice: {', '.join(twice)}",
            hint="give each entry an id of its own",
        )
    return entries


def select(
    entries: Collection[Entry], only: Collection[str], *, heavy: bool, missing_blobs: bool
) -> Selection:
    """Return the entries of the ids in `only`, or all of them without the kinds that are not asked for.

    UserError for an id that the corpus does not have.
    """
    unknown = sorted(set(only) - {entry.id for entry in entries})
    if unknown:
        raise UserError(
            f"the corpus has no {', '.join(unknown)}", hint="name ids that stand in the corpus file"
        )
    if only:
        return Selection(tuple(entry for entry in entries if entry.id in only), "")
    too_heavy = [entry for entry in entries if entry.heavy and not heavy]
    damaged = [
        entry
        for entry in entries
        if entry.missing_blobs and not missing_blobs and entry not in too_heavy
    ]
    kept = tuple(entry for entry in entries if entry not in too_heavy and entry not in damaged)
    words = [
        f"{len(group)} {what} ({', '.join(entry.id for entry in group)})"
        for group, what in ((too_heavy, "heavy"), (damaged, "with missing blobs"))
        if group
    ]
    return Selection(kept, f"left out: {'; '.join(words)}" if words else "")
