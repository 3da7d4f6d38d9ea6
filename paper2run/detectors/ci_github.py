"""Reads GitHub Actions workflows: interpreter matrix, apt packages, commands.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from paper2run.commands.ci_scripts import CiFile
from paper2run.commands.command_facts import distinct
from paper2run.formats.structured import read_yaml, table, text, texts
from paper2run.formats.tree import RepoTree
from paper2run.model.facts import Fact, Unreadable
from paper2run.python.python_projects import own_names

NAME: Final = "ci_github"

WORKFLOW: Final = re.compile(r"^\.github/workflows/[^/]+\.ya?ml$")
PYTHON_KEY: Final = re.compile(r"^(?:python|py)(?:[-_]?versions?)?$", re.IGNORECASE)
FOREIGN_SYSTEM: Final = re.compile(r"windows|macos", re.IGNORECASE)


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield the facts of the workflows' jobs, each fact once per file.

    Jobs for other systems give everything but commands.
    """
    for path in tree.files:
        if WORKFLOW.match(path):
            workflow = read_yaml(tree, path)
            if isinstance(workflow, Unreadable):
                yield workflow
            else:
                yield from distinct(_workflow(path, workflow, tree.once(own_names)))


def _workflow(path: str, workflow: object, own: frozenset[str]) -> Iterator[Fact]:
    shared = {f"env.{name}": text(value) for name, value in table(workflow, "env").items()}
    for job in table(workflow, "jobs").values():
        matrix = table(job, "strategy", "matrix")
        env = {f"env.{name}": text(value) for name, value in table(job, "env").items()}
        file = CiFile(path, own, {**shared, **env, **_first_values(matrix)})
        yield from _matrix_versions(file, matrix)
        foreign = bool(FOREIGN_SYSTEM.search(file.expanded(text(table(job).get("runs-on")))))
        steps = table(job).get("steps")
        for step in steps if isinstance(steps, list) else []:
            yield from _step(file, table(step), foreign)


def _first_values(matrix: dict[str, object]) -> dict[str, str]:
    """Return each matrix variable with its first literal value, of systems the first that may be Linux."""
    listed = {
        name: min(texts(value), key=lambda one: bool(FOREIGN_SYSTEM.search(one)), default="")
        for name, value in matrix.items()
    }
    include = matrix.get("include")
    for entry in include if isinstance(include, list) else []:
        for name, value in table(entry).items():
            listed[name] = listed.get(name) or text(value)
    return {f"matrix.{name}": value for name, value in listed.items() if value}


def _matrix_versions(file: CiFile, matrix: dict[str, object]) -> Iterator[Fact]:
    include = matrix.get("include")
    tables = (
        [matrix, *(table(entry) for entry in include)] if isinstance(include, list) else [matrix]
    )
    for entry in tables:
        for name, value in entry.items():
            if PYTHON_KEY.match(name):
                yield from file.versions(value)
            elif name.lower() in {"toxenv", "tox_env", "tox-env"}:
                yield from file.variables_in([f"TOXENV={env}" for env in texts(value)])


def _step(file: CiFile, step: dict[str, object], foreign: bool) -> Iterator[Fact]:
    if "setup-python" in text(step.get("uses")):
        wanted = text(table(step, "with").get("python-version"))
        if "matrix." not in wanted:
            yield from file.versions(wanted.splitlines() if "\n" in wanted else wanted)
    only_elsewhere = FOREIGN_SYSTEM.search(text(step.get("if"))) and "!=" not in text(
        step.get("if")
    )
    if not foreign and not only_elsewhere:
        yield from file.script(step.get("run"), text(step.get("working-directory")))
