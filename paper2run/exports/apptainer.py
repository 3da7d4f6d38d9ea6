"""The definition file from which Apptainer builds the environment of a run.

No text of a run begins a line: a line that begins with `%` opens a section, one with `Bootstrap:` a stage, and `{{`
stands for an argument of the build. https://apptainer.org/docs/user/main/definition_files.html
"""

import re
import shlex
from collections.abc import Iterable, Iterator
from typing import Final

from paper2run.exports.author_files import ALIVE_S
from paper2run.model.environment import EnvPlan, PlannedEnvironment
from paper2run.model.image import SOURCE_FOLDER
from paper2run.model.repo import Checkout
from paper2run.rendering.dockerfile import OF_THE_SOURCE, is_early, labels_of, system_packages
from paper2run.rendering.hash_lock import LOCK, is_of_the_lock, locked
from paper2run.rendering.pip_steps import LISTED, WANTED_FILE
from paper2run.text_gate import flat

DIGEST: Final = re.compile(r"^FROM (?P<base>\S+)@(?P<digest>sha256:[0-9a-f]{64})$", re.MULTILINE)
OWN_FOLDER: Final = "/opt/paper2run"
"""Not /tmp, where a build has the folder of its own machine."""
LOCK_PLACE: Final = f"{OWN_FOLDER}/{LOCK}"
LINE_END: Final = "NL=$(printf '\\nx'); NL=${NL%x}"
"""Holds a line end, for values that have one."""
BRACES: Final = re.compile(r"\{(?=\{)")
TAG: Final = re.compile(r":[\w.-]+$")
OPEN_TO_ALL: Final = f"chmod -R a+rwX {SOURCE_FOLDER}"
"""Whoever starts the container is its user, and repositories write next to their code."""


def definition(
    checkout: Checkout,
    planned: PlannedEnvironment,
    command: str,
    dockerfile: str,
    *,
    has_lock: bool,
    alive: bool = False,
) -> str:
    """Return the definition, to be built in the run folder, which has `repo/` and the lock.

    `dockerfile` is the run's, for the base image's digest; `command` is what the container runs;
    `alive` if it is a program that ends at no time: its test is to live for a while.
    """
    plan = planned.plan
    steps = locked(planned).steps if has_lock else plan.install_steps
    is_locked = any(is_of_the_lock(step) for step in steps)
    files = [f"repo {SOURCE_FOLDER}", *([f"{LOCK} {LOCK_PLACE}"] if is_locked else [])]
    start = [f"cd {shell_word(plan.workdir)}"]
    run = f"/bin/sh -c {shell_word(command)}"
    test = f"timeout {ALIVE_S} {run} || test $? -eq 124" if alive else run
    sections = {
        "files": files,
        "post": ["set -e", *_post(plan, steps)],
        "environment": [*_line_end(plan.env.values()), *_exports(plan, list(plan.env))],
        "runscript": [*_line_end([command]), *start, f"exec {run}"],
        "test": ["set -e", *_line_end([command]), *start, test],
        "labels": [
            f"{name} {_inert(value)}" for name, value in _labels(checkout, plan, dockerfile)
        ],
    }
    lines = [*_header(checkout, plan, dockerfile)]
    for name, body in sections.items():
        if body:
            lines += ["", f"%{name}", *(f"    {line}" for line in body)]
    return "\n".join(lines) + "\n"


def shell_word(text: str) -> str:
    """Return a text as one word of a shell on one line; line ends stand as `$NL`."""
    pieces = (BRACES.sub("{''", shlex.quote(piece)) for piece in text.split("\n"))
    return '"$NL"'.join(pieces)


def _header(checkout: Checkout, plan: EnvPlan, dockerfile: str) -> Iterator[str]:
    found = DIGEST.search(dockerfile)
    # Readers of Docker's images in Apptainer take a tag or a digest, not both.
    pinned = f"{TAG.sub('', found['base'])}@{found['digest']}" if found else plan.base_image
    yield f"# {_inert(checkout.name)} at {checkout.commit}, planned by paper2run."
    yield "# In the run folder: apptainer build IMAGE.sif THIS_FILE; then: apptainer run --writable-tmpfs IMAGE.sif"
    yield (
        f"# {found['base']}"
        if found
        else "# The base image came from no registry: its tag is all that is known."
    )
    yield "Bootstrap: docker"
    yield f"From: {pinned}"


def _post(plan: EnvPlan, steps: tuple[str, ...]) -> Iterator[str]:
    """Yield the commands of the build: each step in a shell of its own, as Docker runs it."""
    # What the Docker build leaves out of the source.
    yield f"rm -rf {SOURCE_FOLDER}/.git"
    yield f"find {SOURCE_FOLDER} -name __pycache__ -prune -exec rm -rf '{{}}' +"
    yield OPEN_TO_ALL
    yield from _line_end([*plan.env.values(), *steps])
    yield f"mkdir -p {OWN_FOLDER}"
    yield "cd /"
    if packages := system_packages(plan):
        yield _step(packages)
    yield "export PIP_NO_CACHE_DIR=1"
    yield from _exports(plan, [name for name in plan.env if name not in OF_THE_SOURCE])
    yield from (_step(one) for one in steps if is_early(one))
    yield from _exports(plan, [name for name in plan.env if name in OF_THE_SOURCE])
    yield f"mkdir -p {shell_word(plan.workdir)}"
    yield f"cd {shell_word(plan.workdir)}"
    yield from (_step(one) for one in steps if not is_early(one))
    yield OPEN_TO_ALL


def _labels(checkout: Checkout, plan: EnvPlan, dockerfile: str) -> Iterable[tuple[str, str]]:
    found = DIGEST.search(dockerfile)
    return labels_of(checkout, plan, found["digest"] if found else "").items()


def _step(command: str) -> str:
    if is_of_the_lock(command):
        command = command.replace("/tmp/", f"{OWN_FOLDER}/")
    elif LISTED.fullmatch(command):
        command = command.replace(WANTED_FILE, f"{OWN_FOLDER}/requirements.txt")
    return f"/bin/sh -e -c {shell_word(command)}"


def _exports(plan: EnvPlan, names: list[str]) -> Iterator[str]:
    for name in names:
        yield f"export {name}={shell_word(plan.env[name])}"


def _line_end(values: Iterable[str]) -> list[str]:
    """Return the line that `shell_word` needs where one of the values has a line end."""
    return [LINE_END] if any("\n" in value for value in values) else []


def _inert(text: str) -> str:
    """Return a text for the end of a line outside a shell: one line without arguments of the build."""
    return BRACES.sub("{ ", flat(text)).strip()
