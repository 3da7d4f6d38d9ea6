"""Reads CircleCI, GitLab, Azure Pipelines and AppVeyor files: interpreters, packages, commands.

https://circleci.com/docs/configuration-reference/, https://docs.gitlab.com/ci/yaml/,
https://learn.microsoft.com/azure/devops/pipelines/yaml-schema/, https://www.appveyor.com/docs/appveyor-yml/
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from paper2run.commands.ci_scripts import CiFile
from paper2run.commands.command_facts import distinct
from paper2run.formats.lined_text import LinedText, line_of
from paper2run.formats.structured import read_yaml, table, text, texts
from paper2run.formats.tree import RepoTree
from paper2run.model.facts import Command, Fact, Unreadable
from paper2run.python.python_projects import own_names

NAME: Final = "ci_other"

WINDOWS_PYTHON: Final = re.compile(r"Python(\d)(\d{1,2})", re.IGNORECASE)
PYTHON_KEY: Final = re.compile(r"^(?:conda_)?py(?:thon)?(?:[._-]?version)?$", re.IGNORECASE)
NO_JOBS: Final = frozenset(
    {"image", "stages", "variables", "cache", "include", "default", "workflow", "services"}
)
"""Top-level keys of a GitLab file that are no jobs."""


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield what the files of these services at the root say, each fact once per file."""
    for path, read in READERS.items():
        if tree.has(path):
            config = read_yaml(tree, path)
            if isinstance(config, Unreadable):
                yield config
            else:
                yield from distinct(read(CiFile(path, tree.once(own_names)), config))


def _circle(file: CiFile, config: object) -> Iterator[Fact]:
    # Version 1 of the format, until 2018.
    yield from file.versions(table(config, "machine", "python").get("version"))
    for phase in ("dependencies", "test"):
        for key in ("pre", "override", "post"):
            yield from file.script(table(config, phase).get(key))
    for job in table(config, "jobs").values():
        for image in _entries(table(job).get("docker")):
            yield from file.image(text(image.get("image")))
        for step in _entries(table(job).get("steps")):
            run = step.get("run")
            yield from file.script(run if isinstance(run, str) else table(run).get("command"))


def _gitlab(file: CiFile, config: object) -> Iterator[Fact]:
    top = table(config)
    jobs = [top, *(table(job) for name, job in top.items() if name not in NO_JOBS)]
    for job in jobs:
        image = job.get("image")
        yield from file.image(text(image) or text(table(image).get("name")))
        for phase in ("before_script", "script"):
            yield from file.script(job.get(phase))


def _azure(file: CiFile, config: object) -> Iterator[Fact]:
    """Yield from the file's own steps and from those of its jobs, in stages or not."""
    waiting = [table(config)]
    for job in waiting:
        for key in ("stages", "jobs"):
            waiting += _entries(job.get(key))
        matrix = table(job, "strategy", "matrix")
        for row in matrix.values():
            for name, value in table(row).items():
                if PYTHON_KEY.match(name):
                    yield from file.versions(value)
                yield from file.variables_in([f"{name}={item}" for item in texts(value)])
        for step in _entries(job.get("steps")):
            yield from file.versions(table(step, "inputs").get("versionSpec"))
            yield from file.script(step.get("script") or step.get("bash"))


def _appveyor(file: CiFile, config: object) -> Iterator[Fact]:
    """Yield the interpreters and the test commands; what installs on Windows tells nothing here."""
    environment = table(config, "environment")
    rows = [environment, *_entries(environment.get("matrix"))]
    for row in rows:
        for name, value in row.items():
            written = text(value)
            folder = WINDOWS_PYTHON.search(written)
            if folder:
                version = f"{folder[1]}.{folder[2]}"
                yield from file.versions(LinedText.at(version, line_of(written)))
            elif PYTHON_KEY.match(name):
                yield from file.versions(value)
    facts = file.script(table(config).get("test_script"))
    yield from (fact for fact in facts if isinstance(fact, Command) and "%" not in fact.line)


def _entries(value: object) -> list[dict[str, object]]:
    return [table(entry) for entry in value] if isinstance(value, list) else []


READERS: Final[dict[str, Callable[[CiFile, object], Iterator[Fact]]]] = {
    ".circleci/config.yml": _circle,
    "circle.yml": _circle,
    ".gitlab-ci.yml": _gitlab,
    "azure-pipelines.yml": _azure,
    ".azure-pipelines.yml": _azure,
    "appveyor.yml": _appveyor,
    ".appveyor.yml": _appveyor,
}
"""By the path at which the service looks for its file."""
