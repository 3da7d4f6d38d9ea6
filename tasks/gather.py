"""Stage `gather`: runs further smoke commands in the image, each in a fresh locked-down container.

It follows a smoke command that failed beyond repair or shows little, and ends once no command left can show more.
"""

import time
from pathlib import Path
from typing import Final

from paper2run.commands.command_purpose import runs_tests
from paper2run.model.environment import PlannedEnvironment, SmokeChoice
from paper2run.model.grade import GRADES, Grade
from paper2run.model.outcome import Built, Passed, SmokeFailed, Trial
from paper2run.model.repo import Checkout
from paper2run.settings import Settings
from paper2run.smoke import gathering
from tasks.drivers.engine import containers
from tasks.drivers.engine.engine import Engine
from tasks.drivers.engine.engine_connection import connect
from tasks.running.caching import stage
from tasks.running.engine_slot import engine_slot
from tasks.running.log_file import LogFile
from tasks.smoke import outcome_of

TIMEOUT_S: Final = 90_000
MIN_S: Final = 5.0
"""A command that gets less time than this is left out: starting a container takes a part of it."""


@stage(
    "gather",
    timeout_s=TIMEOUT_S,
    key=lambda given: (
        given["checkout"].commit,
        given["built"].image_id,
        str(gathering.to_try(given["planned"], given["reached"])),
        given["reached"],
        str(given["settings"].timeout),
        given["settings"].smoke_network,
        str(given["planned"].gpus),
        str(containers.Limits.of(given["settings"])),
    ),
)
def gather(
    checkout: Checkout,
    planned: PlannedEnvironment,
    built: Built,
    reached: Grade,
    log_folder: str,
    run_id: str,
    settings: Settings,
) -> tuple[Trial, ...]:
    """Return how each command ended that may show more than `reached` and than those before it."""
    engine = connect()
    end = time.monotonic() + settings.timeout * gathering.SHARE
    trials: list[Trial] = []
    for choice in gathering.to_try(planned, reached):
        best = max(reached, gathering.best_shown(trials), key=GRADES.index)
        left_s = end - time.monotonic()
        if left_s < MIN_S or not gathering.may_show_more(choice, best):
            continue
        log = Path(log_folder) / f"trial_{len(trials) + 1}.log"
        limit_s = gathering.limit_s(choice, left_s)
        outcome = _ended(
            engine, choice, limit_s, built.image, log, run_id, settings, gpus=planned.gpus
        )
        trials.append(Trial(choice=choice, outcome=outcome))
    return tuple(trials)


def _ended(
    engine: Engine,
    choice: SmokeChoice,
    limit_s: float,
    image: str,
    log_path: Path,
    run_id: str,
    settings: Settings,
    *,
    gpus: bool,
) -> Passed | SmokeFailed:
    secrets = settings.secrets()
    with LogFile(log_path, secrets) as log, engine_slot(engine, settings):
        result = containers.run(
            engine,
            image,
            choice.command,
            limits=containers.Limits.of(settings),
            run_id=run_id,
            home=settings.home,
            timeout_s=limit_s,
            on_line=log.line,
            network=settings.smoke_network,
            gpus=gpus,
            min_free_mb=settings.min_free_mb,
            ends_servers=not runs_tests(choice.command),
        )
    return outcome_of(result, secrets)
