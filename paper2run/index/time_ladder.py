"""The date ladder: the last days that a resolver may consider, nearest to the commit first."""

from datetime import date, timedelta
from typing import Final, NamedTuple

from paper2run.model.resolution import Resolution

STEPS_DAYS: Final = (("commit date", 0), ("+30 days", 30), ("+180 days", 180))
"""A release of the following weeks often repairs what was broken on the day itself; half a year later
most authors would still have run their own code unchanged."""
FIRST_WHEELS: Final = "first wheels"
NO_LIMIT: Final = "none"
STEP_WORDS: Final = {
    "commit date": "the commit's day",
    "+30 days": "30 days after the commit",
    "+180 days": "180 days after the commit",
    FIRST_WHEELS: "the first day on which every requirement had a wheel",
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


def with_first_wheels(steps: tuple[DateStep, ...], day: date | None) -> tuple[DateStep, ...]:
    """Return `steps` with one for `day` before the last, if it lies beyond all dated ones.

    `day` is the first on which every requirement had a wheel: for commits from before 2016, when the
    index took no wheels for Linux, it keeps the environment years closer to the commit than no limit.
    """
    dated = [step.cutoff for step in steps if step.cutoff is not None]
    if day is None or not dated or day <= max(dated):
        return steps
    return (*steps[:-1], DateStep(FIRST_WHEELS, day), steps[-1])
