"""Looks for a container engine and for the base image that a plan wants, before anything is built."""

from typing import Final

from paper2run.errors import EngineError, HostError
from paper2run.formats.plurals import counted
from paper2run.knowledge.debian import IMAGE
from paper2run.model.environment import EngineMissing, EngineReady
from paper2run.planners.policy import BASE_IMAGES, repository_of_image
from paper2run.rendering.image_names import site_image
from paper2run.rendering.pip_steps import image_python
from paper2run.settings import Settings
from tasks.drivers.engine.engine import Engine
from tasks.drivers.engine.engine_connection import connect
from tasks.drivers.engine.leftovers import sweep_abandoned
from tasks.running.caching import stage
from tasks.running.progress_log import PROGRESS
from tasks.running.records import RunFolder

TIMEOUT_S: Final = 900
ON_OFFER: Final = "logs/images_on_offer.txt"
"""In a run folder: the base images that a model was offered, one a line; empty where a registry has all."""


@stage("preflight", timeout_s=TIMEOUT_S)
def preflight(base_image: str, settings: Settings) -> EngineReady | EngineMissing:
    """Return the engine and the interpreters it can offer; pull the wanted base image if it is missing.

    If no registry answers, only interpreters with a local image are offered. HostError if there is
    none.
    """
    try:
        engine = connect()
        left = sweep_abandoned(engine, settings.home)
        if left:
            PROGRESS.info(f"removed {counted(left, 'container')} of killed runs")
        return EngineReady(
            engine=engine.described,
            offered_pythons=_offered(engine, base_image, settings),
            has_debian=engine.image(site_image(IMAGE, settings.registry_prefix)) is not None,
            architecture=engine.architecture,
            has_gpu=engine.gpu_offer is not None,
        )
    except EngineError as error:
        return EngineMissing(reason=error.what, hint=error.hint)


def _offered(engine: Engine, base_image: str, settings: Settings) -> tuple[str, ...]:
    here = site_image(base_image, settings.registry_prefix)
    if engine.image(here) is not None:
        return () if not image_python(base_image) else _with_registry(engine, base_image, settings)
    try:
        engine.pull(here)
    except EngineError:
        raise
    except HostError:
        offered = engine.local_python_images(settings.registry_prefix)
        if not offered or not image_python(base_image):
            raise
        return offered
    return ()


def _with_registry(engine: Engine, base_image: str, settings: Settings) -> tuple[str, ...]:
    """Return nothing if images come from a registry, else the local interpreters.

    A stand-in image means a closed site.
    """
    info = engine.image(site_image(base_image, settings.registry_prefix))
    if info is not None and info.is_standin:
        return engine.local_python_images(settings.registry_prefix)
    return ()


def images_on_offer(run: RunFolder, settings: Settings) -> tuple[str, ...]:
    """Return the base images that a model may choose from; empty where a registry has all.

    Without a model or an engine it is empty, too. The engine is asked once a run, so that all questions of a run
    name the same.
    """
    if not settings.planner_model:
        return ()
    kept = run.path / ON_OFFER
    if kept.is_file():
        return tuple(kept.read_text(encoding="utf-8").split())
    found = _local_of_a_closed_site(settings)
    run.write(ON_OFFER, "".join(f"{name}\n" for name in found))
    return found


def _local_of_a_closed_site(settings: Settings) -> tuple[str, ...]:
    """Return the official images on the engine where stand-ins mean a closed site; else nothing."""
    try:
        engine = connect()
        names = [
            name
            for name in engine.local_images(settings.registry_prefix)
            if repository_of_image(name) in BASE_IMAGES
        ]
        here = (engine.image(site_image(name, settings.registry_prefix)) for name in names)
        is_closed = any(info is not None and info.is_standin for info in here)
    except HostError:
        return ()
    return tuple(names) if is_closed else ()


def base_digest(base_image: str, settings: Settings) -> str:
    """Return `sha256:…` of the base image in its registry, pulled if it is missing here.

    Empty for an image that was made here, and where no engine or registry answers.
    """
    here = site_image(base_image, settings.registry_prefix)
    try:
        engine = connect()
        info = engine.image(here) or engine.pull(here)
    except HostError:
        return ""
    return info.digest if info is not None and not info.is_standin else ""
