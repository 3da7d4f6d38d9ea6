"""Stage `diagnose`: the repair rules first, then the model if there is one."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from paper2run.broken import Broken
from paper2run.digests import digest_of
from paper2run.errors import HostError
from paper2run.failure_log import failure_lines, telling_line
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.environment import PlannedEnvironment
from paper2run.model.facts import RepoFacts
from paper2run.model.outcome import BuildContext, BuildFailed, SmokeFailed, Verification
from paper2run.model.repo import Checkout
from paper2run.model.report import Attempt
from paper2run.model.value import Source
from paper2run.planners.prompt import load_prompt
from paper2run.repairs import diagnose as by_rules
from paper2run.settings import Settings
from paper2run.wanted_files import WantedFile, wanted_files
from tasks.caching import stage
from tasks.drivers import conversation, debian_contents
from tasks.drivers.engine import connect
from tasks.records import RunFolder

RULES: Final = ("paper2run/**/*.py", "paper2run/data/*", "tasks/drivers/debian_contents.py")
TIMEOUT_S: Final = 1800
"""An exchange with a slow model may take four answers of up to 300 s."""


def _key(inputs: Mapping[str, Any]) -> tuple[str, ...]:
    settings: Settings = inputs["settings"]
    return (
        inputs["checkout"].commit,
        digest_of(
            inputs["context"].planned, inputs["failure"], inputs["verification"], inputs["facts"]
        ),
        digest_of(*inputs["tried"]),
        planner_id(settings),
    )


def planner_id(settings: Settings) -> str:
    """Return what tells one planner from another in cache keys: `rules`, or the model with its prompts' versions."""
    if not settings.planner_model:
        return "rules"
    versions = ",".join(f"{name}={load_prompt(name).version}" for name in ("plan", "diagnose"))
    return f"{settings.planner_model}@{settings.base_url}#{versions}"


@stage("diagnose", timeout_s=TIMEOUT_S, rules=RULES, key=_key)
def diagnose(
    checkout: Checkout,
    context: BuildContext,
    failure: BuildFailed | SmokeFailed,
    verification: Verification,
    facts: RepoFacts,
    tried: tuple[Attempt, ...],
    folder: str,
    settings: Settings,
) -> Diagnosis | None:
    """Return what is to be done about the failure; None where nobody can say.

    ModelError if the rules abstain and the model cannot be asked.
    """
    planned = context.planned
    packages = _packages_for(failure, planned.plan.base_image, folder, settings)
    found = by_rules(Broken(failure, planned, facts, verification, packages))
    if found is not None or not settings.planner_model:
        return found
    return _by_model(planned, context.dockerfile, failure, facts, tried, folder, settings)


def _packages_for(
    failure: BuildFailed | SmokeFailed, image: str, folder: str, settings: Settings
) -> dict[WantedFile, str]:
    """Return Debian's packages for the files that the log asks for; none where nobody answers, which is noted."""
    wanted = wanted_files(failure_lines(failure))
    if not wanted:
        return {}
    run = RunFolder.at(folder)
    try:
        return debian_contents.packages_of(wanted, connect(), image, run.path.name, settings)
    except HostError as error:
        run.event(f"no look at the files of Debian's packages: {error.what}", stage="diagnose")
        return {}


def _by_model(
    planned: PlannedEnvironment,
    dockerfile: str,
    failure: BuildFailed | SmokeFailed,
    facts: RepoFacts,
    tried: tuple[Attempt, ...],
    folder: str,
    settings: Settings,
) -> Diagnosis:
    run = RunFolder.at(folder)
    decision, usage = conversation.diagnose(
        settings, failure, planned, dockerfile, facts, tried, Path(folder) / "logs"
    )
    run.count(usage)
    return Diagnosis(
        decision=decision,
        by=f"model:{settings.planner_model}",
        cause="build_error" if isinstance(failure, BuildFailed) else "code_error",
        evidence=telling_line(failure),
        source=Source(kind="model", note=settings.planner_model),
    )
