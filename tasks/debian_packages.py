"""Stage `debian packages`: takes the packages that the repository names and the image's release has.

Never cached: the look-up takes a second, and a mirror that does not answer now may answer the next run.
"""

from typing import Final

from paper2run.errors import HostError
from paper2run.model.environment import NamedPackage, PlannedEnvironment, Reason
from paper2run.rendering.image_names import site_image
from paper2run.settings import Settings
from tasks.drivers.engine import debian_names
from tasks.drivers.engine.engine_connection import connect
from tasks.running.caching import stage

TIMEOUT_S: Final = 600


@stage("debian packages", timeout_s=TIMEOUT_S)
def debian_packages(
    planned: PlannedEnvironment, run_id: str, settings: Settings
) -> PlannedEnvironment:
    """Return the plan with its named packages installed or left out, each with the reason.

    Without an engine or a mirror all are left out: a name that apt does not know would fail the whole build.
    """
    named = planned.named_packages
    try:
        found = debian_names.there(
            [package.name for package in named],
            connect(),
            site_image(planned.plan.base_image, settings.registry_prefix),
            run_id,
            settings,
        )
    except HostError as error:
        return _with(planned, frozenset(), f"Debian's list cannot be asked: {error.what}")
    return _with(planned, found, "the image's Debian does not have it")


def _with(planned: PlannedEnvironment, found: frozenset[str], lacking: str) -> PlannedEnvironment:
    taken = [package.name for package in planned.named_packages if package.name in found]
    reasons = [_reason(package, found, lacking) for package in planned.named_packages]
    plans = {
        name: plan.changed(system_packages=tuple(dict.fromkeys((*plan.system_packages, *taken))))
        for name, plan in (("plan", planned.plan), ("draft", planned.draft))
        if plan is not None
    }
    return planned.changed(**plans, named_packages=(), reasons=(*planned.reasons, *reasons))


def _reason(package: NamedPackage, found: frozenset[str], lacking: str) -> Reason:
    if package.name in found:
        decision = f"{package.name}: {package.why}"
        return Reason(topic="system package", decision=decision, source=package.source)
    decision = f"{package.name} left out: {lacking}"
    return Reason(
        topic="system package", decision=decision, leaves_out="unwanted", source=package.source
    )
