"""Chooses the CI job that tests on Linux and a row of its matrix, and fills its variables in."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from paper2run.commands.ci_scripts import FOLDED, VARIABLE
from paper2run.commands.command_purpose import purpose_of
from paper2run.formats.shell_words import LEADING, joined_commands, logical_lines
from paper2run.formats.version_ranges import listed_python
from paper2run.model.ci import CiJob, CiStep, Pairs
from paper2run.model.facts import RepoFacts
from paper2run.model.image import SOURCE_FOLDER
from paper2run.model.value import Source
from paper2run.planning.ci_conditions import holds

FOREIGN: Final = re.compile(r"windows|macos|osx|^vs20", re.IGNORECASE)
OTHER_PURPOSE: Final = re.compile(
    r"(?<![a-z])(?:lint\w*|style|format\w*|docs?|documentation|publish\w*|deploy\w*|release\w*|wheels?|benchmarks?|asv"
    r"|nightly|weekly|monthly|evals?|e2e|browser|integration|changelog|coverage|upstream|typing|mypy|sonar\w*|codeql|conda|sdist|gpu|cuda|min|minimal|oldest|dev|devdeps|pre|canary)(?![a-z])",
    re.IGNORECASE,
)
"""Words in the name of a job, a file or a matrix value: its tests are not those of a usual environment."""
WRAPPED: Final = re.compile(
    r"(?:(?:uv|poetry|pdm|pipenv|hatch|rye|conda|mamba|micromamba)\s+(?:-\S+\s+)*run|xvfb-run)\s+"
    r"(?:(?:-p|-n|--python|--group|--extra|--with|--name|--env-file|--no-extra|--no-group|-s)[\s=]\S+\s+|-\S+(?:=\S+)?\s+)*"
)
"""A program that only starts another one, in an environment or on a screen of its own."""
AS_ROOT: Final = re.compile(r"^(?:(?:sudo(?:\s+-\S+)*|env|exec|do|then|else|time)\s+)+")
SCRIPT: Final = re.compile(r"[\w./-]+\.py(?:\s|$)")
BY_SCRIPT: Final = re.compile(r"just\s+(?:-\S+\s+)*tests?\b|(?:bash|sh)\s+\S*tests?[\w.-]*(?:\s|$)")
RUNNER: Final = re.compile(r"\b(?:pytest|py\.test|nosetests|unittest|nose)\b")
ELSEWHERE: Final = re.compile(r"\b(?:tox|nox)\b")
PYTHON_KEY: Final = re.compile(r"(?:^|[._])py(?:thon)?(?:[-_.]?version)?$", re.IGNORECASE)
PYTHON_IMAGE: Final = re.compile(r"(?:^|/)python:(\d\.\d+)")
OPENS: Final = re.compile(r"(?:^|[;&|]\s*|\b(?:then|do|else)\s+)(?:if|for|while|until|case)\s")
CLOSES: Final = re.compile(r"(?:^|[;&|]\s*|\s)(?:fi|done|esac)\b")
CHECKOUT: Final = (
    "github.workspace",
    "GITHUB_WORKSPACE",
    "CI_PROJECT_DIR",
    "TRAVIS_BUILD_DIR",
    "CIRCLE_WORKING_DIRECTORY",
    "Build.SourcesDirectory",
    "BUILD_SOURCESDIRECTORY",
)
"""What the services call the folder that the repository lies in."""
MAX_FILLED_CHARS: Final = 4000


class CiLine(NamedTuple):
    """One command of a job, filled in."""

    command: str
    step: CiStep
    source: Source
    conditional: bool
    """It stands inside an `if` or a loop of its script."""


@dataclass(frozen=True)
class ChosenJob:
    """A job that tests, and one row of its matrix."""

    job: CiJob
    values: Mapping[str, str]
    """Variables of the row and the job, and what the service says of itself."""
    python: str
    """`3.9`; empty where the job names none."""

    def steps(self) -> Iterator[CiStep]:
        """Yield the steps that run, in order."""
        yield from (step for step in self.job.steps if holds(step.condition, self.values))

    def lines(self, step: CiStep) -> Iterator[CiLine]:
        """Yield the commands of a script, in order."""
        depth = 0
        for number, written in logical_lines(step.text, step.source.line):
            text = FOLDED.sub(" ", written.strip())
            opened, closed = len(OPENS.findall(text)), len(CLOSES.findall(text))
            inside = depth > 0 or opened > 0
            depth = max(depth + opened - closed, 0)
            source = step.source.changed(line=number)
            yield CiLine(filled(text, {**self.values, **dict(step.env)}), step, source, inside)


def filled(text: str, values: Mapping[str, str]) -> str:
    """Return a text with its variables; what the matrix row lacks is empty, as the services have it."""

    def value(match: re.Match[str]) -> str:
        name = next(group for group in match.groups() if group)
        known = values.get(name, values.get(name.removeprefix("env.")))
        return ("" if name.startswith("matrix.") else match[0]) if known is None else known

    for _ in range(2):
        text = VARIABLE.sub(value, text)[:MAX_FILLED_CHARS]
    return text


def calls(line: CiLine) -> Iterator[str]:
    """Yield the commands that a line joins, without what only starts them; what follows `||` stands in.

    `uv run` sets the project up before: `uv sync` with the same options comes first.
    """
    for joined in joined_commands(line.command.split("||")[0]):
        part = AS_ROOT.sub("", joined)
        around = WRAPPED.match(part)
        call = LEADING.sub("", part[around.end() :] if around else part)
        if around and around[0].startswith("uv ") and "--no-sync" not in around[0]:
            yield around[0].replace(" run", " sync", 1).strip()
        # Such programs start scripts with the environment's Python.
        yield f"python {call}" if around and SCRIPT.match(call) else call


def tests(command: str) -> bool:
    """Whether a command of a CI job runs tests."""
    return purpose_of(command) == "test" or BY_SCRIPT.match(command) is not None


def testing_job(facts: RepoFacts, pythons: tuple[str, ...] = ()) -> ChosenJob | None:
    """Return the job that tests on Linux; of several the plainest, of its rows the nearest to `pythons`."""
    found: list[tuple[tuple[int, ...], ChosenJob]] = []
    for number, job in enumerate(facts.of(CiJob)):
        rows = [chosen for row in job.rows or ((),) if (chosen := _on_linux(job, row)) is not None]
        rows.sort(key=lambda chosen: _distance(chosen, pythons))
        if rows and (kind := _kind(rows[0])) is not None:
            found.append(((_has_other_purpose(job), kind, number), rows[0]))
    return min(found, key=lambda one: one[0])[1] if found else None


def tested_pythons(facts: RepoFacts) -> frozenset[str]:
    """Return the interpreters with which jobs test on Linux: `3.9`."""
    found = set()
    for job in facts.of(CiJob):
        for row in () if _has_other_purpose(job) else job.rows or ((),):
            chosen = _on_linux(job, row)
            if chosen is not None and chosen.python and _kind(chosen) is not None:
                found.add(chosen.python)
    return frozenset(found)


def _has_other_purpose(job: CiJob) -> bool:
    return OTHER_PURPOSE.search(f"{job.name} {job.source.path.rpartition('/')[2]}") is not None


def _on_linux(job: CiJob, row: Pairs) -> ChosenJob | None:
    values = dict.fromkeys(CHECKOUT, SOURCE_FOLDER) | dict(job.env) | dict(row)
    system = filled(job.system, values) or values.get("TRAVIS_OS_NAME", "")
    if FOREIGN.search(system):
        return None
    plain = {name: filled(value, values) for name, value in values.items()}
    return ChosenJob(job, plain, _python(job, plain))


def _python(job: CiJob, values: Mapping[str, str]) -> str:
    """Return the version that the job sets up, that its image has, or that a variable names."""
    asked = [filled(step.text, values) for step in job.steps if step.form == "python"]
    image = PYTHON_IMAGE.search(filled(job.image, values))
    # A row of the matrix says more than what all rows share.
    order = sorted(values, key=lambda name: not name.startswith("matrix."))
    named = [values[name] for name in order if PYTHON_KEY.search(name)]
    for written in [*asked, *([image[1]] if image else []), *named]:
        # `==3.9.*` of `3.9`, `3.9.7` and `py39`; several lines set up several, the last one is the default.
        match = re.fullmatch(
            r"==(\d\.\d+)(?:\.\*|\.\d+)?", listed_python(written.split("\n")[0].strip())
        )
        if match:
            return match[1]
    return ""


def _kind(chosen: ChosenJob) -> int | None:
    """Return how a job tests: 0 by a runner in its own environment, 1 by another program, 2 by tox or nox."""
    commands = [
        call
        for step in chosen.steps()
        if step.form == "run"
        for line in chosen.lines(step)
        for call in calls(line)
        if tests(call)
    ]
    kinds = [0 if RUNNER.search(part) else 2 if ELSEWHERE.search(part) else 1 for part in commands]
    return min(kinds, default=None)


def _distance(chosen: ChosenJob, pythons: tuple[str, ...]) -> tuple[int, int]:
    unusual = any(
        OTHER_PURPOSE.search(value) for value in chosen.values.values() if len(value) < 40
    )
    unusual = unusual or any("==" in value for value in chosen.values.values())
    place = pythons.index(chosen.python) if chosen.python in pythons else len(pythons)
    return int(unusual), place
