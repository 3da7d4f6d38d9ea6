"""Takes the CPU builds of torch unless a GPU is required or the engine offers one that the code uses.

The index's own wheels for Linux bring 3 GB of CUDA. PyTorch keeps its CPU builds on a separate
index without upload dates, so the versions stay those that the commit's day gave.
https://pytorch.org/get-started/previous-versions/
"""

import re
import shlex
from collections.abc import Mapping
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from paper2run.index.releases import Project, installable
from paper2run.index.target_python import target_python
from paper2run.model.environment import PlannedEnvironment, Reason
from paper2run.model.plan_text import CPU_BUILDS
from paper2run.model.resolution import Pin
from paper2run.model.value import Source
from paper2run.rendering.pip_steps import WHEELS_STEP, plan_requirements, with_pins

LOCAL: Final = "cpu"
"""The local version of a CPU build: `2.1.0+cpu`; torch has them since 1.3."""
FAMILY: Final = ("torch", "torchaudio", "torchvision")
"""Packages compiled against torch itself: all must be of one kind, or they do not load."""
CUDA_ONLY: Final = re.compile(r"(?:nvidia|cuda)-[\w-]+|triton|pytorch-triton")
"""Dependencies of torch's CUDA wheels."""
STEP: Final = f"{WHEELS_STEP}{CPU_BUILDS}"
PUBLIC: Final = CPU_BUILDS.split()[1]


def wanted_of(planned: PlannedEnvironment) -> tuple[Pin, ...]:
    """Return the pins that need CPU builds; empty if a GPU is required or given, or nothing is pinned."""
    pins = planned.resolution.pins if planned.resolution else ()
    found = tuple(pin for pin in pins if pin.name in FAMILY and not Version(pin.version).local)
    has_torch = any(pin.name == "torch" for pin in found)
    wants_cuda = planned.plan.requires_gpu or planned.gpus
    return found if has_torch and not wants_cuda else ()


def cpu_version(pin: Pin, project: Project | None, python: str) -> str:
    """Return the version of the CPU build that `python` (`3.9`) can install; empty if there is none."""
    target = target_python(python)
    for release in project.releases if project else ():
        same = release.version.public == Version(pin.version).public
        if project and same and release.version.local == LOCAL:
            found = installable(release, project, target)
            return str(release.version) if found and found.form in ("wheel", "pure") else ""
    return ""


def with_cpu_builds(
    planned: PlannedEnvironment, versions: Mapping[str, str], place: str
) -> PlannedEnvironment:
    """Return the plan with these versions, by name, from `place`, and without what only CUDA needs."""
    resolution, draft = planned.resolution, planned.draft
    if resolution is None or draft is None:
        return planned
    named = {canonicalize_name(Requirement(text).name) for text in plan_requirements(draft)}
    needless = {
        pin.name
        for pin in resolution.pins
        if CUDA_ONLY.fullmatch(pin.name) and pin.name not in named
    }
    pins = tuple(
        pin.changed(version=versions[pin.name], sha256=()) if pin.name in versions else pin
        for pin in resolution.pins
        if pin.name not in needless
    )
    others = tuple(pin for pin in pins if pin.name not in versions)
    plan = with_pins(draft, others, resolution.python, planned.plan.system_packages)
    step = STEP + shlex.join(f"{name}=={versions[name]}" for name in sorted(versions))
    # First, because later source builds may be built against it.
    plan = plan.changed(install_steps=(step, *plan.install_steps))
    chosen = ", ".join(f"{name} {versions[name]}" for name in sorted(versions))
    without = f"; left out: {', '.join(sorted(needless))}" if needless else ""
    decision = f"{chosen}: CPU builds, no GPU is required{without}"
    return planned.changed(
        plan=plan,
        resolution=resolution.changed(pins=pins),
        reasons=(*planned.reasons, _reason(decision, place)),
    )


def with_cuda_builds(planned: PlannedEnvironment, why: str, place: str) -> PlannedEnvironment:
    """Return the plan unchanged, with the reason why it keeps the CUDA builds."""
    names = ", ".join(pin.name for pin in wanted_of(planned))
    decision = f"{names}: the usual builds (with CUDA; they run on a CPU too), because {why}"
    return planned.changed(reasons=(*planned.reasons, _reason(decision[:1000], place)))


def is_cpu_step(step: str) -> bool:
    """Whether a step is the one that installs CPU builds, which does not read the checkout."""
    return step.startswith(STEP)


def without_index(step: str) -> str:
    """Return the step for a site whose own configuration names the index."""
    return step.replace(CPU_BUILDS, "")


def _reason(decision: str, place: str) -> Reason:
    return Reason(topic="gpu", decision=decision, source=Source(kind="index", note=place))
