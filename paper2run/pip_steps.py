"""Which install steps only name distributions of the index, and how they look once all is pinned.

Such steps are what the resolver may replace; any other step (a local path, a requirements file, a
second command) is left exactly as its planner wrote it.
"""

import re
import shlex
from collections.abc import Collection, Iterable
from typing import Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from paper2run.model.environment import EnvPlan, Pin

INSTALLERS: Final = re.compile(
    r"(?:(?:/\S+/)?python[0-9.]* -m pip|pip[0-9.]*|uv pip|python[0-9.]* -m uv pip) install "
)
HARMLESS_FLAGS: Final = frozenset(
    {"--no-cache-dir", "--no-cache", "--no-compile", "--no-compile-bytecode", "--prefer-binary", "--upgrade", "-U",
     "--quiet", "-q", "-qq", "--verbose", "-v", "--no-input", "--system", "--break-system-packages", "--user",
     "--disable-pip-version-check", "--no-warn-script-location", "--no-warn-conflicts", "--no-python-version-warning",
     "--ignore-installed", "-I", "--force-reinstall", "--no-build-isolation", "--use-pep517"}
)  # fmt: skip
"""Flags that change nothing about which distributions are wanted, or that pins make needless."""
HARMLESS_OPTIONS: Final = frozenset(
    {"--progress-bar", "--root-user-action", "--timeout", "--default-timeout", "--retries"}
)
"""Harmless flags that take a value, as `--flag value` or `--flag=value`."""
OPEN_STEP: Final = "pip install --no-compile "
WHEELS_STEP: Final = "pip install --no-compile --no-deps "
"""Byte-compiling is most of pip's time and a third of the image's size; Python does it when needed.
There is no --no-cache-dir: it would also defeat the wheel cache that our own builds mount, while
`PIP_NO_CACHE_DIR` can be set for one build and not for another."""
SOURCES_STEP: Final = "pip install --no-compile --no-deps --no-build-isolation "
"""Without isolation the build sees the pinned build tools; with it, pip fetches today's."""
PYTHON_IMAGE: Final = re.compile(
    r"(?P<name>^(?:.*/)?python):(?P<python>\d+\.\d+)(?P<patch>\.\d+)?(?P<variant>-[\w.-]+)?$"
)


def requirements_of(step: str) -> tuple[str, ...] | None:
    """Return the PEP 508 requirements that `step` installs from the index, in order; None for any other step."""
    installer = INSTALLERS.match(step.strip())
    if installer is None:
        return None
    try:
        words = shlex.split(step.strip()[installer.end() :])
    except ValueError:
        return None
    wanted: list[str] = []
    remaining = iter(words)
    no_deps = False
    for word in remaining:
        if word.startswith("-"):
            no_deps = no_deps or word == "--no-deps"
            flag, _, value = word.partition("=")
            if flag in HARMLESS_OPTIONS:
                if not value:
                    next(remaining, None)
            elif word not in HARMLESS_FLAGS and word != "--no-deps":
                return None
        elif _is_plain(word):
            wanted.append(word)
        else:
            return None
    if no_deps and not all(_is_exact(text) for text in wanted):
        # Whoever leaves the dependencies of an open requirement out does so on purpose.
        return None
    return tuple(wanted) or None


def needs_source(step: str) -> bool:
    """Return True where `step` may read the checkout: every step that is not a pure requirement step."""
    return requirements_of(step) is None


def plan_requirements(plan: EnvPlan) -> tuple[str, ...]:
    """Return the requirements of all pure steps of `plan`, in order, each once."""
    found = (text for step in plan.install_steps for text in requirements_of(step) or ())
    return tuple(dict.fromkeys(found))


def without(plan: EnvPlan, names: Collection[str]) -> EnvPlan:
    """Return `plan` with the distributions of these normalised names taken out of its pure steps."""
    steps = []
    for step in plan.install_steps:
        wanted = requirements_of(step)
        kept = [
            text for text in wanted or () if canonicalize_name(Requirement(text).name) not in names
        ]
        if wanted is None or len(kept) == len(wanted):
            steps.append(step)
        elif kept:
            steps.append(OPEN_STEP + shlex.join(kept))
    return plan.model_copy(update={"install_steps": tuple(steps)})


def instead_of(plan: EnvPlan, name: str, requirement: str) -> EnvPlan:
    """Return `plan` with `requirement` in the place of every one of this normalised name in its pure steps."""
    steps = []
    for step in plan.install_steps:
        wanted = requirements_of(step) or ()
        names = [canonicalize_name(Requirement(text).name) for text in wanted]
        if name in names:
            changed = [
                requirement if found == name else text
                for text, found in zip(wanted, names, strict=True)
            ]
            step = OPEN_STEP + shlex.join(dict.fromkeys(changed))
        steps.append(step)
    return plan.model_copy(update={"install_steps": tuple(steps)})


def pinned_step(pins: Iterable[Pin]) -> str:
    """Return the step that installs the `pins` that have wheels, sorted; empty where there are none."""
    return _step(WHEELS_STEP, (pin for pin in pins if not pin.sdist))


def source_step(pins: Iterable[Pin]) -> str:
    """Return the step that builds the `pins` without wheels, to run after the wheels; empty where there are none."""
    return _step(SOURCES_STEP, (pin for pin in pins if pin.sdist))


def with_pins(
    plan: EnvPlan, pins: tuple[Pin, ...], python: str, system_packages: tuple[str, ...] = ()
) -> EnvPlan:
    """Return `plan` with the pinned set in the place of its first pure step and on Python `python`.

    Further pure steps go, all else keeps its order. `system_packages` are added where they are missing.
    """
    pinned = [step for step in (pinned_step(pins), source_step(pins)) if step]
    steps: list[str] = []
    for step in plan.install_steps:
        if needs_source(step):
            steps.append(step)
        else:
            steps.extend(pinned)
            pinned = []
    return EnvPlan.model_validate(
        plan.model_dump()
        | {
            "base_image": _on_python(plan.base_image, python),
            "system_packages": tuple(dict.fromkeys((*plan.system_packages, *system_packages))),
            "install_steps": tuple(steps),
        }
    )


def image_python(base_image: str) -> str:
    """Return the Python version that an official `python:X.Y…` image holds; empty for any other image."""
    match = PYTHON_IMAGE.match(base_image)
    return match["python"] if match else ""


def _on_python(base_image: str, python: str) -> str:
    match = PYTHON_IMAGE.match(base_image)
    if match is None or match["python"] == python:
        return base_image
    return f"{match['name']}:{python}{match['variant'] or ''}"


def _step(command: str, pins: Iterable[Pin]) -> str:
    names = sorted(f"{pin.name}=={pin.version}" for pin in pins)
    return command + shlex.join(names) if names else ""


def _is_plain(text: str) -> bool:
    try:
        return Requirement(text).url is None
    except InvalidRequirement:
        return False


def _is_exact(text: str) -> bool:
    specifiers = list(Requirement(text).specifier)
    return len(specifiers) == 1 and specifiers[0].operator == "=="
