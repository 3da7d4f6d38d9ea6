"""The days up to which versions are taken: the ladder of conda's solver, and the words for people."""

from datetime import date, timedelta
from typing import Final, NamedTuple

from paper2run.model.resolution import Resolution

COMMIT_DATE: Final = "commit date"
STEPS_DAYS: Final = ((COMMIT_DATE, 0), ("+30 days", 30), ("+180 days", 180))
"""A release of the following weeks often repairs what was broken on the day itself; half a year later
most authors would still have run their own code unchanged."""
NO_LIMIT: Final = "none"
STEP_WORDS: Final = {
    COMMIT_DATE: "the commit's day",
    "+30 days": "30 days after the commit",
    "+180 days": "180 days after the commit",
}
"""What a step's day is, for people."""
MAX_EXCEPTIONS: Final = 5
"""Releases of other days that are named."""


class DateStep(NamedTuple):
    """One step of the ladder."""

    name: str
    cutoff: date | None
    """The last day on which a release may have appeared; None for no limit."""


def versions_in_words(resolution: Resolution) -> str:
    """Return up to which day the versions are, and which are not, for people."""
    if resolution.cutoff is None:
        return "versions of any date"
    named = list(resolution.exceptions[:MAX_EXCEPTIONS])
    if len(resolution.exceptions) > MAX_EXCEPTIONS:
        named.append(f"{len(resolution.exceptions) - MAX_EXCEPTIONS} more")
    day = f" ({STEP_WORDS[resolution.date_step]})" if resolution.date_step in STEP_WORDS else ""
    later = f", except {', '.join(named)}" if named else ""
    return f"versions of {resolution.cutoff} or earlier{day}{later}"


def ladder(day: date | None) -> tuple[DateStep, ...]:
    """Return the steps for a commit of `day`, nearest first; without a day only the one without a limit."""
    dated = (
        ()
        if day is None
        else tuple(DateStep(name, day + timedelta(days=days)) for name, days in STEPS_DAYS)
    )
    return (*dated, DateStep(NO_LIMIT, None))
