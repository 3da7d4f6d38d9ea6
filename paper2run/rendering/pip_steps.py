"""Recognises install steps that only name distributions of the index, and writes them pinned.

The resolver may replace such steps; any other step (a local path, a requirements file, a
second command) stays exactly as its planner wrote it.
"""

import re
import shlex
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from paper2run.model.environment import EnvPlan
from paper2run.model.plan_text import MAX_STEP_CHARS
from paper2run.model.resolution import Pin

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
WANTED_FILE: Final = "/tmp/requirements.txt"
"""File for a set that is too long for one command: pip must see all of it at once to choose versions."""
LISTED: Final = re.compile(
    rf"printf '%s\\n' (?P<texts>.*) >> {WANTED_FILE}(?P<install> && {OPEN_STEP}-r {WANTED_FILE})?"
)
"""A part of such a set; the last one installs it."""
PYTHON_IMAGE: Final = re.compile(
    r"(?P<name>^(?:.*/)?python):(?P<python>\d+\.\d+)(?P<patch>\.\d+)?(?P<variant>-[\w.-]+)?$"
)


def requirements_of(step: str) -> tuple[str, ...] | None:
    """Return the PEP 508 requirements that `step` installs from the index, in order; None for other steps."""
    listed = LISTED.fullmatch(step)
    if listed is not None:
        return _listed(listed["texts"])
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
        # Leaving out the dependencies of an open requirement is deliberate.
        return None
    return tuple(wanted) or None


def needs_source(step: str) -> bool:
    """Return True if `step` may read the checkout: every step that is not a pure requirement step."""
    return requirements_of(step) is None


def plan_requirements(plan: EnvPlan) -> tuple[str, ...]:
    """Return the requirements of all pure steps of `plan`, in order, each once."""
    found = (text for step in plan.install_steps for text in requirements_of(step) or ())
    return tuple(dict.fromkeys(found))


def open_steps(texts: Collection[str]) -> tuple[str, ...]:
    """Return the steps with which pip chooses versions for all `texts` together; empty without texts."""
    step = OPEN_STEP + shlex.join(texts)
    if not texts or len(step) <= MAX_STEP_CHARS:
        return (step,) if texts else ()
    install = f" && {OPEN_STEP}-r {WANTED_FILE}"
    room = MAX_STEP_CHARS - len(_listing(())) - len(install)
    parts = [_listing(part) for part in _parts(texts, room)]
    return (*parts[:-1], parts[-1] + install)


def without(plan: EnvPlan, names: Collection[str]) -> EnvPlan:
    """Return `plan` with the distributions of these normalised names taken out of its pure steps."""
    return _changed(plan, lambda name, text: "" if name in names else text)


def instead_of(plan: EnvPlan, name: str, requirement: str) -> EnvPlan:
    """Return `plan` with `requirement` instead of each one of normalised name `name` in pure steps."""
    return _changed(plan, lambda found, text: requirement if found == name else text)


def pinned_steps(pins: Iterable[Pin]) -> tuple[str, ...]:
    """Return the steps that install the `pins` with wheels, sorted; may be empty."""
    return _steps(WHEELS_STEP, (pin for pin in pins if not pin.sdist))


def source_steps(pins: Iterable[Pin]) -> tuple[str, ...]:
    """Return the steps that build the `pins` without wheels, to run after the wheels; may be empty."""
    return tuple(step for ready in sources_in_order(pins) for step in _steps(SOURCES_STEP, ready))


def sources_in_order(pins: Iterable[Pin]) -> Iterator[list[Pin]]:
    """Yield the `pins` without wheels that are built together, after those that they require.

    The set-up of many imports what the package is to run with.
    """
    left = [pin for pin in pins if pin.sdist]
    while left:
        waiting = {name for pin in left for name in pin.needed_by if name != pin.name}
        # Of sources that require each other none is first.
        ready = [pin for pin in left if pin.name not in waiting] or left
        yield ready
        left = [pin for pin in left if pin not in ready]


def with_pins(
    plan: EnvPlan, pins: tuple[Pin, ...], python: str, system_packages: tuple[str, ...] = ()
) -> EnvPlan:
    """Return `plan` with the pinned set in the place of its first pure step and on Python `python`.

    Further pure steps are dropped, all others keep their order. Missing `system_packages` are added.
    """
    pinned = [*pinned_steps(pins), *source_steps(pins)]
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


def _steps(command: str, pins: Iterable[Pin]) -> tuple[str, ...]:
    """Return the steps that install exact versions, each as if alone, without dependencies."""
    names = sorted(f"{pin.name}=={pin.version}" for pin in pins)
    return tuple(
        command + shlex.join(part) for part in _parts(names, MAX_STEP_CHARS - len(command))
    )


def _parts(texts: Iterable[str], room: int) -> Iterator[list[str]]:
    """Yield `texts` in order, as many together as fit into `room` characters of a command."""
    part: list[str] = []
    taken = 0
    for text in texts:
        chars = len(shlex.quote(text)) + 1
        if part and taken + chars > room:
            yield part
            part, taken = [], 0
        part.append(text)
        taken += chars
    if part:
        yield part


def _listing(texts: Iterable[str]) -> str:
    return f"printf '%s\\n' {shlex.join(texts)} >> {WANTED_FILE}"


def _listed(words: str) -> tuple[str, ...] | None:
    try:
        texts = tuple(shlex.split(words))
    except ValueError:
        return None
    return texts if texts and all(_is_plain(text) for text in texts) else None


def _changed(plan: EnvPlan, change: Callable[[str, str], str]) -> EnvPlan:
    """Return `plan` with `change(name, text)` in place of each requirement; empty steps are dropped."""
    steps: list[str] = []
    for parts in _sets(plan.install_steps):
        wanted = [text for step in parts for text in requirements_of(step) or ()]
        changed = [change(canonicalize_name(Requirement(text).name), text) for text in wanted]
        kept = dict.fromkeys(text for text in changed if text)
        steps += parts if changed == wanted else open_steps(kept)
    return plan.changed(install_steps=tuple(steps))


def _sets(steps: Iterable[str]) -> Iterator[list[str]]:
    """Yield each step alone, and those together that write down one set."""
    parts: list[str] = []
    for step in steps:
        listed = LISTED.fullmatch(step)
        if listed is None and parts:
            yield parts
            parts = []
        parts.append(step)
        if listed is None or listed["install"]:
            yield parts
            parts = []
    if parts:
        yield parts


def _is_plain(text: str) -> bool:
    try:
        return Requirement(text).url is None
    except InvalidRequirement:
        return False


def _is_exact(text: str) -> bool:
    specifiers = list(Requirement(text).specifier)
    return len(specifiers) == 1 and specifiers[0].operator == "=="
