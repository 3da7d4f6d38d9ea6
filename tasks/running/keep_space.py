"""Keeps our use of the engine's disk below PAPER2RUN_KEEP_GB.

Notes which images the runs of this home need.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from paper2run.errors import EngineError, HostError
from paper2run.formats.plurals import counted
from paper2run.model.report import Metadata
from paper2run.rendering.keeping import GB, Kept, OwnImage, leaving
from paper2run.settings import Settings
from tasks.drivers.engine import kept_space
from tasks.drivers.engine.engine import Engine
from tasks.drivers.engine.engine_connection import connect
from tasks.drivers.host.owner import held_file, is_held
from tasks.running.progress_log import PROGRESS

IN_USE: Final = "images-in-use"
"""Below the home: one file per run that needs an image, with its name, locked meanwhile."""
RUNS: Final = "runs"
"""Below the home: one file per run, named for its id, that holds the run folder's path."""
ROUNDS: Final = 6
"""Rounds of removal for one limit: a removed image leaves its layers in the cache, which can go next."""
BYTES_A_MB: Final = 1024**2


@contextmanager
def using_image(image: str, settings: Settings) -> Iterator[None]:
    """Protect the image from removal by runs with this home during the block."""
    with held_file(settings.home / IN_USE) as path:
        path.write_text(image, encoding="utf-8")
        yield


def look(engine: Engine, settings: Settings, *, enough_bytes: float = 0) -> Kept:
    """Return what we have left on the engine's disk, and what of it is spared; see `kept_space.look`."""
    known_runs = {path.name for path in (settings.home / RUNS).glob("*")}
    return kept_space.look(engine, known_runs, images_in_use(settings), enough_bytes=enough_bytes)


def hold_limit(engine: Engine, settings: Settings) -> None:
    """Remove what exceeds the limit, or what takes the free space that a build needs.

    If the engine does not report its contents, the build continues without it.
    """
    if settings.keep_gb == float("inf"):
        return
    limit_bytes = settings.keep_gb * GB
    try:
        for _ in range(ROUNDS):
            lacking_bytes = _lacking_bytes(engine, settings)
            kept = look(engine, settings, enough_bytes=0 if lacking_bytes else limit_bytes)
            less_bytes = kept.size_bytes - lacking_bytes if lacking_bytes else limit_bytes
            going = list(leaving(kept, min(limit_bytes, less_bytes)))
            if not going:
                return
            for gone in going:
                kept_space.remove(engine, gone)
            _tell(going, kept, settings)
    except HostError as error:
        PROGRESS.info(f"what is kept on the engine's disk was not looked through: {error.what}")


def hold_after(image: str, settings: Settings) -> None:
    """Enforce the limit at the end of a run; the run's own image is spared."""
    try:
        engine = connect()
    except EngineError:
        return
    with using_image(image, settings):
        hold_limit(engine, settings)


def are_removed(metadata: Metadata, settings: Settings) -> bool:
    """Remove the images that the run built and no other run uses; return whether the verdict's is gone.

    An image that an earlier run built stays. The layers stay in the cache.
    """
    in_use = images_in_use(settings)
    try:
        engine = connect()
        for name in kept_space.images_of(engine, metadata.flow_run_id):
            if name not in in_use:
                engine.remove_image(name)
        return engine.image(metadata.image) is None
    except HostError as error:
        PROGRESS.info(f"the images were not removed: {error.what}")
        return False


def told(engine: Engine, settings: Settings) -> str:
    """Return a line with the free space of the engine's disk and what we use of it."""
    free_mb, kept = engine.free_mb(), look(engine, settings)
    free = (
        f"{free_mb / 1000:.1f} GB free" if free_mb is not None else "free space is not ours to see"
    )
    return (
        f"{free}; paper2run keeps {kept.size_bytes / GB:.1f} GB of at most {settings.keep_gb:g}:"
        f" {counted(len(kept.images), 'image')} {kept.images_bytes / GB:.1f} GB,"
        f" build cache {kept.cache_bytes / GB:.1f} GB"
    )


def empty_cache(engine: Engine, settings: Settings) -> None:
    """Remove all of our build cache that no build and no image uses."""
    for _ in range(ROUNDS):
        kept = look(engine, settings)._replace(images=())
        going = list(leaving(kept, -1))
        if not going:
            return
        for gone in going:
            kept_space.remove(engine, gone)


def _lacking_bytes(engine: Engine, settings: Settings) -> int:
    """Return how much free space the disk lacks for a build; 0 if unknown."""
    free_mb = engine.free_mb()
    return 0 if free_mb is None else max(settings.min_free_mb - free_mb, 0) * BYTES_A_MB


def images_in_use(settings: Settings) -> set[str]:
    """Return the names of the images that living processes with this home need."""
    found = set()
    for path in (settings.home / IN_USE).glob("[!.]*"):
        if is_held(path):
            found.add(path.read_text(encoding="utf-8"))
        else:
            path.unlink(missing_ok=True)
    return found


def _tell(going: Sequence[object], kept: Kept, settings: Settings) -> None:
    images = sum(isinstance(gone, OwnImage) for gone in going)
    PROGRESS.info(
        f"engine's disk: {kept.size_bytes / GB:.2f} GB kept, limit {settings.keep_gb:g} GB:"
        f" removed {counted(images, 'image')} and {counted(len(going) - images, 'record')} of the build cache"
    )
