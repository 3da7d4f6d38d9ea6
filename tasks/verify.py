"""Stage `verify`: climbs the ladder in the image, each rung in a fresh locked-down container.

After a failed smoke run it also asks which shared libraries the image lacks, so that one repair brings all of them.
"""

from dataclasses import replace
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
from tasks.drivers.engine.containers import RunResult
from tasks.drivers.engine.engine import Engine
from tasks.drivers.engine.engine_connection import connect
from tasks.running.caching import stage
from tasks.running.engine_slot import engine_slot
from tasks.running.log_file import LogFile

TIMEOUT_S: Final = 90_000
LOOK_TIMEOUT_S: Final = 120
NO_TESTS: Final = 5
"""pytest's exit status where it found none. https://docs.pytest.org/en/stable/reference/exit-codes.html"""


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
    uncollected = None
    for check in _checks(facts, planned, target):
        ran = _run(engine, check, built.image, log_folder, run_id, settings, gpus=planned.gpus)
        results.append(_rung(check, ran))
        if check.rung == "collected":
            uncollected = _uncollected(ran)
    results.append(_smoke_rung(smoked))
    return Verification(
        rungs=tuple(sorted(results, key=lambda result: RUNGS.index(result.rung))),
        missing_libraries=(
            _missing_libraries(built, run_id, settings) if isinstance(smoked, SmokeFailed) else ()
        ),
        uncollected=uncollected,
    )


def _run(
    engine: Engine,
    check: ladder.Check,
    image: str,
    log_folder: str,
    run_id: str,
    settings: Settings,
    *,
    gpus: bool,
) -> RunResult:
    """Return how one rung's command ended in its own container; its log without secrets."""
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
    return replace(result, log=result.log.redacted(secrets))


def _rung(check: ladder.Check, ran: RunResult) -> RungResult:
    """Return the rung's result as its command's end tells it."""
    found = read_answer(ran.log.stdout) if check.rung == "imports" else None
    return RungResult(
        rung=check.rung,
        passed=ran.exit_code == 0 and not ran.alive_at_timeout,
        command=check.command,
        exit_code=ran.exit_code,
        detail=ladder.detail_of(check.rung, ran.log.stdout, ran.exit_code),
        missing=found.missing if found else (),
        failed_imports=found.failed if found else (),
        log_digest=digest_of(ran.log),
        seconds=round(ran.seconds, 3),
        docker_command=ran.docker_command,
    )


def _uncollected(ran: RunResult) -> SmokeFailed | None:
    """Return the failure of a collection; None if it passed, found no test, or took too long."""
    if ran.exit_code in {0, NO_TESTS} or ran.alive_at_timeout:
        return None
    return SmokeFailed(
        exit_code=ran.exit_code,
        seconds=ran.seconds,
        log=ran.log,
        out_of_memory=ran.out_of_memory,
        out_of_disk=ran.out_of_disk,
        limit=ran.limit,
        docker_command=ran.docker_command,
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
