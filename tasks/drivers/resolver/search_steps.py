"""Counts the steps of a search, and ends one that finds no end."""

from collections.abc import Callable
from typing import Final

from resolvelib import BaseReporter

from tasks.drivers.resolver.needs import Need, PricedRelease

MAX_STEPS: Final = 3000
"""Names that one search may decide and releases that it may refuse; a set of 200 takes a few hundred. Counted, not
timed: two searches for one plan give the same set, however busy the host is."""


class NoEndError(Exception):
    """A search has taken more steps, or refused more releases, than it may."""


class Watch(BaseReporter[Need, PricedRelease, str]):
    """Counts the steps of a search, and ends it after too many."""

    def __init__(self, max_refused: int, need_time: Callable[[], None]) -> None:
        """End after so many refused releases; `need_time` ends it by an exception of its own."""
        self._max_refused = max_refused
        self._need_time = need_time
        self._refused = 0
        self.steps = 0

    def rejecting_candidate(self, criterion: object, candidate: PricedRelease) -> None:
        """Raise NoEndError if too many were refused."""
        self._refused += 1
        self._step()

    def starting_round(self, index: int) -> None:
        """Raise NoEndError after too many steps."""
        self._step()

    def _step(self) -> None:
        self.steps += 1
        self._need_time()
        if self.steps > MAX_STEPS or self._refused > self._max_refused:
            raise NoEndError
