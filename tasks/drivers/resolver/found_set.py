"""What a search for one interpreter gives: a consistent set, or why there is none."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tasks.drivers.resolver.needs import Information, Need, PricedRelease
from tasks.drivers.resolver.release_provider import ReleaseProvider

Found = dict[str, PricedRelease]
"""One release per identifier: a name, or a name with extras."""


@dataclass(frozen=True)
class Solved:
    """A consistent set."""

    chosen: tuple[PricedRelease, ...]
    """One release per distribution, by name, each with its cost beside the others."""
    cost: float
    dependents: Mapping[str, frozenset[str]]
    """The names that need a name of the set."""
    compiled: frozenset[str] = frozenset()
    """Normalised names of what must be compiled from source."""

    def dependents_of(self, names: Iterable[str]) -> frozenset[str]:
        """Return all that need one of `names`, directly or not, with the names themselves."""
        found: set[str] = set()
        left = set(names)
        while left:
            found |= left
            left = {other for name in left for other in self.dependents.get(name, ())} - found
        return frozenset(found)


@dataclass(frozen=True)
class Failed:
    """No consistent set, and why in one line."""

    why: str
    causes: tuple[Information, ...] = ()
    """The needs that contradict each other; empty where the search found no end."""


def reached(
    decided: Mapping[str, PricedRelease], needs: Iterable[Need], provider: ReleaseProvider
) -> Found:
    """Return what `needs` lead to of all that a search decided, in the search's order.

    A search goes back on a release and keeps what only that one needed. `resolvelib` 1.2.1 takes this out by way of
    the parents, and recurses without end where packages that are needed no more need each other.
    """
    found: set[str] = set()
    left = [provider.identify(need) for need in needs]
    while left:
        identifier = left.pop()
        if identifier not in found:
            found.add(identifier)
            left += map(provider.identify, provider.get_dependencies(decided[identifier]))
    return {identifier: decided[identifier] for identifier in decided if identifier in found}
