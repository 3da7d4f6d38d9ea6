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


class Resolution(Value):
    """What the resolver settled on."""

    python: str
    """`3.9`"""
    cutoff: date | None = None
    """No release later than this day; None for no limit."""
    date_step: str
    """Which step of the date ladder held: `commit date`, `+30 days`, `+180 days`, `none`."""
    pins: tuple[Pin, ...] = ()
    exceptions: tuple[str, ...] = ()
    """Pins not known to be out on `cutoff`, each with its day: `aesara 0.0.1 (2020-11-07)`; none without a cutoff."""
    dropped: tuple[str, ...] = ()
    """Requirements that were left out, each with the reason."""
    absent: tuple[str, ...] = ()
    """Normalised names among these that the index does not have at all."""
    tried: tuple[str, ...] = ()
    """The pairs that failed before, each with the resolver's own words, in order."""
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
    """No pair of interpreter and date gives the whole set."""

    kind: Literal["unresolvable"] = "unresolvable"
    reason: str
    """One line: the failure of the pair that came nearest to the commit."""
    tried: tuple[str, ...] = ()
    """Every pair that failed, with the resolver's own words, in order."""
