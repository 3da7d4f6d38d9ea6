"""Runs the repository from its checkout where its own setup fails and nothing needs to be compiled.

Also where a project of a side folder fails to compile, and other code lies outside of it: that may do without. What the
project requires is installed by then. Its folders go on the path, so its modules load, but its console scripts and the
files that its setup would have written are not there.
"""

import re
from typing import Final

from paper2run.failures.failed_attempt import OWN_PROJECT, FailedAttempt, repaired
from paper2run.failures.failure_log import telling_line
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.facts import EntryPoint, Extension, OwnModule
from paper2run.model.outcome import BuildFailed

NAME: Final = "unbuildable_project"
WITHOUT_DEPENDENCIES: Final = "--no-deps"
FOLDER: Final = re.compile(r"(?<=\s)\./([\w.-][\w./-]*?/?)(?=\s|$)")
"""A project below the root, as a step names it."""
ASIDE: Final = "cd /tmp && "
"""Keeps a command away from the checkout, so that it sees what was installed."""


def repair(failed: FailedAttempt) -> Diagnosis | None:
    """Return the plan without the project's own install; None where the leading code is compiled."""
    if not isinstance(failed.failure, BuildFailed):
        return None
    lost = [
        step
        for step in failed.plan.install_steps
        if step in failed.failure.step and WITHOUT_DEPENDENCIES in step and OWN_PROJECT.search(step)
    ]
    folders = [match[1].rstrip("/") for step in lost for match in FOLDER.finditer(step)]
    roots = sorted({fact.root for fact in failed.facts.of(OwnModule) if fact.installed}) or folders
    if not lost or not roots or _compiles(failed, folders):
        return None
    path = ":".join(f"/repo/{root}".rstrip("/") for root in roots)
    before = failed.plan.env.get("PYTHONPATH")
    return repaired(
        failed,
        NAME,
        {
            "install_steps": tuple(step for step in failed.plan.install_steps if step not in lost),
            "env": {**failed.plan.env, "PYTHONPATH": f"{path}:{before}" if before else path},
            "smoke_command": failed.plan.smoke_command.removeprefix(ASIDE),
        },
        reason="its own setup fails, and its code needs no build: it runs from the checkout",
        evidence=telling_line(failed.failure),
        confidence="medium",
    )


def _compiles(failed: FailedAttempt, folders: list[str]) -> bool:
    """Whether projects in `folders` compile something without which no code of the repository is left."""
    inside = tuple(f"{folder}/" for folder in folders)
    places = [fact.name for fact in failed.facts.of(EntryPoint) if fact.form != "console-script"]
    places += [fact.source.path for fact in failed.facts.of(OwnModule)]
    is_aside = inside and any(not path.startswith(inside) for path in places)
    compiled = [fact.source.path for fact in failed.facts.of(Extension)]
    return any(not (is_aside and path.startswith(inside)) for path in compiled)
