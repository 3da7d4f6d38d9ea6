"""Installs the Debian packages of shared libraries that a wheel or a program was linked against.

Reads the dynamic loader's `libGL.so.1: cannot open shared object file: No such file or directory`, and takes along what
`ldd` misses in the image, so that one repair covers all of them. The packages are those that the image's own release
has for the files; the table of wheels' libraries serves where no mirror answered.
"""

from typing import Final

from paper2run.failures.failed_attempt import FailedAttempt, repaired, with_packages
from paper2run.failures.failure_log import all_hits
from paper2run.failures.wanted_files import CANNOT_OPEN, WantedFile
from paper2run.knowledge.system_libraries import package_of_library
from paper2run.model.diagnosis import Diagnosis

NAME: Final = "missing_shared_library"


def repair(failed: FailedAttempt) -> Diagnosis | None:
    """Return the plan with the libraries' packages; None where the log misses none that is known."""
    hits = all_hits(failed.lines, CANNOT_OPEN)
    said = {hit.match[1]: hit.line for hit in hits}
    found = {name: package for name in said if (package := _package(failed, name))}
    if not found:
        return None
    last = [name for name in said if name in found][-1]
    for library in failed.verification.missing_libraries:
        package = _package(failed, library.name)
        if package:
            found[library.name] = package
    packages = sorted(set(found.values()))
    return repaired(
        failed,
        NAME,
        with_packages(failed.plan, *packages),
        reason=f"missing: {', '.join(sorted(found))}; {', '.join(packages)} bring it",
        evidence=said[last],
    )


def _package(failed: FailedAttempt, library: str) -> str:
    looked_up = failed.packages.get(WantedFile("library", library))
    return looked_up or package_of_library(library)
