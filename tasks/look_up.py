"""Stage `look up`: which Debian packages bring the files of the system that a failed attempt misses.

Never cached: the look-up takes a second, and a mirror that did not answer now may answer the next run, whose diagnosis
has the answer in its key.
"""

from typing import Final

from paper2run.errors import HostError
from paper2run.failures.failure_log import failure_lines
from paper2run.failures.wanted_files import WantedFile, wanted_files
from paper2run.model.outcome import SystemFile
from paper2run.model.report import Attempt
from paper2run.settings import Settings
from tasks.drivers.engine import debian_contents
from tasks.drivers.engine.engine_connection import connect
from tasks.running.caching import stage
from tasks.running.records import RunFolder

TIMEOUT_S: Final = 900


@stage("look up", timeout_s=TIMEOUT_S)
def look_up(done: Attempt, folder: str, settings: Settings) -> tuple[SystemFile, ...]:
    """Return the files that the log and the image's own libraries miss.

    Empty if the lookup fails, which is logged.
    """
    if done.failure is None:
        return ()
    linked = (
        WantedFile("library", library.name) for library in done.verification.missing_libraries
    )
    wanted = dict.fromkeys((*wanted_files(failure_lines(done.failure)), *linked))
    if not wanted:
        return ()
    run = RunFolder.at(folder)
    try:
        found = debian_contents.packages_of(
            wanted, connect(), done.planned.plan.base_image, run.path.name, settings
        )
    except HostError as error:
        run.event(f"no look at the files of Debian's packages: {error.what}", stage="look up")
        return ()
    return tuple(
        SystemFile(kind=file.kind, name=file.name, package=package)
        for file, package in found.items()
    )
