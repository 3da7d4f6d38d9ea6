"""Names the first error of a failed attempt, what it is about, who wanted it, and its cause class.

What no rule repairs still gets a cause here, with little confidence: enough to count by, never enough for a stop.
"""

import re
from typing import Final, NamedTuple

from packaging.utils import canonicalize_name

from paper2run.failures.cause_classes import UNDEFINED, cause_of
from paper2run.failures.failed_attempt import FailedAttempt
from paper2run.failures.failure_log import FRAME
from paper2run.failures.first_error import FAILED_WHEEL, first_error, words_of
from paper2run.failures.gone_names import NO_MODULE
from paper2run.failures.wanted_by import version_of, who_imports, who_wants_package
from paper2run.model.diagnosis import Blame
from paper2run.model.facts import Project
from paper2run.model.outcome import BuildFailed
from paper2run.model.value import Source
from paper2run.rendering.pip_steps import INSTALLERS

NOT_FOUND: Final = re.compile(
    r"satisfies the requirement (?P<name>[A-Za-z0-9][\w.-]*)(?P<rest>[^;(]*)"
)
COLLECTED: Final = re.compile(
    r"^\s*(?:Collecting (?P<name>[A-Za-z0-9][\w.-]*?)(?:==(?P<version>[\w.]+))?(?:\s|\[|$)"
    r"|(?:Downloading|Using cached|Processing) (?:\S*/)?"
    r"(?P<file>[A-Za-z0-9][\w.]*(?:-[A-Za-z]\w*)*)-(?P<of>\d[\w.]*?)\.(?:tar\.\w+|zip))"
)
PREPARING: Final = re.compile(
    r"Preparing metadata|setup\.py egg_info|prepare_metadata|get_requires_for|Getting requirements to build"
    r"|metadata-generation-failed|Installing build dependencies"
)
NO_PATH: Final = re.compile(
    r"(?:No such file or directory: |can't open file |No such file or directory: u|File )[\"'](?P<path>[^\"']+)[\"']"
    r"|unable to find file (?P<bare>\S+)$"
    r"|cannot open (?:compressed )?file ['‘](?P<r>[^'’]+)['’]"
)
NO_PROGRAM: Final = re.compile(
    r"(?:^|\s)(?:line )?\d*:? ?(?P<name>[\w./+-]+): (?:command )?not found$"
)
PYTEST_FRAME: Final = re.compile(r"^(?P<path>[\w.][\w./-]*\.py):(?P<line>\d+): ")
AT_A_PLACE: Final = re.compile(r"^\s*(?:\./|/repo/)?(?P<path>[\w./+-]+\.\w+):(?P<line>\d+):")
STEP: Final = re.compile(r"=> \[\S+ +\d+/\d+\] ")
"""What the engine writes where a step begins."""
PIP_SAYS: Final = re.compile(r"\bpip[\d.]* install\b|-m pip install\b")


class About(NamedTuple):
    """What an error is about, why that was wanted, and by whom."""

    what: str = ""
    why: str = ""
    source: Source | None = None


def blame(failed: FailedAttempt) -> Blame:
    """Return the evidence chain of a failed attempt."""
    lines = failed.lines
    number = first_error(failed.failure, lines)
    error = words_of(failed.failure, lines, number)
    place = code_place(lines, number)
    about = _about(failed, lines, number, error, place)
    cause, confidence = cause_of(failed, error, place, told=number >= 0)
    return Blame(
        error=error,
        cause=cause,
        confidence=confidence,
        about=about.what[:200],
        why=about.why[:200],
        source=about.source,
    )


def code_place(lines: list[str], number: int) -> Source | None:
    """Return the repository's own line of code nearest above a line of the log; None without one."""
    for line in reversed(lines[: max(number, 0)]):
        match = FRAME.match(line) or PYTEST_FRAME.match(line)
        if match:
            return Source(kind="file", path=match["path"], line=int(match["line"]))
        if "Traceback (most recent call last)" in line:
            return None
    return None


def _about(
    failed: FailedAttempt, lines: list[str], number: int, error: str, place: Source | None
) -> About:
    if match := NOT_FOUND.search(error):
        wanted = who_wants_package(match["name"], failed.planned, failed.facts)
        return About(f"{match['name']}{match['rest'].strip()}", wanted.why, wanted.source)
    if isinstance(failed.failure, BuildFailed):
        package = _package(failed, lines, number)
        if package.what:
            return package
    if match := NO_MODULE.search(error):
        importer = who_imports(match["name"], failed.facts)
        if place is not None:
            return About(match["name"], f"import {match['name']}", place)
        return About(match["name"], *(importer or ("", None)))
    if (match := NO_PATH.search(error)) or (match := NO_PROGRAM.search(error)):
        return About(next(filter(None, match.groups())), "", place)
    if match := UNDEFINED.match(error):
        return About(match["name"], "", place)
    if match := AT_A_PLACE.match(error):
        return About(f"{match['path']}:{match['line']}")
    return About(str(place)) if place else About()


def _last_step(lines: list[str]) -> int:
    """Return where the output of the last step begins, the one that failed."""
    return next((at for at in range(len(lines) - 1, -1, -1) if STEP.match(lines[at])), 0)


def package_that_failed(lines: list[str]) -> tuple[str, str]:
    """Return name and version of the package whose build pip gave up; empty if it names none."""
    lines = lines[_last_step(lines) :]
    wheels = [match for line in lines if (match := FAILED_WHEEL.search(line))]
    if wheels:
        return wheels[0]["name"], ""
    collected = [match for line in lines if (match := COLLECTED.match(line))]
    if not collected or not any(PREPARING.search(line) for line in lines):
        return "", ""
    last = collected[-1]
    return last["name"] or last["file"], last["version"] or last["of"] or ""


def _package(failed: FailedAttempt, lines: list[str], number: int) -> About:
    """Return the package whose build failed in a step of pip; nothing for other steps and the own project."""
    assert isinstance(failed.failure, BuildFailed)
    if not (PIP_SAYS.search(failed.failure.step) or INSTALLERS.search(failed.failure.step)):
        return About()
    name, version = package_that_failed(lines)
    if not name:
        return About()
    own = {canonicalize_name(project.name) for project in failed.facts.of(Project) if project.name}
    if canonicalize_name(name) in own:
        return About(f"the repository's own project {name}")
    version = version_of(name, failed.planned) or version
    wanted = who_wants_package(name, failed.planned, failed.facts)
    return About(f"{name} {version}".strip(), wanted.why, wanted.source)
