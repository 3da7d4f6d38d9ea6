"""Stage resolve: a plan with open requirements becomes one with exact versions of the whole set."""

from collections.abc import Callable
from typing import Final

from paper2run.model.environment import PlannedEnvironment, Reason, Resolution, Unresolvable
from paper2run.model.value import Source
from paper2run.pip_steps import image_python, plan_requirements, with_pins
from paper2run.settings import Settings
from tasks.drivers import resolver

CACHE_FOLDER: Final = "index"
"""Below the settings' home: what the package index said, shared by all runs."""


def resolve(
    planned: PlannedEnvironment,
    offered_pythons: tuple[str, ...],
    settings: Settings,
    on_line: Callable[[str], None] | None = None,
) -> PlannedEnvironment | Unresolvable:
    """Return `planned` pinned, on the Python that has it all, with the reasons; or what was tried in vain.

    A plan that is not on an official Python image, or names no distribution and no choice of Pythons,
    comes back as it is. HostError if the index does not answer.
    """
    if not image_python(planned.plan.base_image):
        return planned
    if not plan_requirements(planned.plan) and not planned.pythons:
        return planned
    found = resolver.resolve(
        planned,
        offered_pythons=offered_pythons,
        settings=settings,
        cache_dir=settings.home / CACHE_FOLDER,
        on_line=on_line,
    )
    if isinstance(found, Unresolvable):
        return found
    return _pinned(planned, _remembering(planned.resolution, found))


def _pinned(planned: PlannedEnvironment, resolution: Resolution) -> PlannedEnvironment:
    plan = with_pins(planned.plan, resolution.pins, resolution.python, resolution.system_packages)
    reasons = dict.fromkeys((*planned.reasons, *_reasons(planned, resolution)))
    return planned.model_copy(
        update={"plan": plan, "resolution": resolution, "reasons": tuple(reasons)}
    )


def _remembering(before: Resolution | None, found: Resolution) -> Resolution:
    """Return `found` with what an earlier attempt left out: the plan no longer names it."""
    if before is None:
        return found
    dropped = tuple(dict.fromkeys((*before.dropped, *found.dropped)))
    return found.model_copy(update={"dropped": dropped})


def _reasons(planned: PlannedEnvironment, resolution: Resolution) -> list[Reason]:
    index = Source(kind="index", note=f"pairs that failed before: {len(resolution.tried)}")
    reasons = []
    if resolution.pins:
        reasons.append(_date_reason(planned, resolution))
    if resolution.python != image_python(planned.plan.base_image):
        held = (
            resolution.tried[0] if resolution.tried else "no image with the planner's first choice"
        )
        reasons.append(
            Reason(topic="python", decision=f"Python {resolution.python}: {held}", source=index)
        )
    words = [f"left out {dropped}" for dropped in resolution.dropped]
    words += resolution.notes
    reasons += [
        Reason(topic="dependency", decision=text, source=Source(kind="index")) for text in words
    ]
    if resolution.system_packages:
        decision = f"{', '.join(resolution.system_packages)}: to build what has no wheel"
        reasons.append(Reason(topic="system package", decision=decision, source=index))
    return reasons


def _date_reason(planned: PlannedEnvironment, resolution: Resolution) -> Reason:
    if resolution.cutoff is None:
        decision = f"{len(resolution.pins)} versions pinned, no limit by date"
    else:
        decision = (
            f"{len(resolution.pins)} versions pinned as of {resolution.cutoff} ({resolution.rung})"
        )
    if planned.commit_day is None:
        return Reason(topic="date", decision=decision, source=Source(kind="default"))
    source = Source(kind="commit date", note=str(planned.commit_day))
    return Reason(topic="date", decision=decision, source=source)
