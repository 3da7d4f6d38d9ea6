"""What a release costs an environment, in days: late, stale, built from source, against a lock.

One stated cost decides which releases are taken and for which interpreter; the weights, their reasons and the
measurement behind them are in data/resolution_costs.json.
"""

import json
from datetime import date
from functools import cache
from importlib import resources
from typing import Final, NamedTuple

from paper2run.index.releases import Installable
from paper2run.model.value import Value

TABLE: Final = "resolution_costs.json"
DAYS_PER_YEAR: Final = 365.25


class Weights(Value):
    """The weights of data/resolution_costs.json, which gives the reason of each."""

    late: float
    late_day: float
    younger_day: float
    stale_day: float
    very_stale_after_days: int
    very_stale_day: float
    small_source: float
    small_source_year: float
    large_source: float
    large_source_year: float
    toolchain_day: date
    broken_lock: float
    broken_pin: float
    excluded_python: float
    overruled_limit: float
    dropped_name: float
    next_python: float
    unnamed_python: float
    other_major: float
    untimely_python: float
    optional_late_days: int
    optional_shift: float
    worth_nearing: float


class Priced(NamedTuple):
    """A release in the form in which it would be installed, with its cost."""

    found: Installable
    cost: float
    late_days: int
    """Days after the commit; 0 for a release that was out."""


@cache
def weights() -> Weights:
    """Return the weights."""
    text = resources.files("paper2run").joinpath("data", TABLE).read_text("utf-8")
    return Weights.model_validate(json.loads(text)["weights"])


def late_days(found: Installable, day: date | None) -> int:
    """Return by how many days a release came after `day`; 0 where either day is unknown."""
    came = found.release.day
    return max(0, (came - day).days) if came and day else 0


def cost_of_delay(younger_days: int, late_days: int) -> float:
    """Return what it costs to take a release that came after what needs it, and after the commit.

    `younger_days` are all days after what needs it, `late_days` those of them after the commit.
    """
    known = weights()
    late = known.late + late_days * known.late_day if late_days else 0.0
    return late + (younger_days - late_days) * known.younger_day


def cost_of_age(days: int) -> float:
    """Return what it costs to take a release that is `days` older than the newest that was to be had."""
    known = weights()
    very = max(0, days - known.very_stale_after_days)
    return (days - very) * known.stale_day + very * known.very_stale_day


def cost_of_build(found: Installable) -> float:
    """Return what building a release costs: nothing for a wheel or a source without compiled code."""
    known = weights()
    came = found.release.day or known.toolchain_day
    years = max(0.0, (known.toolchain_day - came).days / DAYS_PER_YEAR)
    match found.form:
        case "small":
            return known.small_source + years * known.small_source_year
        case "large":
            return known.large_source + years * known.large_source_year
        case "wheel" | "pure":
            return 0.0
