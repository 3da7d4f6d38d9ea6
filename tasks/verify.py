"""Stage `verify`: climbs the ladder in the image, each rung in a fresh locked-down container.

After a failed smoke run it also asks which shared libraries the image lacks, so that one repair brings all of them.
"""

from pathlib import Path
from typing import Final

from paper2run.digests import digest_of
from paper2run.failures.linked_libraries import LOOK, missing_libraries
from paper2run.model.environment import PlannedEnvironment
from paper2run.model.facts import RepoFacts
from paper2run.model.image import OUTSIDE
from paper2run.model.outcome import (
    RUNGS,
    Built,
    MissingLibrary,
    Passed,
    Rung,
    RungResult,
    SmokeFailed,
    Verification,
)
from paper2run.model.repo import Checkout
from paper2run.settings import Settings
from paper2run.smoke import ladder
from paper2run.smoke.import_check import read_answer
from tasks.drivers.engine import containers
from tasks.drivers.engine.engine import Engine
from tasks.drivers.engine.engine_connection import connect
from tasks.running.caching import stage
from tasks.running.engine_slot import engine_slot
from tasks.running.log_file import LogFile

TIMEOUT_S: Final = 90_000
LOOK_TIMEOUT_S: Final = 120


@stage(
    "verify",
    timeout_s=TIMEOUT_S,
    key=lambda given: (
        given["checkout"].commit,
        given["built"].image_id,
        given["target"],
        str([tuple(check) for check in _checks(given["facts"], given["planned"], given["target"])]),
        digest_of(given["smoked"]),
        str(given["planned"].gpus),
        str(given["settings"].timeout),
    ),
)
def verify(
    checkout: Checkout,
    planned: PlannedEnvironment,
    built: Built,
    smoked: Passed | SmokeFailed,
    facts: RepoFacts,
    target: Rung,
    log_folder: str,
    run_id: str,
    settings: Settings,
) -> Verification:
    """Return the result of each rung that applies; a failed rung does not stop the next one."""
    results = [RungResult(rung="built", passed=True, command="docker build", seconds=built.seconds)]
    engine = connect()
    for check in _checks(facts, planned, target):
        results.append(
            _climbed(engine, check, built.image, log_folder, run_id, settings, gpus=planned.gpus)
        )
    results.append(_smoke_rung(smoked))
    return Verification(
        rungs=tuple(sorted(results, key=lambda result: RUNGS.index(result.rung))),
        missing_libraries=(
            _missing_libraries(built, run_id, settings) if isinstance(smoked, SmokeFailed) else ()
        ),
    )


def _climbed(
    engine: Engine,
    check: ladder.Check,
    image: str,
    log_folder: str,
    run_id: str,
    settings: Settings,
    *,
    gpus: bool,
) -> RungResult:
    """Return the result of one rung's command, run in its own container."""
    secrets = settings.secrets()
    with (
        LogFile(Path(log_folder) / f"verify_{check.rung}.log", secrets) as log,
        engine_slot(engine, settings),
    ):
        result = containers.run(
            engine,
            image,
            check.command,
            limits=containers.Limits.of(settings),
            run_id=run_id,
            home=settings.home,
            timeout_s=settings.timeout,
            on_line=log.line,
            workdir=None if check.inside else OUTSIDE,
            gpus=gpus,
            min_free_mb=settings.min_free_mb,
        )
    kept = result.log.redacted(secrets)
    found = read_answer(kept.stdout) if check.rung == "imports" else None
    return RungResult(
        rung=check.rung,
        passed=result.exit_code == 0 and not result.alive_at_timeout,
        command=check.command,
        exit_code=result.exit_code,
        detail=ladder.detail_of(check.rung, kept.stdout, result.exit_code),
        missing=found.missing if found else (),
        failed_imports=found.failed if found else (),
        log_digest=digest_of(kept),
        seconds=round(result.seconds, 3),
    )


def _missing_libraries(built: Built, run_id: str, settings: Settings) -> tuple[MissingLibrary, ...]:
    """Return the libraries that the image lacks; after a timeout, those found until then."""
    result = containers.run(
        connect(),
        built.image,
        LOOK,
        limits=containers.Limits.of(settings),
        run_id=run_id,
        home=settings.home,
        timeout_s=LOOK_TIMEOUT_S,
        min_free_mb=settings.min_free_mb,
        workdir=OUTSIDE,
    )
    return missing_libraries(result.log.stdout)


def _checks(facts: RepoFacts, planned: PlannedEnvironment, target: Rung) -> list[ladder.Check]:
    return ladder.checks(facts, planned.plan, target)


def _smoke_rung(smoked: Passed | SmokeFailed) -> RungResult:
    passed = isinstance(smoked, Passed)
    return RungResult(
        rung="smoke",
        passed=passed,
        command=smoked.docker_command,
        exit_code=0 if isinstance(smoked, Passed) else smoked.exit_code,
        detail="still running at the timeout"
        if isinstance(smoked, Passed) and smoked.alive_at_timeout
        else "",
        log_digest=digest_of(smoked.log),
        seconds=smoked.seconds,
    )
