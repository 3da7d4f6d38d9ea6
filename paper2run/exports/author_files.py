"""The files with which a repository builds and runs for others: lock, Dockerfile, CI job.

The Dockerfile is the one that was built, but for the folder that it copies; no text of a stranger reaches the job.
"""

import json
import re
import shlex
from collections.abc import Sequence
from typing import Final, NamedTuple

from paper2run.model.environment import PlannedEnvironment
from paper2run.model.image import USER, USER_NAME
from paper2run.model.outcome import Passed
from paper2run.model.plan_text import CPU_BUILDS
from paper2run.model.report import Attempt
from paper2run.rendering.cpu_builds import LOCAL
from paper2run.rendering.hash_lock import (
    COPY_LOCK,
    EXACT,
    LOCK_IN_IMAGE,
    locked,
    of_pins,
)
from paper2run.rendering.pip_steps import sources_in_order
from paper2run.text_gate import flat

LOCK: Final = "requirements-lock.txt"
DOCKERFILE: Final = "Dockerfile"
BESIDE: Final = "Dockerfile.paper2run"
"""Where the repository has a Dockerfile of its own."""
WORKFLOW: Final = ".github/workflows/paper2run.yml"
IGNORE: Final = ".dockerignore"
IGNORED: Final = "# Git's history and byte code are no part of the image.\n.git\n**/__pycache__\n"
COPY_SOURCE: Final = re.compile(r"COPY (?P<owner>--chown=\S+ )?repo/ (?P<target>\S+/)")
OF_ONE_COMMIT: Final = tuple(
    f"LABEL org.opencontainers.image.{name}=" for name in ("revision", "created")
)
"""Labels that are wrong for the next commit."""
CHECKOUT: Final = "actions/checkout@v4.2.2"
ALIVE_S: Final = 60
"""How long a program that ends at no time has to stay alive in the CI job."""
NETWORK: Final = "--network="
JOB: Final = """\
# Builds the image of {dockerfile} and runs its command as paper2run ran it.
name: paper2run
on: [push, pull_request]
permissions:
  contents: read
jobs:
  run:
    runs-on: ubuntu-latest
    timeout-minutes: 60
    steps:
      - uses: {checkout}
{submodules}      - run: docker build --tag paper2run --file {dockerfile} .
      - run: {run}
"""


class Shown(NamedTuple):
    """The command that was shown to pass."""

    command: str
    outcome: Passed


def shown(attempt: Attempt) -> Shown | None:
    """Return the smoke command of an attempt, else the first other command that passed; None without one."""
    if isinstance(attempt.smoke, Passed):
        return Shown(attempt.planned.plan.smoke_command, attempt.smoke)
    passed = ((one.choice.command, one.outcome) for one in attempt.trials)
    return next((Shown(cmd, out) for cmd, out in passed if isinstance(out, Passed)), None)


def lock_of(planned: PlannedEnvironment) -> str:
    """Return the exact versions as a requirements file; empty without pins, and where conda has some.

    pip takes a file with digests only if each line has one, so that one pin without leaves them all out.
    """
    resolution = planned.resolution
    if resolution is None or not resolution.pins or resolution.conda_packages:
        return ""
    exact = [f"{pin.name}=={pin.version}" for pin in resolution.pins]
    if not all(map(EXACT.fullmatch, exact)):
        return ""
    hashed = all(pin.sha256 for pin in resolution.pins)
    lines = [
        f"# Made by paper2run for Python {resolution.python} on Linux: the whole set that it installed and ran.",
        f"# pip install --no-deps -r {LOCK}",
    ]
    if any(pin.version.partition("+")[2] == LOCAL for pin in resolution.pins):
        lines.append(CPU_BUILDS.strip())
    if hashed:
        wheels = [pin for pin in resolution.pins if not pin.sdist]
        return "\n".join(lines) + "\n" + of_pins(wheels, sources_in_order(resolution.pins))
    return "\n".join([*lines, *exact]) + "\n"


def dockerfile_of(
    text: str, planned: PlannedEnvironment, command: str, name: str, lock: str
) -> str:
    """Return a run's Dockerfile for a checkout of its own, in which it is called `name`.

    Empty if it copies no `repo/`, as every Dockerfile of a run does. `lock` is the text of LOCK where that is added:
    its digests serve the Dockerfile where they are those of all its packages.
    """
    lines = text.rstrip("\n").split("\n")
    copies = [COPY_SOURCE.fullmatch(line) for line in lines]
    if sum(match is not None for match in copies) != 1:
        return ""
    built = [
        line if match is None else f"COPY {match['owner'] or ''}. {match['target']}"
        for line, match in zip(lines, copies, strict=True)
        if not line.startswith(OF_ONE_COMMIT)
    ]
    built = [one for line in built for one in _with_lock(line, planned, lock)]
    # Another command than the plan's own may have passed in its image.
    if built[-1].startswith("CMD ") and command != planned.plan.smoke_command:
        built[-1] = f"CMD {json.dumps(['/bin/sh', '-c', command])}"
    run = f"# docker build -t paper2run -f {name} . && docker run --rm paper2run"
    return "\n".join([built[0], run, *built[1:]]) + "\n"


def job(name: str, outcome: Passed, *, submodules: bool) -> str:
    """Return the workflow that builds the Dockerfile and runs its command, as the smoke run did."""
    words = ["docker", "run", "--rm", "--init", *_network(outcome), f"--user={USER}"]
    words += ["--env=HOME=/tmp", f"--env=USER={USER_NAME}", f"--env=LOGNAME={USER_NAME}"]
    run = shlex.join([*words, "--shm-size=2048m", "paper2run"])
    if outcome.alive_at_timeout:
        # Exit status 124: it was alive at the end, as it was for paper2run.
        run = f"timeout {ALIVE_S} {run} || test $? -eq 124"
    deep = "        with:\n          submodules: recursive\n" if submodules else ""
    return JOB.format(dockerfile=name, checkout=CHECKOUT, submodules=deep, run=run)


def _with_lock(line: str, planned: PlannedEnvironment, lock: str) -> Sequence[str]:
    """Return what stands for a line that is about the run's lock, which a checkout lacks."""
    _, entries, replaced = locked(planned)
    step = line.removeprefix("RUN ")
    if line != COPY_LOCK and step not in replaced:
        return (line,)
    if entries and lock.endswith(f"\n{entries}"):
        return (f"COPY {LOCK} {LOCK_IN_IMAGE}",) if line == COPY_LOCK else (line,)
    return [f"RUN {one}" for one in replaced.get(step, ())]


def _network(outcome: Passed) -> Sequence[str]:
    """Return the flag of a run without a network, where the smoke run had none."""
    words = flat(outcome.docker_command).split()
    return (
        ()
        if any(one.startswith(NETWORK) and one != "--network=none" for one in words)
        else ("--network=none",)
    )
