"""What a search weighs: needs of distributions, and releases with their price that could meet them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from packaging.specifiers import SpecifierSet
from packaging.version import Version
from resolvelib.structs import RequirementInformation

from paper2run.index.release_costs import Priced
from paper2run.index.releases import Installable


@dataclass(frozen=True, eq=False)
class Need:
    """A distribution with extras, the acceptable versions, and the day as of which it is wanted."""

    name: str
    extras: frozenset[str]
    specifier: SpecifierSet
    day: date | None = None

    def as_of(self, days: Iterable[date | None]) -> "Need":
        """Return the need of a build tool as of the day of the newest source that it builds.

        That of the commit stays where all sources came before.
        """
        if self.day is None:
            return self
        return replace(self, day=max((self.day, *(day for day in days if day))))

    def __str__(self) -> str:
        """Return the need as PEP 508 text."""
        extras = f"[{','.join(sorted(self.extras))}]" if self.extras else ""
        return f"{self.name}{extras}{self.specifier}"


@dataclass(frozen=True)
class PricedRelease:
    """A release that could be installed, with extras."""

    name: str
    extras: frozenset[str]
    priced: Priced
    day: date | None
    """As of which it is wanted; its own needs are wanted as of then too."""

    @property
    def found(self) -> Installable:
        """The release, in its form."""
        return self.priced.found

    @property
    def version(self) -> Version:
        """The release's version."""
        return self.found.release.version


Information = RequirementInformation[Need, PricedRelease]
