"""Makes the folder that code writes into and the checkout lacks: git keeps no empty folders.

Reads CPython's `FileNotFoundError: … 'results/a.csv'` out of code that opens, saves or creates, pandas' `Cannot save
file into a non-existent directory`, torch's `Parent directory … does not exist` and HDF5's `Unable to create file`.
A file that code reads is data: `missing_data`.
"""

import posixpath
import re
import shlex
from pathlib import PurePosixPath
from typing import Final

from paper2run.commands.plain_commands import folder_and_line
from paper2run.failures.failed_attempt import FailedAttempt, repaired
from paper2run.failures.failure_log import last_traceback
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.image import OUTSIDE, SOURCE_FOLDER
from paper2run.model.outcome import SmokeFailed
from paper2run.planning.plan_builder import GIVE

NAME: Final = "missing_folder"

FOLDER: Final = re.compile(
    r"Cannot save file into a non-existent directory: ['\"](?P<pandas>[\w./ +=,-]+)['\"]"
    r"|Parent directory (?P<torch>[\w./+=,-]+) does not exist"
)
"""Words of libraries that name the folder itself."""
CREATED: Final = re.compile(
    r"[Uu]nable to (?:synchronously )?create file \(unable to open file: name = '(?P<path>[\w./ +=,-]+)', errno = 2"
)
NO_FILE: Final = re.compile(
    r"^\s*(?:E\s+)?(?:FileNotFoundError|IOError|OSError): \[Errno 2\] No such file or directory:"
    r" '(?P<path>[\w./ +=,-]+)'"
)
WRITES: Final = re.compile(
    r"""\bopen\(.*['"][rb]?[wax]\+?[bt]?\+?['"]|\bsave\w*\(|\bto_(?:csv|pickle|json|excel|hdf|feather|html|latex)\("""
    r"""|\bwrite_\w+\(|\bim(?:write|save)\(|FileHandler\(|VideoWriter\(|ZipFile\(.*['"]w|\b(?:mkdir|mkdtemp)\("""
    r"""|\.touch\("""
)
"""A line of code that makes a file or a folder."""
READS: Final = re.compile(
    r"\b(?:im)?(?:read|load)\w*\(|\bopen\([^,()]*(?:,\s*(?:mode=)?['\"]r[bt]?['\"]\s*)?\)"
)
NEAR: Final = 8
"""Lines above the error that show its innermost frames."""
START: Final = re.compile(r"Traceback \(most recent call last\)|^_{3,} ")


def repair(failed: FailedAttempt) -> Diagnosis | None:
    """Return the plan with the folders; None where a file was to be read, and outside the checkout."""
    if not isinstance(failed.failure, SmokeFailed):
        return None
    command = failed.plan.smoke_command
    if command.startswith(f"cd {OUTSIDE} "):
        return None
    missed = _missed(last_traceback(failed.lines))
    start = folder_and_line(command)[0]
    folders = [path for name in missed if (path := _below(failed.plan.workdir, start, name))]
    if not folders:
        return None
    made = " ".join(shlex.quote(folder) for folder in dict.fromkeys(folders))
    step = f"mkdir -p {made} && {GIVE}"
    return repaired(
        failed,
        NAME,
        {"install_steps": (*failed.plan.install_steps, step)},
        reason=f"code writes into {made}, and git keeps no empty folders",
        evidence=next(iter(missed.values())),
        cause="code_error",
    )


def _missed(lines: list[str]) -> dict[str, str]:
    """Return the folders that code wanted to write into, each with the line of the log that says so."""
    found = {}
    for number, line in enumerate(lines):
        if named := FOLDER.search(line):
            found[named["pandas"] or named["torch"]] = line.strip()
        elif created := CREATED.search(line):
            found[posixpath.dirname(created["path"])] = line.strip()
        elif (missed := NO_FILE.match(line)) and _was_written(lines[:number]):
            found[posixpath.dirname(missed["path"])] = line.strip()
    return {folder: line for folder, line in found.items() if folder}


def _was_written(above: list[str]) -> bool:
    """Whether the code of the error below these lines was to make the file, and not to read it."""
    starts = [number for number, line in enumerate(above) if START.search(line)]
    frames = above[starts[-1] :] if starts else above
    return any(map(WRITES.search, frames)) and not any(map(READS.search, frames[-NEAR:]))


def _below(workdir: str, start: str, folder: str) -> str:
    """Return a folder as seen from the working directory; empty for one that is not in the checkout."""
    place = posixpath.normpath(posixpath.join(workdir, start, folder))
    if not PurePosixPath(place).is_relative_to(SOURCE_FOLDER) or place == SOURCE_FOLDER:
        return ""
    return posixpath.relpath(place, workdir)
