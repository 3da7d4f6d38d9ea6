"""Installs the development packages that a source build lacks.

These are headers, libraries to link, and the files of pkg-config and CMake. Reads `fatal error: yaml.h: No such file or
directory`, `cannot find -lyaml`, `No package 'yaml-0.1' found`, `Could NOT find ZLIB (missing: ZLIB_LIBRARY)`. All that
the log misses is installed at once. The packages are those that the image's own release has for the files; the table of
headers serves where no mirror answered.
"""

from typing import Final

from paper2run.failures.failed_attempt import FailedAttempt, repaired, with_env, with_packages
from paper2run.failures.wanted_files import Kind, WantedFile, wanted_files
from paper2run.knowledge import debian
from paper2run.model.diagnosis import Diagnosis

NAME: Final = "missing_header"
KINDS: Final[frozenset[Kind]] = frozenset({"header", "link", "pkgconfig", "cmake"})


def repair(failed: FailedAttempt) -> Diagnosis | None:
    """Return the plan with the packages; None where none is known."""
    wanted = {file: line for file, line in wanted_files(failed.lines).items() if file.kind in KINDS}
    found = {file: names for file in wanted if (names := _packages(failed, file))}
    if not found:
        return None
    packages = sorted({name for names in found.values() for name in names})
    changes = with_packages(failed.plan, *packages)
    headers = {name for file in found if file.kind == "header" for name in found[file]}
    folders = sorted(filter(None, map(debian.include_folder, headers)))
    if folders and "CPATH" not in failed.plan.env:
        changes |= with_env(failed.plan, CPATH=":".join(folders))
    return repaired(
        failed,
        NAME,
        changes,
        reason=f"missing: {', '.join(file.name for file in found)}; added: {', '.join(packages)}",
        evidence=wanted[next(iter(found))],
    )


def _packages(failed: FailedAttempt, file: WantedFile) -> tuple[str, ...]:
    looked_up = failed.packages.get(file)
    if looked_up:
        return (looked_up,)
    return debian.packages_of_header(file.name) if file.kind == "header" else ()
