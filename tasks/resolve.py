"""Stage resolve: a plan with open requirements becomes one with exact versions of the whole set."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from paper2run.formats.other_indexes import is_same_host, is_same_place
from paper2run.formats.plurals import counted
from paper2run.index.time_ladder import versions_in_words
from paper2run.knowledge.system_libraries import SystemNeed, needs_of
from paper2run.model.environment import GuessedDistribution, LeftOut, PlannedEnvironment, Reason
from paper2run.model.resolution import Resolution, Unresolvable
from paper2run.model.value import Source
from paper2run.rendering.pip_steps import (
    image_python,
    instead_of,
    plan_requirements,
    with_pins,
    without,
)
from paper2run.settings import Settings
from tasks.running.caching import stage
from tasks.running.progress_log import PROGRESS

if TYPE_CHECKING:
    from tasks.drivers.index.namesakes import Judged
    from tasks.drivers.index.package_index import PackageIndex

CACHE_FOLDER: Final = "index"
"""Below the settings' home: what the package index said, shared by all runs."""
TIMEOUT_S: Final = 1800
MAX_SEARCHED: Final = 20
"""Guessed names for which others are tried; each costs up to eight questions to the index."""
MAX_NAMED: Final = 2
"""Other indexes that one reason names."""


def _key(inputs: Mapping[str, Any]) -> tuple[str, ...]:
    planned: PlannedEnvironment = inputs["planned"]
    # Without a date limit the answer is only true for today.
    today = "" if planned.commit_day else datetime.now(UTC).date().isoformat()
    offered = ",".join(inputs["offered_pythons"])
    return (planned.model_dump_json(), offered, inputs["settings"].index_url, today)


@stage("resolve", timeout_s=TIMEOUT_S, key=_key)
def resolve(
    planned: PlannedEnvironment, offered_pythons: tuple[str, ...], settings: Settings
) -> PlannedEnvironment:
    """Return `planned` pinned, on the Python that has it all, with the reasons.

    If no full set was found, the plan stays open, says so, and leaves the choice to the installer in the image.

    A plan that is not on an official Python image, or names no distribution and no choice of Pythons,
    comes back as it is. HostError if the index does not answer.
    """
    if not image_python(planned.plan.base_image):
        return planned
    if not plan_requirements(planned.plan) and not planned.pythons:
        return planned
    # Imported by the work alone: a kept answer needs none of it.
    from tasks.drivers.resolver import resolver

    planned = _without_namesakes(planned, settings)
    found = resolver.resolve(
        planned,
        offered_pythons=offered_pythons,
        settings=settings,
        cache_dir=settings.home / CACHE_FOLDER,
        on_line=PROGRESS.debug,
    )
    if isinstance(found, Unresolvable):
        return _left_open(planned, found)
    return _pinned(planned, _remembering(planned.resolution, found))


def _without_namesakes(planned: PlannedEnvironment, settings: Settings) -> PlannedEnvironment:
    """Return the plan without guessed names that are likely a stranger's; a missing name is less harmful.

    If the repository names another index, the reasons say which other names may belong to it.
    """
    if not planned.guesses and not planned.other_indexes:
        return planned
    from tasks.drivers.index.namesakes import held_by, judge
    from tasks.drivers.index.package_index import PackageIndex

    cache_dir = settings.home / CACHE_FOLDER
    named = {canonicalize_name(Requirement(text).name) for text in plan_requirements(planned.plan)}
    with PackageIndex(settings, cache_dir) as index:
        judged = [
            (guess, judge(guess, planned.commit_day, index, cache_dir))
            for guess in planned.guesses
            if canonicalize_name(guess.name) in named
        ]
        wrong = [guess for guess, found in judged if not found.kept]
        others = {
            guess.name: held_by(guess, planned.commit_day, index, cache_dir)
            for guess in wrong[:MAX_SEARCHED]
        }
        plan = without(planned.plan, {guess.name for guess in wrong if not others.get(guess.name)})
        for name, other in others.items():
            plan = instead_of(plan, name, other) if other else plan
        planned = planned.changed(plan=plan)
        reasons = [
            _of_judged(guess, found, others.get(guess.name, ""))
            for guess, found in judged
            if found.why
        ]
        reasons += map(_of_index, _confusions(planned, index, settings))
    return planned.changed(reasons=tuple(dict.fromkeys((*planned.reasons, *reasons))))


def _of_judged(guess: GuessedDistribution, found: "Judged", other: str) -> Reason:
    if found.kept:
        return _of_index(f"{guess.name} is {found.why}")
    if other:
        return _of_index(f"{other} instead of {guess.name}: it holds {guess.module}")
    return _of_index(f"{guess.name} left out: {found.why}", leaves_out="unwanted")


def _confusions(
    planned: PlannedEnvironment, index: "PackageIndex", settings: Settings
) -> list[str]:
    """Return a line for each name that may belong to another index, and to a stranger on ours.

    The repository names that other index.
    """
    others = [other for other in planned.other_indexes if not _is_asked(other.address, settings)]
    if not others:
        return []
    from tasks.drivers.index.namesakes import strange_names

    named = ", ".join(f"{other.address} ({other.source})" for other in others[:MAX_NAMED])
    return [
        f"{name}: {why}; dependency confusion is possible, it may be of {named}, which is not asked"
        for name, why in strange_names(planned, index)
    ]


def _is_asked(address: str, settings: Settings) -> bool:
    """Whether an index that a repository names is the public one, or the one we ask in its place."""
    from pypi_simple import PYPI_SIMPLE_ENDPOINT

    return is_same_host(address, PYPI_SIMPLE_ENDPOINT) or is_same_place(address, settings.index_url)


def _left_open(planned: PlannedEnvironment, found: Unresolvable) -> PlannedEnvironment:
    words = f"versions left open, for the installer to try: {found.reason}"
    reason = _of_index(words[:1000])
    return planned.changed(reasons=(*planned.reasons, reason))


def _pinned(planned: PlannedEnvironment, resolution: Resolution) -> PlannedEnvironment:
    needs = needs_of(resolution.pins, _named(planned))
    libraries = (package for need in needs for package in need.packages)
    packages = (*resolution.system_packages, *libraries)
    plan = with_pins(planned.plan, resolution.pins, resolution.python, packages)
    reasons = dict.fromkeys(
        (*planned.reasons, *_reasons(planned, resolution), *map(_library_reason, needs))
    )
    return planned.changed(
        plan=plan, draft=planned.plan, resolution=resolution, reasons=tuple(reasons)
    )


def _named(planned: PlannedEnvironment) -> set[str]:
    """Return the normalised names that the planner asked for; a pinned plan names the whole set."""
    asked = plan_requirements(planned.unpinned)
    return {canonicalize_name(Requirement(text).name) for text in asked}


def _remembering(before: Resolution | None, found: Resolution) -> Resolution:
    """Return `found` with what an earlier attempt left out: the plan no longer names it."""
    if before is None:
        return found
    dropped = tuple(dict.fromkeys((*before.dropped, *found.dropped)))
    return found.changed(dropped=dropped)


def _reasons(planned: PlannedEnvironment, resolution: Resolution) -> list[Reason]:
    others = counted(len(resolution.tried), "other interpreter")
    note = f"{others} had no solution or cost more" if resolution.tried else ""
    index = Source(kind="index", note=note)
    reasons = []
    if resolution.pins:
        reasons.append(_date_reason(planned, resolution))
    reasons += _lock_reasons(resolution)
    if resolution.python != image_python(planned.plan.base_image):
        unheld = (
            "more of the exact versions that files name exist there"
            if planned.locks
            else "no image with the planner's first choice"
        )
        held = resolution.tried[0] if resolution.tried else unheld
        reasons.append(
            Reason(topic="python", decision=f"Python {resolution.python}: {held}", source=index)
        )
    reasons += [
        _of_index(f"left out {dropped}", leaves_out="dropped") for dropped in resolution.dropped
    ]
    reasons += map(_of_index, resolution.notes)
    if resolution.system_packages:
        decision = f"{', '.join(resolution.system_packages)}: to build packages without a wheel"
        reasons.append(Reason(topic="system package", decision=decision, source=index))
    return reasons


def _of_index(decision: str, leaves_out: LeftOut | None = None) -> Reason:
    source = Source(kind="index")
    return Reason(topic="dependency", decision=decision, leaves_out=leaves_out, source=source)


def _lock_reasons(resolution: Resolution) -> list[Reason]:
    """Return what the lock files decided, and each of their versions that the set lacks."""
    total = len(resolution.pins)
    kept = [
        Reason(
            topic="dependency",
            decision=f"{locks.pins} of {total} versions as in {locks.path}",
            source=Source(kind="file", path=locks.path),
        )
        for locks in resolution.kept_locks
    ]
    broken = [
        Reason(
            topic="dependency",
            decision=f"{lock.wanted} not taken, but {lock.chosen}: {lock.why}",
            source=lock.source,
        )
        for lock in resolution.broken_locks
    ]
    return kept + broken


def _library_reason(need: SystemNeed) -> Reason:
    decision = f"Debian's {', '.join(need.packages)}: {need.why}"
    return Reason(topic="system package", decision=decision, source=need.source)


def _date_reason(planned: PlannedEnvironment, resolution: Resolution) -> Reason:
    decision = f"{counted(len(resolution.pins), 'package')}, {versions_in_words(resolution)}"
    if planned.commit_day is None:
        return Reason(topic="date", decision=decision, source=Source(kind="default"))
    # The decision itself names the commit's day where that is the last one.
    note = "" if resolution.cutoff == planned.commit_day else str(planned.commit_day)
    source = Source(kind="commit date", note=note)
    return Reason(topic="date", decision=decision, source=source)
