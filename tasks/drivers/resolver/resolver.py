"""Which Python and which day give a full set of wheels, and the exact versions of that set.

Works on the index's metadata alone: nothing is installed, built or executed on the host. `resolvelib`
(pip's own search) does the solving; uv was measured and left out, because it refuses Python 2.7, loses
releases with metadata such as `pytz (>=2011k)`, and dates files instead of releases.
"""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from time import monotonic
from typing import Final, NamedTuple

from paper2run.index.releases import Sources
from paper2run.index.target_python import TargetPython, target_python
from paper2run.index.time_ladder import (
    FIRST_WHEELS,
    NO_LIMIT,
    STEPS_DAYS,
    DateStep,
    ladder,
    with_first_wheels,
)
from paper2run.model.environment import PlannedEnvironment
from paper2run.model.resolution import Resolution, Unresolvable
from paper2run.planning.interpreters import RELEASED
from paper2run.rendering.pip_steps import image_python
from paper2run.settings import Settings
from tasks.drivers.index.package_index import PackageIndex
from tasks.drivers.resolver.asked_requirements import AskedRequirements, name_of
from tasks.drivers.resolver.lock_account import LockAccount
from tasks.drivers.resolver.offered_releases import OfferedReleases
from tasks.drivers.resolver.release_provider import ReleaseProvider
from tasks.drivers.resolver.resolution import Failed, Solve, Solved

SEARCH_LIMIT_S: Final = 180
"""After this no further pair and no further optional name is tried."""
MAX_WORDS: Final = 300
"""Characters that are kept of one pair's failure."""
MAX_TRIED: Final = 40
FORESEEABLE: Final = timedelta(days=3 * 365)
"""Newer interpreters removed what older code uses: they come only after building all from source."""

NEAR: Final = tuple(name for name, _ in STEPS_DAYS)
# The order is the decision. A day near the commit matters more than which of the allowed interpreters
# is taken, and more than having a wheel for every small package: that one is built as its author did.
# The first day on which all had wheels is worse than that, but better than building the large ones (numpy,
# scipy); today's releases of everything are worse than building: mpi4py alone took gym eight years ahead.
PHASES: Final[tuple[tuple[tuple[str, ...], Sources], ...]] = (
    (NEAR, "pure"),
    (NEAR, "small"),
    ((FIRST_WHEELS,), "pure"),
    ((FIRST_WHEELS,), "small"),
    (NEAR, "any"),
    ((NO_LIMIT,), "pure"),
    ((NO_LIMIT,), "small"),
    ((FIRST_WHEELS, NO_LIMIT), "any"),
)

OnLine = Callable[[str], None]


class Pair(NamedTuple):
    """One interpreter and one date step, with the sources that may be built for it."""

    target: TargetPython
    step: DateStep
    sources: Sources

    def __str__(self) -> str:
        """Return the pair as people write it."""
        day = f"{self.step.name}, {self.step.cutoff}" if self.step.cutoff else "no date limit"
        built = {"pure": "", "small": ", small sources built", "any": ", all sources built"}
        return f"Python {self.target.version} ({day}{built[self.sources]})"


def resolve(
    planned: PlannedEnvironment,
    *,
    offered_pythons: tuple[str, ...],
    settings: Settings,
    cache_dir: Path,
    on_line: OnLine | None = None,
) -> Resolution | Unresolvable:
    """Return the pins of all that the plan's pure install steps name, with the pair that holds them.

    `offered_pythons` are those for which there is an image; empty for no limit. The index's answers are
    kept below `cache_dir`. HostError if the index does not answer.
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
    with PackageIndex(settings, cache_dir) as index:
        return _Search(planned, pythons, index, on_line).run()


def _wanted_pythons(planned: PlannedEnvironment) -> tuple[str, ...]:
    """Return the candidate interpreters.

    Only the image's own if a repair or a model chose another than the planner's first.
    """
    fixed = image_python(planned.plan.base_image)
    return planned.pythons if (fixed,) == planned.pythons[:1] or not fixed else (fixed,)


TO_COMPILE: Final = "it is optional, has no wheel and needs a compiler"
NO_TIME: Final = f"it is optional, and the search had taken {SEARCH_LIMIT_S} seconds"


class _Search:
    """The climb through pairs for one plan."""

    def __init__(
        self,
        planned: PlannedEnvironment,
        pythons: tuple[str, ...],
        index: PackageIndex,
        on_line: OnLine | None,
    ) -> None:
        self._planned = planned
        self._targets = [target_python(version) for version in pythons]
        self._index = index
        self._on_line = on_line
        self._stop_at = monotonic() + SEARCH_LIMIT_S
        self._tried: list[str] = []
        self._asked = AskedRequirements(planned, index)
        self._absent: tuple[str, ...] = ()

    def run(self) -> Resolution | Unresolvable:
        """Return the first pair that holds the whole set, else what was tried."""
        self._index.newest_cutoff = max(
            (step.cutoff for step in ladder(self._planned.commit_day) if step.cutoff), default=None
        )
        self._absent = self._asked.drop_missing()
        for line in self._asked.account:
            self._say(f"left out {line}")
        self._asked.replace_gone_releases()
        self._prefer_those_that_serve_the_locks()
        for pairs in self._steps():
            if self._is_late():
                self._tried.append(f"stopped after {SEARCH_LIMIT_S} seconds")
                break
            resolution = self._try_whole(pairs) or self._try_reduced(pairs)
            if resolution is not None:
                return resolution
        return Unresolvable(reason=self._tried[0], tried=tuple(self._tried[:MAX_TRIED]))

    def _prefer_those_that_serve_the_locks(self) -> None:
        """Put first the interpreters for which more of the locked versions are available.

        One of these was the author's.
        """
        names = frozenset(name_of(text) for text in self._asked.all)
        self._targets.sort(
            key=lambda target: LockAccount(self._index, target, self._planned.locks).unserved(names)
        )

    def _steps(self) -> Iterator[list[Pair]]:
        """Yield the pairs to try, those of one date step together."""
        climbs = [(target, self._date_steps(target)) for target in self._targets]
        timely = [target for target in self._targets if self._is_timely(target)] or self._targets
        for names, sources in PHASES:
            for name in names:
                pairs = [
                    Pair(target, step, sources)
                    for target, steps in climbs
                    for step in steps
                    if step.name == name and (sources == "any" or target in timely)
                ]
                if pairs:
                    yield pairs

    def _is_late(self) -> bool:
        return monotonic() > self._stop_at

    def _is_timely(self, target: TargetPython) -> bool:
        """Whether code of the commit's day can be expected to run on an interpreter."""
        day, born = self._planned.commit_day, RELEASED.get(target.version)
        return day is None or born is None or born <= day + FORESEEABLE

    def _date_steps(self, target: TargetPython) -> tuple[DateStep, ...]:
        steps = ladder(self._planned.commit_day)
        firsts = [self._first_wheel(text, target) for text in self._asked.required]
        known = [day for day in firsts if day is not None]
        return (
            with_first_wheels(steps, max(known, default=None))
            if len(known) == len(firsts)
            else steps
        )

    def _first_wheel(self, text: str, target: TargetPython) -> date | None:
        """Return the first day on which `target` had a release within the requirement `text`."""
        offer = OfferedReleases(self._index, target, None, "pure")
        need = ReleaseProvider(self._index, target, offer).need(text)
        found = offer.matches(need.name, need.specifier) if need else ()
        return min((f.release.day for f in found if f.release.day), default=None)

    def _try_whole(self, pairs: list[Pair]) -> Resolution | None:
        for pair in pairs:
            self._say(f"resolving for {pair}")
            found = self._solve(pair).of(self._asked.all)
            if isinstance(found, Solved):
                risky = self._risky(found)
                for text in risky:
                    self._drop(text, TO_COMPILE)
                return self._try_whole([pair]) if risky else self._resolution(pair, found)
            self._tried.append(f"{pair}: {found.why[:MAX_WORDS]}")
            if self._is_late():
                break
        return None

    def _try_reduced(self, pairs: list[Pair]) -> Resolution | None:
        """Return a set without the optional requirements that cause conflicts, if the required ones hold."""
        for pair in pairs if self._asked.optional else []:
            solve = self._solve(pair)
            found = solve.of(self._asked.required)
            if isinstance(found, Failed):
                if self._is_late():
                    break
                continue
            kept: list[str] = []
            left_out: dict[str, str] = {}
            for text in self._asked.optional:
                if self._is_late():
                    left_out[text] = NO_TIME
                    continue
                grown = solve.of((*self._asked.required, *kept, text))
                if isinstance(grown, Failed):
                    left_out[text] = grown.why
                elif text in self._risky(grown):
                    left_out[text] = TO_COMPILE
                else:
                    found = grown
                    kept.append(text)
            for text, why in left_out.items():
                self._drop(text, why)
            return self._resolution(pair, found)
        return None

    def _risky(self, found: Solved) -> list[str]:
        """Return the optional requirements that would be compiled: a compiler failure would fail the build."""
        return [text for text in self._asked.optional if name_of(text) in found.compiled]

    def _solve(self, pair: Pair) -> Solve:
        return Solve(self._index, pair.target, pair.step.cutoff, pair.sources, self._planned.locks)

    def _resolution(self, pair: Pair, found: Solved) -> Resolution:
        return Resolution(
            python=pair.target.version,
            cutoff=pair.step.cutoff,
            date_step=pair.step.name,
            pins=found.pins,
            exceptions=found.exceptions,
            dropped=tuple(self._asked.account),
            absent=self._absent,
            tried=tuple(self._tried[:MAX_TRIED]),
            notes=found.notes,
            system_packages=found.system_packages,
            kept_locks=found.kept_locks,
            broken_locks=found.broken_locks,
        )

    def _drop(self, text: str, why: str) -> None:
        self._asked.drop(text, why[:MAX_WORDS])
        self._say(f"left out {self._asked.account[-1]}")

    def _say(self, line: str) -> None:
        if self._on_line is not None:
            self._on_line(line)
