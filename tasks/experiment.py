"""Stage `experiment`: tries the smallest change of a stop with a stand-in, in a locked-down container."""

from pathlib import Path
from typing import Final

from paper2run.model.outcome import Built
from paper2run.model.repo import Checkout
from paper2run.model.report import Experiment
from paper2run.settings import Settings
from paper2run.verdicts import experiments
from tasks.drivers.engine import containers
from tasks.drivers.engine.engine_connection import connect
from tasks.running.caching import stage
from tasks.running.engine_slot import engine_slot
from tasks.running.log_file import LogFile
from tasks.smoke import outcome_of

TIMEOUT_S: Final = 600


@stage(
    "experiment",
    timeout_s=TIMEOUT_S,
    key=lambda given: (
        given["checkout"].commit,
        given["built"].image_id,
        given["planned"].command,
        str(given["settings"].timeout),
        str(containers.Limits.of(given["settings"])),
    ),
)
def experiment(
    checkout: Checkout,
    planned: experiments.PlannedExperiment,
    built: Built,
    log_folder: str,
    run_id: str,
    settings: Settings,
) -> Experiment:
    """Return what became of the failed command with its stand-in."""
    engine, secrets = connect(), settings.secrets()
    with (
        LogFile(Path(log_folder) / "experiment.log", secrets) as log,
        engine_slot(engine, settings),
    ):
        result = containers.run(
            engine,
            built.image,
            planned.command,
            limits=containers.Limits.of(settings),
            run_id=run_id,
            home=settings.home,
            timeout_s=min(experiments.LIMIT_S, settings.timeout),
            on_line=log.line,
            network=settings.smoke_network,
            min_free_mb=settings.min_free_mb,
        )
    return experiments.judged(planned, outcome_of(result, secrets))
