"""Renders a plan as the Dockerfile and the INSTRUCTIONS.md that people get.

The Dockerfile rebuilds with plain `docker build` in the run folder, on any builder: no mounts, no
here-documents, no syntax line. Dependency layers come before the source, so that a changed commit rebuilds
only the last layers. https://docs.docker.com/reference/dockerfile/
"""

import json
import re
from collections.abc import Sequence
from typing import Final

from paper2run.formats.plurals import counted
from paper2run.index.time_ladder import versions_in_words
from paper2run.knowledge.version_variables import DYNAMIC_VERSIONS
from paper2run.model.environment import EnvPlan, PlannedEnvironment
from paper2run.model.image import SOURCE_FOLDER, USER
from paper2run.model.outcome import BuildContext
from paper2run.model.repo import Checkout
from paper2run.model.resolution import Resolution
from paper2run.rendering.compiler_wrappers import is_wrapper_step
from paper2run.rendering.conda_plan import is_conda_step
from paper2run.rendering.cpu_builds import is_cpu_step
from paper2run.rendering.debian_snapshot import SNAPSHOT_FILE, from_snapshot
from paper2run.rendering.hash_lock import COPY_LOCK, is_of_the_lock, locked
from paper2run.rendering.pip_steps import needs_source
from paper2run.rendering.site_build import site_build
from paper2run.source import shown_address
from paper2run.text_gate import code, prose, visible

KEEP_NO_DOWNLOADS: Final = "ARG PIP_NO_CACHE_DIR=1"
"""Keeps pip's downloads out of the image. An ARG, so that our own builds, which mount a cache, can turn it off."""
ARCHIVED_BASE: Final = re.compile(r"(^|/)python:(2\.7|3\.[45])\b|\b(buster|stretch)\b")
"""Images on Debian releases that have left the mirrors: python:2.7-slim was last built in April 2020, on buster."""
ARCHIVE: Final = "http://archive.debian.org"
"""Keeps releases that have left the mirrors, without `-updates`. https://www.debian.org/distrib/archive"""
OF_THE_SOURCE: Final = frozenset({*DYNAMIC_VERSIONS, "PYTHONPATH"})
"""Variables for the repository alone: a package of the index that is built would take its version from them, and a
repair that sets one keeps the layers of the packages."""
DOCKERIGNORE: Final = """\
# Only the Dockerfile, the lock and the source go to the engine.
*
!Dockerfile
!requirements.lock
!repo
repo/.git
repo/**/__pycache__
"""


def image_tag(checkout: Checkout, plan: EnvPlan) -> str:
    """Return `paper2run/<name>:<commit>-<plan>`, a valid reference for any repository name."""
    name = re.sub(r"[^a-z0-9]+", "-", checkout.name.lower()).strip("-") or "repo"
    return f"paper2run/{name}:{checkout.commit[:12]}-{plan.digest[:8]}"


def render(
    checkout: Checkout, planned: PlannedEnvironment, digest: str = "", snapshot: str = ""
) -> BuildContext:
    """Return the build context's files beside `repo/`; `digest` is the base image's, if it has one.

    Debian's packages come from the snapshot of that time; empty for today's.
    """
    image = image_tag(checkout, planned.plan)
    steps, lock, _ = locked(planned)
    return BuildContext(
        dockerfile=dockerfile(checkout, planned, digest, steps, snapshot),
        lock=lock,
        instructions=instructions(checkout, planned, image, digest, snapshot),
        dockerignore=DOCKERIGNORE,
        image=image,
        planned=planned,
    )


def dockerfile(
    checkout: Checkout,
    planned: PlannedEnvironment,
    digest: str = "",
    steps: Sequence[str] = (),
    snapshot: str = "",
) -> str:
    """Return the Dockerfile of the plan; the same plan on the same base image gives the same bytes.

    `steps` stand for the plan's install steps where a lock goes with the Dockerfile.
    """
    plan = planned.plan
    steps = steps or plan.install_steps
    variables = [(name, f"ENV {name}={_quoted(value)}") for name, value in plan.env.items()]
    before = [step for step in steps if is_early(step)]
    after = [step for step in steps if not is_early(step)]
    first_locked = next((step for step in before if is_of_the_lock(step)), None)
    lines = [
        # Fixed words first: a comment of the form `key=value` at the top would be a parser directive.
        f"# Planned by paper2run ({visible(planned.planner)}): {visible(checkout.name)} at {checkout.commit}",
        *(
            f"# {_comment(reason.topic, reason.decision, str(reason.source))}"
            for reason in planned.reasons
        ),
        f"FROM {plan.base_image}{f'@{digest}' if digest else ''}",
        # A step of several commands must fail with its first failing command.
        'SHELL ["/bin/sh", "-e", "-c"]',
        *(
            f"LABEL {name}={_quoted(value)}"
            for name, value in labels_of(checkout, plan, digest).items()
        ),
        *(f"RUN {command}" for command in [system_packages(plan, snapshot)] if command),
        *([KEEP_NO_DOWNLOADS] if any("pip install" in step for step in steps) else []),
        *(line for name, line in variables if name not in OF_THE_SOURCE),
        *(
            line
            for step in before
            for line in (*([COPY_LOCK] if step == first_locked else []), f"RUN {step}")
        ),
        *(line for name, line in variables if name in OF_THE_SOURCE),
        f"COPY --chown={USER} repo/ {SOURCE_FOLDER}/",
        f"WORKDIR {plan.workdir}",
        *(f"RUN {step}" for step in after),
        f"CMD {json.dumps(['/bin/sh', '-c', plan.smoke_command], ensure_ascii=False)}",
    ]
    return "\n".join(lines) + "\n"


def labels_of(checkout: Checkout, plan: EnvPlan, digest: str) -> dict[str, str]:
    """Return what the image says of itself; what is not known is left out.

    https://specs.opencontainers.org/image-spec/annotations/
    """
    address = shown_address(checkout.url)
    created = checkout.committed_at.isoformat() if checkout.committed_at else ""
    known = {
        "title": checkout.name,
        # The path of a folder of this machine says nothing elsewhere.
        "source": "" if address.startswith("/") else address,
        "revision": checkout.commit,
        "created": created,
        "base.name": plan.base_image,
        "base.digest": digest,
    }
    return {
        f"org.opencontainers.image.{name}": visible(value) for name, value in known.items() if value
    }


def instructions(
    checkout: Checkout,
    planned: PlannedEnvironment,
    image: str,
    digest: str = "",
    snapshot: str = "",
) -> str:
    """Return INSTRUCTIONS.md as known before the run; `report` adds the runs that were executed."""
    plan = planned.plan
    lines = [
        f"# {prose(checkout.name)} at {checkout.commit[:12]}",
        "",
        "## Build",
        "",
        "In this folder; `Dockerfile`, `repo/` and, where it is there, `requirements.lock` are all that is needed:",
        "",
        "```sh",
        f"docker build -t {image} .",
        "```",
        "",
        "Paper2Run builds its own image from this Dockerfile; for the build alone it mounts a download cache"
        " and the site's settings.",
        "",
        *site_build(image, has_lock=bool(locked(planned).lock)),
        "## What it is made of",
        "",
        f"- base image {code(plan.base_image)}"
        + (
            f", {code(digest)}"
            if digest
            else ", as this site has it: its digest in a registry is not known here"
        ),
        *_debian(plan, snapshot),
    ]
    resolution = planned.resolution
    if resolution is not None:
        number, versions = len(resolution.pins), versions_in_words(resolution)
        packages = prose(f"{counted(number, 'package')}, {versions}")
        lines += [
            f"- Python {resolution.python}; {packages}",
            *_conda(resolution),
            *(
                f"- {locks.pins} of them as in {code(locks.path)}"
                for locks in resolution.kept_locks
            ),
            *(
                f"- not as locked: {prose(f'{lock.wanted} ({lock.source}); {lock.chosen}, because {lock.why}')}"
                for lock in resolution.broken_locks
            ),
            *(f"- left out: {prose(dropped)}" for dropped in resolution.dropped),
        ]
    shows = f", to show: {prose(planned.smoke_proves)}" if planned.smoke_proves else ""
    lines += [f"- by default it runs {code(plan.smoke_command)}{shows}", *_gpus(planned), ""]
    return "\n".join(lines)


def _gpus(planned: PlannedEnvironment) -> list[str]:
    """Return how to give the image's containers the GPUs that its code uses; empty if it uses none."""
    if not planned.plan.requires_gpu and not planned.gpus:
        return []
    need = "it needs" if planned.plan.requires_gpu else "it can use"
    return [
        f"- {need} an NVIDIA GPU: run it with `docker run --gpus all`, on a machine that has the NVIDIA container"
        " toolkit"
    ]


def is_early(step: str) -> bool:
    """Whether a step comes before the source is copied.

    Sources from the index are compiled there, also with the wrappers.
    """
    return (
        not needs_source(step)
        or is_of_the_lock(step)
        or is_wrapper_step(step)
        or is_conda_step(step)
        or is_cpu_step(step)
    )


def _debian(plan: EnvPlan, snapshot: str) -> list[str]:
    """Return which Debian packages the build installs, where they are those of one time."""
    if not plan.system_packages or not snapshot:
        return []
    return [
        f"- Debian packages of the snapshot {code(snapshot)}; where that is not served, those of the live archive:"
        f" the image's {code(SNAPSHOT_FILE)} says which"
    ]


def _conda(resolution: Resolution) -> list[str]:
    if not resolution.conda_packages:
        return []
    channels = prose(", ".join(resolution.channels))
    return [
        f"- {counted(resolution.conda_packages, 'package')} from conda's channels ({channels}),"
        " each by address and digest"
    ]


def system_packages(plan: EnvPlan, snapshot: str = "") -> str:
    """Return the command that installs the plan's Debian packages; empty without any.

    They come from the snapshot of that time, if one is given.
    """
    if not plan.system_packages:
        return ""
    packages = " ".join(sorted(set(plan.system_packages)))
    update = "apt-get update"
    if ARCHIVED_BASE.search(plan.base_image):
        # Only after the image's own sources failed: a site's mirror or a stand-in on a newer release may work.
        update = (
            f"{{ {update} || {{ sed -i -E -e '/-updates/d' -e 's#https?://[^/ ]+/#{ARCHIVE}/#'"
            f" /etc/apt/sources.list && {update} -o Acquire::Check-Valid-Until=false; }}; }}"
        )
    live = f"{update} && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends {packages}"
    if snapshot:
        return from_snapshot(packages, live, snapshot)
    return f"{live} && rm -rf /var/lib/apt/lists/*"


def _quoted(value: str) -> str:
    """Return a value for ENV in double quotes, with nothing left for the builder to expand."""
    return '"' + re.sub(r'(["\\\\$])', r"\\\1", value) + '"'


def _comment(topic: str, decision: str, source: str) -> str:
    return visible(re.sub(r"\s+", " ", f"{topic}: {decision} [{source}]"))[:200]
