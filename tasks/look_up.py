"""Stage `look up`: what brings what a failed attempt misses.

Debian packages for files of the system, and releases of the index for names that the installed libraries lack. Never
cached: a mirror that did not answer now may answer the next run, whose diagnosis has the answer in its key.
"""

from typing import Final

from packaging.utils import canonicalize_name

from paper2run.errors import HostError
from paper2run.failures.failure_log import failure_lines
from paper2run.failures.wanted_files import WantedFile, wanted_files
from paper2run.knowledge.distributions import distribution_for, third_party_name
from paper2run.model.outcome import HoldingRelease, SmokeFailed, SystemFile
from paper2run.model.report import Attempt
from paper2run.model.value import Value
from paper2run.rendering.image_names import site_image
from paper2run.settings import Settings
from tasks.drivers.engine import debian_contents
from tasks.drivers.engine.engine_connection import connect
from tasks.resolve import CACHE_FOLDER
from tasks.running.caching import stage
from tasks.running.records import RunFolder

TIMEOUT_S: Final = 900
MAX_NAMES: Final = 3
"""Names that releases are searched for, the last ones of the log; each costs up to 16 archives."""


class LookedUp(Value):
    """What was found of a failed attempt's needs."""

    files: tuple[SystemFile, ...] = ()
    releases: tuple[HoldingRelease, ...] = ()


@stage("look up", timeout_s=TIMEOUT_S)
def look_up(done: Attempt, folder: str, settings: Settings) -> LookedUp:
    """Return packages of files that the log and the image's libraries miss, releases of lost names.

    What cannot be looked up is logged and left out.
    """
    if done.failure is None:
        return LookedUp()
    run = RunFolder.at(folder)
    return LookedUp(files=_files(done, run, settings), releases=_releases(done, run, settings))


def _files(done: Attempt, run: RunFolder, settings: Settings) -> tuple[SystemFile, ...]:
    assert done.failure is not None, "an attempt that passed misses nothing"
    linked = (
        WantedFile("library", library.name) for library in done.verification.missing_libraries
    )
    wanted = dict.fromkeys((*wanted_files(failure_lines(done.failure)), *linked))
    if not wanted:
        return ()
    try:
        image = site_image(done.planned.plan.base_image, settings.registry_prefix)
        found = debian_contents.packages_of(wanted, connect(), image, run.path.name, settings)
    except HostError as error:
        run.event(f"no look at the files of Debian's packages: {error.what}", stage="look up")
        return ()
    return tuple(
        SystemFile(kind=file.kind, name=file.name, package=package)
        for file, package in found.items()
    )


def _releases(done: Attempt, run: RunFolder, settings: Settings) -> tuple[HoldingRelease, ...]:
    resolution = done.planned.resolution
    if not isinstance(done.failure, SmokeFailed) or resolution is None:
        return ()
    # Imported by the work alone: most runs look nothing up.
    from paper2run.failures.gone_names import all_gone, with_typed_import
    from tasks.drivers.index.package_index import PackageIndex
    from tasks.drivers.index.release_search import ReleaseSearch

    pins = {canonicalize_name(pin.name): pin.version for pin in resolution.pins}
    lines = with_typed_import(failure_lines(done.failure), done.planned.plan.smoke_command)
    names = [
        (gone.dotted, name)
        for gone in reversed(all_gone(lines))
        if "." in gone.dotted
        and not gone.is_class
        and (name := canonicalize_name(distribution_for(third_party_name(gone.dotted)).name))
        in pins
    ]
    if not names:
        return ()
    cache_dir, day = settings.home / CACHE_FOLDER, done.planned.commit_day
    found = []
    try:
        with PackageIndex(settings, cache_dir) as index:
            for dotted, name in names[:MAX_NAMES]:
                search = ReleaseSearch(index, name, dotted, cache_dir)
                version = search.nearest(pins[name], day)
                if version is not None:
                    found.append(
                        HoldingRelease(name=dotted, distribution=name, version=str(version))
                    )
    except HostError as error:
        run.event(f"no search for other releases: {error.what}", stage="look up")
    return tuple(found)
