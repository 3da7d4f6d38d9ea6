"""Stage `cpu builds`: looks for CPU builds of torch that a pinned plan can use."""

from typing import Final

from paper2run.errors import HostError
from paper2run.model.environment import PlannedEnvironment
from paper2run.rendering.cpu_builds import (
    PUBLIC,
    cpu_version,
    wanted_of,
    with_cpu_builds,
    with_cuda_builds,
)
from paper2run.settings import Settings
from tasks.resolve import CACHE_FOLDER
from tasks.running.caching import stage

TIMEOUT_S: Final = 120


@stage("cpu builds", timeout_s=TIMEOUT_S)
def cpu_builds(planned: PlannedEnvironment, settings: Settings) -> PlannedEnvironment:
    """Return the plan with the CPU builds of torch and its family.

    If they are unavailable, return the plan unchanged, with the reason. The stage is never cached,
    because a network that is down comes back; the answers of the index are cached like those of the
    other index.
    """
    wanted = wanted_of(planned)
    if not wanted or planned.resolution is None:
        return planned
    # Most plans have no torch and no need of it.
    from tasks.drivers.index.package_index import PackageIndex

    python, address = planned.resolution.python, settings.torch_index_url or PUBLIC
    there = settings.changed(index_url=address)
    with PackageIndex(there, settings.home / CACHE_FOLDER, quick=True) as index:
        index.newest_cutoff = planned.resolution.cutoff
        try:
            found = {pin.name: cpu_version(pin, index.project(pin.name), python) for pin in wanted}
        except HostError as error:
            why = f"the index of CPU builds cannot be used: {error.what}"
            return with_cuda_builds(planned, why, index.shown)
        lacking = [f"{pin.name} {pin.version}" for pin in wanted if not found[pin.name]]
        if lacking:
            why = f"there is no CPU build of {', '.join(lacking)} for Python {python}"
            return with_cuda_builds(planned, why, index.shown)
        return with_cpu_builds(planned, found, index.shown)
