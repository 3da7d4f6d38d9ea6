"""Which release of a library removed a name or changed its ways, and how that shows in a log.

The table, data/library_breaks.json, follows the libraries' own release notes.
"""

import json
from datetime import date
from functools import cache
from importlib import resources
from typing import Final

from pydantic import TypeAdapter

from paper2run.model.value import Value

TABLE: Final = "library_breaks.json"


class LibraryBreak(Value):
    """A release that code written before it does not run with."""

    distribution: str
    below: str
    """The breaking release: versions below it are good."""
    newest_python: str = ""
    """The last interpreter with wheels of such a version, or with what pure Python of that time imports; empty: any."""
    gone: tuple[str, ...] = ()
    """Dotted names that it took away, with all below them: `scipy.misc.imread`, `DataFrame.ix`."""
    says: tuple[str, ...] = ()
    """What is printed where it behaves otherwise."""
    commits_before: date | None = None
    """Set where wrong code prints the same: later commits were never written for the older releases."""
    released: date | None = None
    """Day of the breaking release; None where no name went."""
    source: str
    """The document that announces it."""

    @property
    def requirement(self) -> str:
        """`scipy<1.2`."""
        return f"{self.distribution}<{self.below}"


def break_of_name(dotted: str) -> LibraryBreak | None:
    """Return the break that took a dotted name away; None for a name that none is known to have taken."""
    for known in _breaks():
        if any(dotted == name or dotted.startswith(f"{name}.") for name in known.gone):
            return known
    return None


def release_day(distribution: str, below: str) -> date | None:
    """Return the day of the release that took names away; None where it is not known."""
    days = (
        known.released
        for known in _breaks()
        if (known.distribution, known.below) == (distribution, below)
    )
    return next(days, None)


def break_of_line(line: str, commit_day: date | None) -> LibraryBreak | None:
    """Return the break that prints such a line, for code of that day; None where none is known."""
    for known in _breaks():
        is_late = known.commits_before and commit_day and commit_day >= known.commits_before
        if not is_late and any(text in line for text in known.says):
            return known
    return None


@cache
def libraries() -> frozenset[str]:
    """Return the top-level modules of which names are known to have gone."""
    return frozenset(name.partition(".")[0] for known in _breaks() for name in known.gone)


@cache
def _breaks() -> tuple[LibraryBreak, ...]:
    text = resources.files("paper2run").joinpath("data", TABLE).read_text("utf-8")
    return TypeAdapter(tuple[LibraryBreak, ...]).validate_python(json.loads(text)["libraries"])
