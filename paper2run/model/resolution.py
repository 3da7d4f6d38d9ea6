"""What the resolver is told to prefer, and what it settled on."""

from datetime import date
from typing import Literal

from paper2run.model.value import Source, Value


class Lock(Value):
    """A version that the author used according to the repository; taken if available."""

    name: str
    """Normalised distribution name."""
    specifier: str
    """`==1.16.4` of a lock file; `==1.16.*` of a conda environment."""
    marker: str = ""
    """Environment marker under which it counts; empty for always."""
    source: Source


class Pin(Value):
    """One distribution at one exact version."""

    name: str
    version: str
    sdist: bool = False
    """No wheel fits this interpreter: it is built from source inside the container."""
    sha256: tuple[str, ...] = ()
    """Of the files of this version that an installer may take, hexadecimal; empty where the index does not tell."""
    needed_by: tuple[str, ...] = ()
    """The pins that declare it; empty for what the plan alone wants."""


class KeptLocks(Value):
    """How many pins are as one file has them."""

    path: str
    """The lock file, below the repository."""
    pins: int


class BrokenLock(Value):
    """A locked version that was not taken, and what was."""

    wanted: str
    """`numpy==1.16.4`"""
    chosen: str
    """The version in its place."""
    why: str
    source: Source
    gone: bool = False
    """The index does not have the release at all."""


class Resolution(Value):
    """What the resolver settled on."""

    python: str
    """`3.9`"""
    cutoff: date | None = None
    """Releases after this day are exceptions; None for no limit."""
    date_step: str
    """What the day is: `commit date`, of conda's ladder also `+30 days` and `+180 days`; `none` without one."""
    pins: tuple[Pin, ...] = ()
    exceptions: tuple[str, ...] = ()
    """Pins not known to be out on `cutoff`, the latest first: `aesara 0.0.1 (2020-11-07, 3 days later)`; none without
    a cutoff."""
    dropped: tuple[str, ...] = ()
    """Requirements that were left out, each with the reason."""
    absent: tuple[str, ...] = ()
    """Normalised names among these that the index does not have at all."""
    tried: tuple[str, ...] = ()
    """The other interpreters that were solved for, each with what they lack or cost more."""
    cost: float = 0.0
    """What the set costs, in days: data/resolution_costs.json; 0 where every release is of the day and has a wheel."""
    notes: tuple[str, ...] = ()
    """What a person should know about the pins, such as releases without an upload date."""
    system_packages: tuple[str, ...] = ()
    """Debian packages that the source builds among the pins need."""
    kept_locks: tuple[KeptLocks, ...] = ()
    """How many pins each lock file decided."""
    conda_packages: int = 0
    """How many packages came from conda's channels, beside the pins."""
    channels: tuple[str, ...] = ()
    broken_locks: tuple[BrokenLock, ...] = ()
    """Locked versions that could not be taken, by name."""


class Unresolvable(Value):
    """No interpreter gives the whole set."""

    kind: Literal["unresolvable"] = "unresolvable"
    reason: str
    """One line: the failure of the planner's first interpreter."""
    tried: tuple[str, ...] = ()
    """Every interpreter that failed, with the resolver's own words, in order."""
