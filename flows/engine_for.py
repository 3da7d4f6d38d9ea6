"""The container engine for a plan, and the plan whose base image it has."""

from paper2run.errors import HostError
from paper2run.model.environment import EngineMissing, EngineReady, PlannedEnvironment
from paper2run.settings import Settings
from tasks.preflight import preflight
from tasks.running.records import RunFolder
from tasks.running.stages import Stages


def engine_for(
    run: RunFolder, planned: PlannedEnvironment, settings: Settings
) -> tuple[EngineReady | EngineMissing, PlannedEnvironment]:
    """Return the engine, and the plan whose base image it has.

    Where a model's image cannot be had, that is the rules' own plan.
    """
    stages, image = Stages(run), planned.plan.base_image
    try:
        return stages.run(preflight, image, settings), planned
    except HostError as error:
        own = planned.fallback
        if own is None or own.plan.base_image == image or error.transient:
            raise
        run.note(f"the model's base image {image} cannot be had, so the rules' plan: {error.what}")
    own = own.changed(needs=planned.needs)
    return stages.run(preflight, own.plan.base_image, settings), own
