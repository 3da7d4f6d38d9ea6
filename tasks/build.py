"""Stage `build`: the engine builds the image; the attempt's folder gets the log, which is bounded."""

from pathlib import Path
from typing import Final

from paper2run.errors import HostError, redacted
from paper2run.model.outcome import BuildContext, BuildFailed, Built
from paper2run.model.repo import Checkout
from paper2run.rendering.image_names import cache_reference
from paper2run.rendering.injection import Injection
from paper2run.settings import Settings
from tasks.drivers.engine import buildkit, kept_space
from tasks.drivers.engine.build_context import BuildInput
from tasks.drivers.engine.engine import Engine
from tasks.drivers.engine.engine_connection import connect
from tasks.running.caching import stage
from tasks.running.engine_slot import engine_slot
from tasks.running.keep_space import hold_limit
from tasks.running.log_file import LogFile

TIMEOUT_S: Final = 86_400
"""Beyond every build's own limit (PAPER2RUN_BUILD_TIMEOUT), which ends it as a result."""


@stage(
    "build",
    timeout_s=TIMEOUT_S,
    key=lambda given: (
        given["checkout"].commit,
        given["context"].image,
        given["context"].dockerfile,
        given["context"].lock,
    ),
)
def build(
    checkout: Checkout,
    context: BuildContext,
    folder: str,
    log_folder: str,
    run_id: str,
    settings: Settings,
) -> Built | BuildFailed:
    """Return the image built from the checkout in `folder`, or the step that failed."""
    given = BuildInput(
        dockerfile=context.dockerfile,
        lock=context.lock,
        repo=Path(folder),
        tag=context.image,
        injection=Injection.of(settings, _cache_owner(checkout)),
        cache_from=cache_reference(context.image, settings.registry) if settings.registry else "",
    )
    return built(connect(), given, log_folder, run_id, settings)


def built(
    engine: Engine, given: BuildInput, log_folder: str, run_id: str, settings: Settings
) -> Built | BuildFailed:
    """Return the image or the step that failed.

    Room is made before; the log is kept without secrets.
    """
    secrets = settings.secrets()
    with (
        LogFile(Path(log_folder) / "build_stdout.log", secrets) as log,
        engine_slot(engine, settings),
    ):
        hold_limit(engine, settings)
        _need_space(engine, settings.min_free_mb)
        try:
            outcome = buildkit.build(
                engine,
                given,
                run_id=run_id,
                timeout_s=settings.build_timeout,
                min_free_mb=settings.min_free_mb,
                on_line=log.line,
            )
        except HostError as error:
            # Not `from` it: a traceback would show its message.
            raise redacted(error, secrets) from None
    # A step can read what the site mounts for it, and print it.
    return outcome.changed(log=outcome.log.redacted(secrets))


def has_image(outcome: Built | BuildFailed) -> bool:
    """Whether the engine still has the image; a failed build never had one."""
    if isinstance(outcome, BuildFailed):
        return True
    engine = connect()
    found = engine.image(outcome.image)
    if found is None or found.id != outcome.image_id:
        return False
    kept_space.touch(engine, outcome.image)
    return True


def _cache_owner(checkout: Checkout) -> str:
    """Return whose download caches a build gets: the repository's, or for a folder the commit's."""
    # A folder may hold one stranger's archive now and another's next.
    is_folder = Path(checkout.url).is_absolute()
    return f"{checkout.url} {checkout.commit}" if is_folder else checkout.url


def _need_space(engine: Engine, min_free_mb: int) -> None:
    free_mb = engine.free_mb()
    if free_mb is not None and free_mb < min_free_mb:
        raise HostError(
            f"the engine's disk has {free_mb / 1000:.1f} GB left, {min_free_mb / 1000:.1f} GB are needed for a build",
            hint="free space: `paper2run clean --cache`, `docker image prune`; or lower PAPER2RUN_MIN_FREE_MB",
            trouble="disk",
        )
