"""Installs the Debian packages of shared libraries that a wheel or a program was linked against.

Reads the dynamic loader's `libGL.so.1: cannot open shared object file: No such file or directory`, and takes along what
`ldd` misses in the image, so that one repair covers all of them. Reads also what Python code says of a library that it
opens by name and does not find (ctypes, cffi; `no library called "cairo-2" was found`, `libpq library not found`). The
packages are those that the image's own release has for the files; the table of wheels' libraries serves where no mirror
answered.
"""

from typing import Final

from paper2run.failures.failed_attempt import FailedAttempt, repaired, with_packages
from paper2run.failures.wanted_files import WantedFile, wanted_files
from paper2run.knowledge.system_libraries import package_of_library
from paper2run.model.diagnosis import Diagnosis

NAME: Final = "missing_shared_library"


def repair(failed: FailedAttempt) -> Diagnosis | None:
    """Return the plan with the libraries' packages; None where the log misses none that is known."""
    said = {
        file: line
        for file, line in wanted_files(failed.lines).items()
        if file.kind in {"library", "opened"}
    }
    found = {file.name: package for file in said if (package := _package(failed, file))}
    if not found:
        return None
    evidence = [line for file, line in said.items() if file.name in found][-1]
    for library in failed.verification.missing_libraries:
        package = _package(failed, WantedFile("library", library.name))
        if package:
            found[library.name] = package
    packages = sorted(set(found.values()))
    return repaired(
        failed,
        NAME,
        with_packages(failed.plan, *packages),
        reason=f"missing: {', '.join(sorted(found))}; added: {', '.join(packages)}",
        evidence=evidence,
    )


def _package(failed: FailedAttempt, library: WantedFile) -> str:
    return failed.packages.get(library) or package_of_library(library.name)
