"""Stage `resolve`: pins the whole set of packages at the commit's date; metadata only, nothing is executed."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from paper2run.model.environment import (
    PlannedEnvironment,
    Reason,
    Resolution,
    Unresolvable,
)
from paper2run.model.value import DEFAULT, Source
from paper2run.pip_steps import plan_requirements, with_pins
from paper2run.settings import Settings
from tasks.caching import stage
from tasks.drivers import resolver
from tasks.records import PROGRESS

RULES: Final = ("paper2run/*.py", "tasks/drivers/resol*.py", "tasks/drivers/release_provider.py")
TIMEOUT_S: Final = 900
CACHE: Final = "index"
"""Folder below PAPER2RUN_HOME that keeps the index's answers."""


def _key(inputs: Mapping[str, Any]) -> tuple[str, ...]:
    planned: PlannedEnvironment = inputs["planned"]
    # Without a date limit the answer is only true for today.
    today = "" if planned.commit_day else datetime.now(UTC).date().isoformat()
    return (
        planned.model_dump_json(),
        ",".join(inputs["offered"]),
        inputs["settings"].index_url,
        today,
    )


@stage("resolve", timeout_s=TIMEOUT_S, rules=RULES, key=_key)
def resolve(
    planned: PlannedEnvironment, offered: tuple[str, ...], settings: Settings
) -> PlannedEnvironment:
    """Return the plan with exact versions; unpinned, with the reason, where no full set was found.

    HostError if the index does not answer.
    """
    if not plan_requirements(planned.plan) and not planned.pythons:
        return planned
    answer = resolver.resolve(
        planned,
        offered_pythons=offered,
        settings=settings,
        cache_dir=settings.home / CACHE,
        on_line=PROGRESS.debug,
    )
    match answer:
        case Resolution():
            return _pinned(planned, answer)
        case Unresolvable():
            reason = Reason(
                topic="dependency",
                decision=f"left unpinned, for the installer to try: {answer.reason}"[:1000],
                source=Source(kind="index"),
            )
            return planned.model_copy(update={"reasons": (*planned.reasons, reason)})


def _pinned(planned: PlannedEnvironment, resolution: Resolution) -> PlannedEnvironment:
    day = f"nothing later than {resolution.cutoff}" if resolution.cutoff else "no date limit"
    reasons = [
        Reason(
            topic="date",
            decision=f"{len(resolution.pins)} packages, {day} ({resolution.rung})",
            source=_date_source(planned),
        )
    ]
    if planned.pythons and resolution.python != planned.pythons[0]:
        reasons.append(
            Reason(
                topic="python",
                decision=f"python {resolution.python}: the first for which all packages are to be had",
                source=Source(kind="index"),
            )
        )
    reasons += [
        Reason(topic="dependency", decision=f"left out: {text}", source=Source(kind="index"))
        for text in resolution.dropped
    ]
    return planned.model_copy(
        update={
            "plan": with_pins(planned.plan, resolution.pins, resolution.python),
            "draft": planned.plan,
            "resolution": resolution,
            "reasons": (*planned.reasons, *reasons),
        }
    )


def _date_source(planned: PlannedEnvironment) -> Source:
    if planned.commit_day is None:
        return DEFAULT
    return Source(kind="commit date", note=planned.commit_day.isoformat())
