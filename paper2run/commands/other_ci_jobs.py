"""Reads the jobs of CircleCI, GitLab and Azure Pipelines.

https://circleci.com/docs/configuration-reference/, https://docs.gitlab.com/ci/yaml/,
https://learn.microsoft.com/azure/devops/pipelines/yaml-schema/
"""

import re
from collections.abc import Callable, Iterator
from typing import Final

from paper2run.commands.ci_rows import (
    MAX_ROWS,
    MAX_STEPS,
    entries,
    first_line,
    named_values,
    pairs,
    product,
    scripts,
    step,
)
from paper2run.formats.structured import read_yaml, table, text
from paper2run.formats.tree import RepoTree
from paper2run.model.ci import CiJob, CiStep, Pairs
from paper2run.model.facts import Unreadable
from paper2run.model.value import Source

PARAMETER: Final = re.compile(r"<<\s*parameters\.([\w-]+)\s*>>")
GITLAB_WORDS: Final = frozenset(
    {"image", "stages", "variables", "cache", "include", "default", "workflow", "services", "pages"}
)
"""Top-level keys of a GitLab file that are no jobs, and the job that publishes pages."""
MAX_BASES: Final = 10
"""Templates that a job of GitLab extends, one after the other; the service stops at 11."""
MAX_NESTED: Final = 5
"""CircleCI's commands that call commands."""


def other_ci_jobs(tree: RepoTree) -> Iterator[CiJob]:
    """Yield the jobs of these services' files at the root."""
    for path, read in READERS.items():
        config = read_yaml(tree, path) if tree.has(path) else None
        if config is not None and not isinstance(config, Unreadable):
            yield from read(path, config)


def _circle(path: str, config: object) -> Iterator[CiJob]:
    old: list[CiStep] = []
    version = table(config, "machine", "python").get("version")
    # Version 1 of the format, until 2018.
    for phase in ("dependencies", "test"):
        for key in ("pre", "override", "post"):
            old += scripts(table(config, phase).get(key), path)
    if old:
        steps = (*step("python", version, path), *old)
        source = Source(kind="ci", path=path, line=old[0].source.line)
        yield CiJob(service="circleci", name="CircleCI", steps=steps[:MAX_STEPS], source=source)
    for key, value in table(config, "jobs").items():
        job = table(value)
        machine = table(config, "executors", text(job.get("executor"))) | job
        values = _defaults(job)
        image = next((text(table(one).get("image")) for one in entries(machine.get("docker"))), "")
        steps = tuple(_circle_steps(path, config, job.get("steps"), values))
        yield CiJob(
            service="circleci",
            name=key,
            system="macos" if "macos" in machine else "",
            image=_with_parameters(image, values),
            env=pairs(machine.get("environment")),
            steps=steps[:MAX_STEPS],
            source=Source(kind="ci", path=path, line=first_line({key: ""})),
        )


def _circle_steps(
    path: str, config: object, value: object, values: dict[str, str], depth: int = 0
) -> Iterator[CiStep]:
    commands = table(config, "commands")
    for entry in entries(value):
        [(name, given)] = list(table(entry).items())[:1] or [(text(entry), None)]
        if name == "run":
            inner = table(given)
            for found in step(
                "run",
                given if isinstance(given, str) else inner.get("command"),
                path,
                folder=inner.get("working_directory"),
                env=inner.get("environment"),
            ):
                yield found.changed(text=_with_parameters(found.text, values))
        elif name in commands and depth < MAX_NESTED:
            called = table(commands, name)
            filled = {
                key: _with_parameters(text(part), values) for key, part in table(given).items()
            }
            inside = _defaults(called) | filled
            yield from _circle_steps(path, config, called.get("steps"), inside, depth + 1)
        elif name:
            yield from step("action", name, path)


def _defaults(declaring: dict[str, object]) -> dict[str, str]:
    declared = table(declaring.get("parameters"))
    return {name: text(table(one).get("default")) for name, one in declared.items()}


def _with_parameters(written: str, values: dict[str, str]) -> str:
    return PARAMETER.sub(lambda match: values.get(match[1]) or match[0], written) or written


def _gitlab(path: str, config: object) -> Iterator[CiJob]:
    top = table(config)
    shared = {**top, **table(config, "default")}
    for key, value in top.items():
        if key in GITLAB_WORDS or key.startswith(".") or not isinstance(value, dict):
            continue
        job = _extended(top, table(value))
        if "script" not in job:
            continue
        image = job.get("image", shared.get("image"))
        steps = [
            *scripts(job.get("before_script", shared.get("before_script")), path),
            *scripts(job.get("script"), path),
        ]
        rows: list[Pairs] = []
        for entry in entries(table(job, "parallel").get("matrix")):
            rows += product(named_values(part, name) for name, part in table(entry).items())
        yield CiJob(
            service="gitlab",
            name=key,
            image=text(image) or text(table(image).get("name")),
            rows=tuple(rows[:MAX_ROWS]),
            env=(*pairs(top.get("variables")), *pairs(job.get("variables"))),
            one_shell=True,
            steps=tuple(steps[:MAX_STEPS]),
            source=Source(kind="ci", path=path, line=first_line({key: ""})),
        )


def _extended(top: dict[str, object], job: dict[str, object], depth: int = 0) -> dict[str, object]:
    """Return a job with what the templates say that it extends; its own keys win."""
    bases = job.get("extends")
    for name in [bases] if isinstance(bases, str) else entries(bases):
        if depth < MAX_BASES:
            job = {**_extended(top, table(top, text(name)), depth + 1), **job}
    return job


def _azure(path: str, config: object) -> Iterator[CiJob]:
    """Yield the file's own job, and those of its stages."""
    waiting = [({"job": "Azure Pipelines", **table(config)}, first_line(config))]
    shared = _azure_variables(table(config).get("variables"))
    for job, line in waiting:
        for key in ("stages", "jobs"):
            waiting += [(table(entry), first_line(entry)) for entry in entries(job.get(key))]
        steps = tuple(_azure_steps(path, job.get("steps")))
        if steps:
            pool = job.get("pool") or table(config).get("pool")
            matrix = table(job, "strategy", "matrix")
            yield CiJob(
                service="azure",
                name=text(job.get("displayName")) or text(job.get("job")),
                system=text(table(pool).get("vmImage")) or text(pool),
                rows=tuple(pairs(row) for row in matrix.values())[:MAX_ROWS],
                env=(*shared, *(_azure_variables(job.get("variables")) if line else ())),
                steps=steps[:MAX_STEPS],
                source=Source(kind="ci", path=path, line=line),
            )


def _azure_variables(value: object) -> Pairs:
    listed = [table(entry) for entry in entries(value)]
    named = {text(one["name"]): one.get("value") for one in listed if "name" in one}
    return (*pairs(value), *pairs(named))


def _azure_steps(path: str, value: object) -> Iterator[CiStep]:
    for entry in entries(value):
        written = table(entry)
        when = written.get("condition")
        inputs = table(written, "inputs")
        task = text(written.get("task"))
        if task.startswith("UsePythonVersion"):
            yield from step("python", inputs.get("versionSpec"), path, condition=when)
        elif task.startswith(("Bash", "CmdLine")):
            yield from step("run", inputs.get("script"), path, condition=when)
        elif task:
            yield from step("action", written["task"], path, condition=when)
        else:
            yield from step(
                "run",
                written.get("script") or written.get("bash"),
                path,
                folder=written.get("workingDirectory"),
                env=written.get("env"),
                condition=when,
            )


READERS: Final[dict[str, Callable[[str, object], Iterator[CiJob]]]] = {
    ".circleci/config.yml": _circle,
    "circle.yml": _circle,
    ".gitlab-ci.yml": _gitlab,
    "azure-pipelines.yml": _azure,
    ".azure-pipelines.yml": _azure,
}
"""By the path at which the service looks for its file."""
