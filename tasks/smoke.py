"""Stage `smoke`: runs the plan's smoke command in a locked-down container.

Exit code 0, or a process still alive at the timeout, passes. So does a server that listens and waits for work: it is
ended early, because its whole time would show no more.
"""

from collections.abc import Collection
from pathlib import Path
from typing import Final

from paper2run.commands.command_purpose import runs_tests
from paper2run.model.environment import PlannedEnvironment
from paper2run.model.outcome import Built, Passed, SmokeFailed
from paper2run.model.repo import Checkout
from paper2run.settings import Settings
from tasks.drivers.engine import containers
from tasks.drivers.engine.engine_connection import connect
from tasks.running.caching import stage
from tasks.running.engine_slot import engine_slot
from tasks.running.log_file import LogFile

TIMEOUT_S: Final = 90_000
"""Beyond every smoke run's own limit (--timeout), which ends it as a result."""
TESTS_SHARE: Final = 1 / 3
"""Part of --timeout for the CI's tests, which the user did not request: a suite without failures by then says as much
as one that is ended later, and a batch has other repositories to run."""


@stage(
    "smoke",
    timeout_s=TIMEOUT_S,
    key=lambda given: (
        given["checkout"].commit,
        given["built"].image_id,
        given["planned"].plan.model_dump_json(),
        str(limit_s(given["planned"], given["settings"])),
        given["settings"].smoke_network,
        str(given["planned"].gpus),
        str(containers.Limits.of(given["settings"])),
    ),
)
def smoke(
    checkout: Checkout,
    planned: PlannedEnvironment,
    built: Built,
    log_folder: str,
    run_id: str,
    settings: Settings,
) -> Passed | SmokeFailed:
    """Return how the smoke command ended in the image."""
    engine = connect()
    # A build step may have copied the site's passwords into the image, and the command may print them.
    secrets = settings.secrets()
    with (
        LogFile(Path(log_folder) / "smoke_stdout.log", secrets) as log,
        engine_slot(engine, settings),
    ):
        result = containers.run(
            engine,
            built.image,
            planned.plan.smoke_command,
            limits=containers.Limits.of(settings),
            run_id=run_id,
            home=settings.home,
            timeout_s=limit_s(planned, settings),
            on_line=log.line,
            network=settings.smoke_network,
            gpus=planned.gpus,
            min_free_mb=settings.min_free_mb,
            # Tests may start servers of their own.
            ends_servers=not runs_tests(planned.plan.smoke_command),
        )
    return outcome_of(result, secrets)


def outcome_of(result: containers.RunResult, secrets: Collection[str]) -> Passed | SmokeFailed:
    """Return how a command ended, without the site's secrets."""
    kept = result.log.redacted(secrets)
    if result.exit_code == 0 or result.alive_at_timeout:
        return Passed(
            alive_at_timeout=result.alive_at_timeout,
            listens_on=result.listens_on,
            seconds=round(result.seconds, 3),
            log=kept,
            left_nothing=result.left_nothing,
            docker_command=result.docker_command,
        )
    return SmokeFailed(
        exit_code=result.exit_code,
        seconds=round(result.seconds, 3),
        log=kept,
        out_of_memory=result.out_of_memory,
        out_of_disk=result.out_of_disk,
        limit=result.limit,
        docker_command=result.docker_command,
    )


def limit_s(planned: PlannedEnvironment, settings: Settings) -> float:
    """Return how long the smoke command may run."""
    share = TESTS_SHARE if planned.smoke_kind == "ci-tests" else 1
    return settings.timeout * share
