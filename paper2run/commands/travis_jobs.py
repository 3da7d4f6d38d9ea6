"""Reads the jobs of .travis.yml: the one that its top describes, and those that its matrix adds.

https://docs.travis-ci.com/user/job-lifecycle/, https://docs.travis-ci.com/user/build-matrix/
"""

import shlex
from collections.abc import Iterator
from typing import Final

from paper2run.commands.ci_rows import (
    MAX_ROWS,
    MAX_STEPS,
    assigned,
    entries,
    first_line,
    pairs,
    product,
    scripts,
    step,
)
from paper2run.formats.structured import read_yaml, table, text, texts
from paper2run.formats.tree import RepoTree
from paper2run.model.ci import CiJob, CiStep, Pairs
from paper2run.model.facts import Unreadable
from paper2run.model.value import Source

FILES: Final = (".travis.yml", ".travis.yaml")
# In the order in which Travis runs them; what follows the script reports and publishes.
PHASES: Final = ("before_install", "install", "before_script", "script")
VERSION: Final = "TRAVIS_PYTHON_VERSION"
SYSTEM: Final = "TRAVIS_OS_NAME"
INSTALLS_BY_DEFAULT: Final = "pip install -r requirements.txt"
"""What Travis runs for Python without an `install` of the file's own."""


def travis_jobs(tree: RepoTree) -> Iterator[CiJob]:
    """Yield the jobs of the root's file: its own matrix first, then each one that it includes."""
    for path in FILES:
        config = read_yaml(tree, path) if tree.has(path) else None
        if config is None or isinstance(config, Unreadable):
            continue
        top = table(config)
        yield _job(tree, path, top, first_line(config))
        for key in ("matrix", "jobs"):
            for entry in entries(table(config, key).get("include")):
                yield _job(tree, path, _included(top, table(entry)), first_line(entry))


def _included(top: dict[str, object], own: dict[str, object]) -> dict[str, object]:
    """Return an entry of the matrix with what it takes from the top: of a list, the first item."""
    first = {key: next(texts(top.get(key)), "") for key in ("python", "os")}
    env = [*_global(top), *texts(own.get("env"))]
    return {**top, **first, **own, "env": {"global": env}}


def _job(tree: RepoTree, path: str, job: dict[str, object], line: int) -> CiJob:
    env, env_rows = _environment(job.get("env"))
    columns: list[list[Pairs]] = []
    for name, key in ((VERSION, "python"), (SYSTEM, "os")):
        columns.append([((name, value),) for value in texts(job.get(key))])
    columns.append(env_rows)
    steps = [*_packages(path, job), *_python(path, job)]
    is_python = text(job.get("language")) == "python"
    for phase in PHASES:
        found = list(scripts(job.get(phase), path))
        if phase == "install" and not found and is_python and tree.has("requirements.txt"):
            source = Source(kind="ci", path=path, line=line, note="Travis's default")
            found = [CiStep(form="run", text=INSTALLS_BY_DEFAULT, source=source)]
        steps += found
    return CiJob(
        service="travis",
        name=text(job.get("name")) or text(job.get("stage")) or "Travis",
        system=next(texts(job.get("os")), ""),
        rows=tuple(product(columns)[:MAX_ROWS]),
        env=env,
        one_shell=True,
        steps=tuple(steps[:MAX_STEPS]),
        source=Source(kind="ci", path=path, line=line),
    )


def _python(path: str, job: dict[str, object]) -> Iterator[CiStep]:
    for written in list(texts(job.get("python")))[:1]:
        for found in step("python", written, path):
            yield found.changed(text=f"${VERSION}")


def _packages(path: str, job: dict[str, object]) -> Iterator[CiStep]:
    named = [
        *texts(table(job, "addons", "apt").get("packages")),
        *texts(table(job, "addons").get("apt_packages")),
    ]
    for name in named:
        yield from step("apt", name, path)


def _environment(env: object) -> tuple[Pairs, list[Pairs]]:
    """Return the variables of all jobs, and one row for each further line of `env`."""
    if isinstance(env, dict):
        always = _global({"env": env})
        given = table(env)
        lines = [line for key in ("matrix", "jobs") for line in texts(given.get(key))]
        shared = tuple(pair for line in texts(always) for pair in assigned(line))
        known = {"global", "matrix", "jobs", "secure"}
        plain = {name: value for name, value in given.items() if name not in known}
        return (*shared, *pairs(plain)), [row for line in lines if (row := assigned(line))]
    lines = list(texts(env))
    rows = [row for line in lines if (row := assigned(line))]
    return (rows[0], []) if len(rows) == 1 else ((), rows)


def _global(top: dict[str, object]) -> list[object]:
    """Return the lines of `env.global`, which jobs that the matrix includes keep."""
    written = table(top, "env").get("global")
    if isinstance(written, dict):
        return [f"{name}={shlex.quote(value)}" for name, value in pairs(written)]
    return entries(written) or list(texts(written))
