"""Stage `push`: pushes the built image to the registry that workers share; `pull` fetches it."""

from typing import Final

from paper2run.model.outcome import Built
from paper2run.rendering.image_names import cache_reference, pushed_reference
from paper2run.settings import Settings
from tasks.drivers.engine import registry
from tasks.drivers.engine.engine_connection import connect
from tasks.running.caching import stage

TIMEOUT_S: Final = 7200
"""Tens of gigabytes over a slow line."""


@stage(
    "push",
    timeout_s=TIMEOUT_S,
    key=lambda given: (given["built"].image, given["built"].image_id, given["settings"].registry),
)
def push(built: Built, settings: Settings) -> str:
    """Push the image, and its layers for builds elsewhere; return its name in the registry."""
    engine, reference = connect(), pushed_reference(built, settings.registry)
    registry.push(engine, built.image, reference)
    registry.push(engine, built.image, cache_reference(built.image, settings.registry))
    return reference


@stage("pull", timeout_s=TIMEOUT_S)
def pull(built: Built, settings: Settings) -> bool:
    """Pull the image; return whether the registry had it."""
    reference = pushed_reference(built, settings.registry)
    found = registry.fetch(connect(), reference, built.image)
    # An engine with other image ids (containerd's store, since Docker 29) must build its own.
    return found is not None and found.id == built.image_id
