"""Which Python and which releases cost a plan least, and the exact versions of the whole set.

Works on the index's metadata alone: nothing is installed, built or executed on the host. `resolvelib`
(pip's own search) does the solving; uv was measured and left out, because it refuses Python 2.7, loses
releases with metadata such as `pytz (>=2011k)`, and dates files instead of releases.
"""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Final, NamedTuple

from paper2run.index.release_costs import weights
from paper2run.index.target_python import target_python
from paper2run.index.time_ladder import COMMIT_DATE, NO_LIMIT, STEPS_DAYS
from paper2run.model.environment import PlannedEnvironment
from paper2run.model.resolution import Resolution, Unresolvable
from paper2run.planning.interpreters import RELEASED
from paper2run.rendering.pip_steps import image_python
from paper2run.settings import Settings
from tasks.drivers.index.package_index import PackageIndex
from tasks.drivers.resolver.asked_requirements import AskedRequirements
from tasks.drivers.resolver.found_set import Failed, Solved
from tasks.drivers.resolver.optional_names import MAX_WORDS, OptionalNames
from tasks.drivers.resolver.required_set import RequiredSet
from tasks.drivers.resolver.resolution import Solve
from tasks.drivers.resolver.set_account import SetAccount, deviations

MAX_STEPS: Final = 9000
"""Of all searches; after this no further interpreter is tried."""
FORESEEABLE: Final = timedelta(days=3 * 365)
"""Newer interpreters removed what older code uses."""
OnLine = Callable[[str], None]


class Way(NamedTuple):
    """What one interpreter gives."""

    required: RequiredSet
    found: Solved
    cost: float
    """Of the interpreter, the releases, and what had to give way."""

    @property
    def python(self) -> str:
        """`3.9`"""
        return self.required.solve.target.version


def resolve(
    planned: PlannedEnvironment,
    *,
    offered_pythons: tuple[str, ...],
    settings: Settings,
    cache_dir: Path,
    on_line: OnLine | None = None,
    within_s: float | None = None,
) -> Resolution | Unresolvable:
    """Return the pins of all that the plan's pure steps name, for the interpreter where they cost least.

    `offered_pythons` are those for which there is an image; empty for no limit. The index's answers are
    kept below `cache_dir`. HostError if the index does not answer. For a set that is only looked at, OutOfTimeError
    after `within_s` seconds.
    """
    wanted = _wanted_pythons(planned)
    pythons = tuple(
        version for version in wanted if not offered_pythons or version in offered_pythons
    )
    if not any(pythons):
        return Unresolvable(
            reason=f"no image with Python {', '.join(wanted) or 'of any version'} is at hand: "
            f"there are {', '.join(offered_pythons) or 'none'}"
        )
    is_look = within_s is not None
    with PackageIndex(settings, cache_dir, quick=is_look, within_s=within_s) as index:
        return _Search(planned, pythons, index, on_line).run()


def _wanted_pythons(planned: PlannedEnvironment) -> tuple[str, ...]:
    """Return the interpreters to choose from.

    Only the image's own if a repair or a model chose another than the planner's first.
    """
    fixed = image_python(planned.plan.base_image)
    return planned.pythons if (fixed,) == planned.pythons[:1] or not fixed else (fixed,)


class _Search:
    """The search for the cheapest interpreter of one plan, and for what is optional beside it."""

    def __init__(
        self,
        planned: PlannedEnvironment,
        pythons: tuple[str, ...],
        index: PackageIndex,
        on_line: OnLine | None,
    ) -> None:
        self._planned = planned
        self._pythons = pythons
        self._index = index
        self._on_line = on_line
        self._steps = 0
        self._tried: dict[str, str] = {}
        self._asked = AskedRequirements(planned, index)
        self._absent: tuple[str, ...] = ()

    def run(self) -> Resolution | Unresolvable:
        """Return the cheapest interpreter's set, else what was tried."""
        day = self._planned.commit_day
        self._index.newest_cutoff = day and day + timedelta(days=STEPS_DAYS[-1][1])
        self._absent = self._asked.drop_missing()
        self._asked.replace_gone_releases()
        for line in self._asked.account:
            self._say(line)
        for lost in self._asked.gone:
            self._say(f"{lost.wanted}: {lost.why}: {lost.chosen}")
        best: Way | None = None
        for place, python in enumerate(self._pythons):
            if best is not None and self._steps > MAX_STEPS:
                break
            best = self._cheaper(best, place, python)
        if best is None:
            first = next(iter(self._tried.values()))
            return Unresolvable(reason=first, tried=tuple(self._tried.values()))
        return self._resolution(
            best, OptionalNames(self._asked, best.required, best.found, self._say).added()
        )

    def _cheaper(self, best: Way | None, place: int, python: str) -> Way | None:
        """Return what `python` gives if that costs less than the best so far, else the best."""
        cost = self._cost_of(python, place)
        if best is not None and cost >= best.cost:
            return best
        solve = Solve(
            self._index, target_python(python), self._planned.commit_day, self._planned.locks
        )
        solve.limit_eras(self._asked.required)
        required = RequiredSet(solve, list(self._asked.required))
        if best is not None and cost + solve.least(required.texts, best.cost - cost) >= best.cost:
            return best
        self._say(f"resolving for Python {python}")
        found = required.solved()
        self._steps += solve.steps
        if isinstance(found, Failed):
            self._tried[python] = f"Python {python}: {found.why[:MAX_WORDS]}"
            return best
        way = Way(required, found, cost + required.cost + found.cost)
        if best is None or way.cost < best.cost:
            way, best = best or way, way
        if way is not best:
            self._tried[way.python] = _dearer(way, best)
        return best

    def _cost_of(self, python: str, place: int) -> float:
        known, first, named = weights(), self._pythons[0], self._planned.named_pythons
        day, born = self._planned.commit_day, RELEASED.get(python)
        is_timely = day is None or born is None or born <= day + FORESEEABLE
        return (
            place * known.next_python
            + (first in named and python not in named) * known.unnamed_python
            + (python[0] != first[0]) * known.other_major
            + (not is_timely) * known.untimely_python
        )

    def _resolution(self, way: Way, found: Solved) -> Resolution:
        day: date | None = self._planned.commit_day
        account = SetAccount(self._index, way.required, self._planned.locks, day, found)
        left_out = (f"{text}: {why[:MAX_WORDS]}" for text, why in way.required.left_out.items())
        return Resolution(
            python=way.python,
            cutoff=day,
            date_step=COMMIT_DATE if day else NO_LIMIT,
            pins=account.pins(),
            exceptions=account.exceptions(),
            dropped=(*self._asked.account, *left_out),
            absent=self._absent,
            tried=tuple(words for python, words in self._tried.items() if python != way.python),
            notes=account.notes(),
            system_packages=account.system_packages(),
            kept_locks=account.kept,
            broken_locks=(
                *self._asked.gone,
                *account.broken,
                *account.broken_limits(),
                *account.overruled_limits(),
            ),
            cost=round(way.cost + found.cost - way.found.cost, 1),
        )

    def _say(self, line: str) -> None:
        if self._on_line is not None:
            self._on_line(line)


def _dearer(way: Way, best: Way) -> str:
    """Return why an interpreter was not taken: what is dearest there."""
    required = way.required
    given = [*required.left_out.values(), *required.broken.values()]
    given += [limit.why for limit in required.overruled]
    worst = max(way.found.chosen, key=lambda c: c.priced.cost, default=None)
    if worst is not None and worst.priced.cost and not given:
        why = deviations(worst.found, worst.priced.late_days, way.python)
        given = [f"{worst.name} {worst.version}: {why}"]
    more = f"costs {way.cost - best.cost:.0f} days more"
    return f"Python {way.python} {more}{': ' if given else ''}{'; '.join(given)}"[:MAX_WORDS]
