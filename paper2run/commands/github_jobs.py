"""Reads the jobs of GitHub Actions workflows, and the repository's own composite actions.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax
"""

import posixpath
import re
from collections.abc import Iterator
from typing import Final

from paper2run.commands.ci_rows import (
    MAX_ROWS,
    MAX_STEPS,
    entries,
    first_line,
    named_values,
    pairs,
    product,
    step,
)
from paper2run.formats.structured import read_yaml, table, text
from paper2run.formats.tree import RepoTree
from paper2run.model.ci import CiJob, CiStep, Pairs
from paper2run.model.facts import Unreadable
from paper2run.model.value import Source

WORKFLOW: Final = re.compile(r"^\.github/workflows/[^/]+\.ya?ml$")
INPUT: Final = re.compile(r"\$\{\{\s*inputs\.([\w-]+)\s*\}\}")
CONDITION_INPUT: Final = re.compile(r"\binputs\.([\w-]+)")
PYTHON_ACTIONS: Final = ("setup-python", "setup-uv", "setup-pdm")
CONDA_ACTIONS: Final = ("setup-miniconda", "setup-micromamba", "provision-with-micromamba")
APT_ACTION: Final = "cache-apt-pkgs-action"
OTHER_SHELL: Final = re.compile(r"python|pwsh|powershell|cmd|node|Rscript")
"""Shells whose scripts are no shell commands."""
TOOL_ACTIONS: Final = {
    "install-poetry": "pip install poetry",
    "xvfb-action": "",
}
"""Actions that are a command themselves; empty where the command is their input `run`."""


def github_jobs(tree: RepoTree) -> Iterator[CiJob]:
    """Yield the jobs of all workflows that can be read, by path and place."""
    for path in tree.files:
        if WORKFLOW.match(path):
            workflow = read_yaml(tree, path)
            if not isinstance(workflow, Unreadable):
                yield from _workflow(tree, path, workflow)


def _workflow(tree: RepoTree, path: str, workflow: object) -> Iterator[CiJob]:
    shown = text(table(workflow).get("name")) or posixpath.basename(path)
    default = text(table(workflow, "defaults", "run").get("working-directory"))
    for key, value in table(workflow, "jobs").items():
        job = table(value)
        folder = text(table(job, "defaults", "run").get("working-directory")) or default
        container = job.get("container")
        machine = job.get("runs-on")
        yield CiJob(
            service="github",
            name=f"{shown} / {text(job.get('name')) or key}",
            system=next((part for part in entries(machine) if isinstance(part, str)), "")
            or text(machine),
            image=text(container) or text(table(container).get("image")),
            rows=tuple(_rows(table(job, "strategy", "matrix"))),
            env=(*pairs(table(workflow).get("env")), *pairs(job.get("env"))),
            steps=tuple(_steps(tree, path, job.get("steps"), folder))[:MAX_STEPS],
            source=Source(kind="ci", path=path, line=first_line({key: ""})),
        )


def _rows(matrix: dict[str, object]) -> list[Pairs]:
    """Return the rows of a matrix, with what `exclude` and `include` say."""
    variables = {
        name: value for name, value in matrix.items() if name not in {"include", "exclude"}
    }
    rows = product(named_values(value, f"matrix.{name}") for name, value in variables.items())
    excluded = [_row(entry) for entry in entries(matrix.get("exclude"))]
    rows = [row for row in rows if not any(set(out) <= set(row) for out in excluded if out)]
    combined = len(rows)
    for entry in entries(matrix.get("include")):
        extra = _row(entry)
        shared = {pair for pair in extra if pair[0].split(".")[1] in variables}
        fits = [place < combined and shared <= set(row) for place, row in enumerate(rows)]
        if any(fits):
            more = tuple(pair for pair in extra if pair not in shared)
            rows = [(*row, *more) if fit else row for row, fit in zip(rows, fits, strict=True)]
        elif extra:
            rows.append(extra)
    return rows[:MAX_ROWS]


def _row(entry: object) -> Pairs:
    found = (named_values(value, f"matrix.{name}") for name, value in table(entry).items())
    return tuple(pair for values in found for pair in (values[0] if values else ()))


def _steps(
    tree: RepoTree, path: str, value: object, folder: str, condition: str = ""
) -> Iterator[CiStep]:
    for entry in entries(value):
        written = table(entry)
        when = text(written.get("if")) or condition
        uses = text(written.get("uses"))
        if uses.startswith("./"):
            yield from _own_action(tree, uses, table(written, "with"), folder, when)
        elif uses:
            yield from _action(path, uses, written, folder, when)
        elif OTHER_SHELL.match(shell := text(written.get("shell"))):
            yield from step("action", shell, path, condition=when)
        else:
            place = written.get("working-directory") or folder
            env = written.get("env")
            yield from step("run", written.get("run"), path, folder=place, env=env, condition=when)


def _action(
    path: str, uses: str, written: dict[str, object], folder: str, when: str
) -> Iterator[CiStep]:
    given = table(written, "with")
    name = uses.partition("@")[0]
    program = name.rpartition("/")[2].lower()
    if program in PYTHON_ACTIONS and given.get("python-version"):
        yield from step("python", given["python-version"], path, condition=when)
    elif program in CONDA_ACTIONS:
        yield from step("python", given.get("python-version"), path, condition=when)
        file = text(given.get("environment-file"))
        yield from step("conda", file or uses, path, condition=when)
    elif program == APT_ACTION:
        yield from step("apt", given.get("packages"), path, condition=when)
    elif program in TOOL_ACTIONS:
        command = TOOL_ACTIONS[program] or given.get("run")
        yield from step("run", command, path, folder=folder, condition=when)
    else:
        yield from step("action", written["uses"], path, condition=when)


def _own_action(
    tree: RepoTree, uses: str, given: dict[str, object], folder: str, when: str
) -> Iterator[CiStep]:
    """Yield the steps of a composite action of the repository itself, its inputs filled in."""
    root = posixpath.normpath(uses)
    path = next(
        (f"{root}/action{end}" for end in (".yml", ".yaml") if tree.has(f"{root}/action{end}")), ""
    )
    action = read_yaml(tree, path) if path else None
    if action is None or isinstance(action, Unreadable):
        return
    defaults = {
        name: text(table(declared).get("default"))
        for name, declared in table(action, "inputs").items()
    }
    values = defaults | {name: text(value) for name, value in given.items()}
    inner = entries(table(action, "runs").get("steps"))
    # An action that calls itself would never end.
    plain = [entry for entry in inner if not text(table(entry).get("uses")).startswith("./")]
    for found in _steps(tree, path, plain, folder, when):
        filled = INPUT.sub(lambda match: values.get(match[1], match[0]), found.text)
        when = CONDITION_INPUT.sub(lambda match: values.get(match[1]) or "false", found.condition)
        yield found.changed(text=filled or found.text, condition=when)
