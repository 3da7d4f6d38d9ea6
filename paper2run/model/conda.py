"""What a repository wants from conda's channels, and what they give."""

from datetime import date
from typing import Annotated

from pydantic import Field, StringConstraints

from paper2run.model.value import Source, Value

PACKAGE_URL = (
    r"^https://(?:conda\.anaconda\.org|repo\.anaconda\.com)/(?:[A-Za-z0-9_][A-Za-z0-9_.-]*/){1,6}"
    r"[a-z0-9_][A-Za-z0-9_.+!-]*\.(?:conda|tar\.bz2)$"
)
"""Packages of public channels: a lock file of a stranger names any address, and this one ends in a shell command."""
MAX_PACKAGES = 2000
"""Of one environment; Anaconda's whole distribution has some 500."""
DIGEST = r"^(?:[0-9a-f]{64}|[0-9a-f]{32})$"


class CondaArchive(Value):
    """One package of a solved environment."""

    url: Annotated[str, StringConstraints(max_length=400, pattern=PACKAGE_URL)]
    """Its public address, whichever mirror it came from."""
    digest: Annotated[str, StringConstraints(pattern=DIGEST)]
    """sha256, or md5 where the channel has no other."""

    @property
    def name(self) -> str:
        """The package's name.

        https://docs.conda.io/projects/conda-build/en/stable/resources/package-naming-conv.html
        """
        return self._parts[0]

    @property
    def version(self) -> str:
        """The package's version."""
        return self._parts[1]

    @property
    def _parts(self) -> tuple[str, str]:
        stem = self.url.rpartition("/")[2].removesuffix(".conda").removesuffix(".tar.bz2")
        name, version, _ = stem.rsplit("-", 2) if stem.count("-") > 1 else (stem, "", "")
        return name, version


class CondaWish(Value):
    """An environment that conda would make: what to ask its channels for."""

    channels: tuple[str, ...]
    """Public addresses, most important first."""
    specs: Annotated[tuple[str, ...], Field(max_length=MAX_PACKAGES)] = ()
    """Package specifications as written."""
    archives: Annotated[tuple[CondaArchive, ...], Field(max_length=MAX_PACKAGES)] = ()
    """The whole set, where a lock file has it: nothing is left to solve."""
    unasked: str = ""
    """Why the channels cannot be asked, whatever they answer; empty if they can."""
    source: Source


class CondaSolved(Value):
    """What the channels gave."""

    archives: Annotated[tuple[CondaArchive, ...], Field(max_length=MAX_PACKAGES)]
    """Sorted by name."""
    date_step: str
    """The step of the date ladder that held; `lock` where a lock file named the whole set."""
    cutoff: date | None = None
    left_out: tuple[str, ...] = ()
    """Requests that no channel can meet, each with its reason."""
    notes: tuple[str, ...] = ()
    """What else a person should know, such as builds that are not available together."""

    @property
    def python(self) -> str:
        """The interpreter's version, such as `3.9`; empty if there is none."""
        found = (archive.version for archive in self.archives if archive.name == "python")
        return ".".join(next(found, "").split(".")[:2])
