"""Installs the program that a build step or a run calls and the image lacks.

Reads dash (`/bin/sh: 1: flex: not found`), bash, make (`make: bison: No such file or directory`), env, CMake
(`Could NOT find Git (missing: GIT_EXECUTABLE)`), CPython's `FileNotFoundError: [Errno 2] No such file or directory:
'samtools'` where subprocess.py raised it, and what libraries say of programs that they start (`tesseract is not
installed or it's not in your PATH`). The package is the one that the image's own release has for the program; without
that answer the rule abstains.
"""

from typing import Final

from paper2run.failures.failed_attempt import FailedAttempt, repaired, with_packages
from paper2run.failures.wanted_files import wanted_files
from paper2run.model.diagnosis import Diagnosis

NAME: Final = "missing_program"


def repair(failed: FailedAttempt) -> Diagnosis | None:
    """Return the plan with the packages of all programs that the log misses; None where none is known."""
    found = {
        file.name: (failed.packages[file], line)
        for file, line in wanted_files(failed.lines).items()
        if file.kind == "program" and failed.packages.get(file)
    }
    if not found:
        return None
    packages = sorted({package for package, _ in found.values()})
    return repaired(
        failed,
        NAME,
        with_packages(failed.plan, *packages),
        reason=f"not in the image: {', '.join(found)}; added: {', '.join(packages)}",
        evidence=next(iter(found.values()))[1],
    )
