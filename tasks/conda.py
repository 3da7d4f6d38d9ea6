"""Stages `channels` and `conda`: solve a plan that rests on a conda environment with conda.

The plan stays pip's if the channels do not answer.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from paper2run.formats.plurals import counted
from paper2run.knowledge.debian import IMAGE
from paper2run.model.environment import EngineMissing, EngineReady, PlannedEnvironment
from paper2run.rendering.conda_plan import for_pip, translated, with_conda
from paper2run.settings import Settings
from tasks.drivers.conda import channel_probe
from tasks.resolve import resolve
from tasks.running.caching import stage
from tasks.running.progress_log import PROGRESS

CACHE_FOLDER: Final = "conda"
"""Below the settings' home: what the channels list, shared by all runs."""
PROBE_TIMEOUT_S: Final = 120
TIMEOUT_S: Final = 3600


@stage("channels", timeout_s=PROBE_TIMEOUT_S)
def channels(
    planned: PlannedEnvironment, engine: EngineReady | EngineMissing, settings: Settings
) -> str:
    """Return why conda's channels cannot make the plan; empty if they can.

    Never cached: a network that is down comes back.
    """
    wish = planned.conda
    if wish is None:
        return ""
    why = _no_image(engine) or wish.unasked or channel_probe.why_not(wish.channels, settings)
    PROGRESS.info(f"conda: {why or 'the channels answer'}")
    return why


def _no_image(engine: EngineReady | EngineMissing) -> str:
    if isinstance(engine, EngineMissing):
        return ""
    if engine.architecture != "amd64":
        return (
            f"they are asked for on linux-64, and the engine's images are for {engine.architecture}"
        )
    if engine.offered_pythons and not engine.has_debian:
        return f"no registry can be reached and {IMAGE} is not here"
    return ""


def _key(inputs: Mapping[str, Any]) -> tuple[str, ...]:
    planned: PlannedEnvironment = inputs["planned"]
    settings: Settings = inputs["settings"]
    # Without a date limit the answer is only true for today.
    today = "" if planned.commit_day else datetime.now(UTC).date().isoformat()
    return (
        planned.model_dump_json(),
        inputs["why_not"],
        settings.conda_channel_alias,
        settings.index_url,
        today,
    )


@stage("conda", timeout_s=TIMEOUT_S, key=_key)
def conda(planned: PlannedEnvironment, why_not: str, settings: Settings) -> PlannedEnvironment:
    """Return the plan with conda's packages, all exact; if that fails, unchanged with the reason.

    `why_not` is the answer of `channels`. A plan that does not rest on conda comes back as it is. HostError
    if the solver, a channel or the index fails.
    """
    wish = planned.conda
    if wish is None:
        return planned
    if why_not:
        return translated(planned, wish, why_not)
    # Imported by the work alone: a kept answer needs none of it.
    from tasks.drivers.conda import conda_solver

    found = conda_solver.solve(wish, planned.commit_day, settings, settings.home / CACHE_FOLDER)
    if isinstance(found, str):
        return translated(planned, wish, found)
    if not found.python:
        return translated(planned, wish, "the channels' environment has no interpreter")
    PROGRESS.info(f"conda: {counted(len(found.archives), 'package')}")
    added = resolve.fn(for_pip(planned, found), (), settings)
    if added.resolution is None:
        why = f"what pip has to add has no versions for conda's Python {found.python}"
        return translated(planned, wish, why)
    return with_conda(planned, wish, found, added)
