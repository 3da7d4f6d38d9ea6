"""Writes the packages of a plan as a lock with hashes, which pip checks: `requirements.lock`.

A step is locked where the index tells the digest of each of its packages. What is compiled from source stands below a
mark: it is installed in steps of its own, after the wheels. pip before 23.1, which official images before Python 3.11
have, takes nothing from its cache of built wheels there, so that an attempt which repeats the step compiles it again.
https://pip.pypa.io/en/stable/topics/secure-installs/#hash-checking-mode
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

from paper2run.model.environment import PlannedEnvironment
from paper2run.model.resolution import Pin
from paper2run.rendering.pip_steps import SOURCES_STEP, WHEELS_STEP, requirements_of

LOCK: Final = "requirements.lock"
LOCK_IN_IMAGE: Final = f"/tmp/{LOCK}"
COPY_LOCK: Final = f"COPY {LOCK} {LOCK_IN_IMAGE}"
LOCKED_STEP: Final = f"{WHEELS_STEP}--require-hashes -r {LOCK_IN_IMAGE}"
SOURCES_MARK: Final = "# built from source"
"""Line of the lock below which its sources stand; those of a later step stand below a mark with its number."""
PART: Final = "/tmp/requirements.part"
FROM_PART: Final = f"--require-hashes -r {PART}"
LOCKED_WHEELS: Final = (
    f"sed '/^{SOURCES_MARK}/,$d' {LOCK_IN_IMAGE} > {PART} && {WHEELS_STEP}{FROM_PART}"
)
"""In place of LOCKED_STEP where the lock has sources, too."""
OF_SOURCES: Final = f" && {SOURCES_STEP}{FROM_PART}"
EXACT: Final = re.compile(r"(?P<name>[\w.-]+)==(?P<version>[\w.!+-]+)")


class Locked(NamedTuple):
    """The steps of a plan, with a lock."""

    steps: tuple[str, ...]
    """One step stands for all that only install wheels, and one for each that only builds sources."""
    lock: str
    """Text of the lock; empty if nothing is locked, and the steps are the plan's own then."""
    replaced: Mapping[str, tuple[str, ...]]
    """The plan's own steps by the one that takes their packages from the lock."""


def locked(planned: PlannedEnvironment) -> Locked:
    """Return the plan's steps and its lock; wheels or sources are left out where a digest is not known."""
    steps = planned.plan.install_steps
    pins = {pin.name: pin for pin in planned.resolution.pins} if planned.resolution else {}
    wheels, sources = _of_kind(steps, pins, _is_of_wheels), _of_kind(steps, pins, _is_of_sources)
    replaced = {LOCKED_WHEELS if sources else LOCKED_STEP: tuple(wheels)} if wheels else {}
    replaced |= {sources_step(number): (step,) for number, step in enumerate(sources, 1)}
    stand_in = {of_plan[0]: step for step, of_plan in replaced.items()}
    kept = (
        stand_in.get(step, step)
        for step in steps
        if step in stand_in or (step not in wheels and step not in sources)
    )
    lock = of_pins((pin for of_step in wheels.values() for pin in of_step), sources.values())
    return Locked(tuple(kept), lock, replaced)


def of_pins(wheels: Iterable[Pin], sources: Iterable[Iterable[Pin]] = ()) -> str:
    """Return the text of a lock: wheels by name, then the sources of each step by name, below its mark."""
    parts = [_entries(wheels)]
    parts += [f"{_mark(number)}\n{_entries(pins)}" for number, pins in enumerate(sources, 1)]
    return "".join(parts)


def sources_step(number: int) -> str:
    """Return the step that builds the lock's sources below the mark of this number, from 1."""
    part = f"/^{_mark(number)}$/,/^{_mark(number + 1)}$/p"
    return f"sed -n '{part}' {LOCK_IN_IMAGE} > {PART}{OF_SOURCES}"


def is_of_the_lock(step: str) -> bool:
    """Whether a step takes its packages from the lock."""
    return step in {LOCKED_STEP, LOCKED_WHEELS} or step.endswith(OF_SOURCES)


def _mark(number: int) -> str:
    return SOURCES_MARK if number == 1 else f"{SOURCES_MARK}, step {number}"


def _of_kind(
    steps: Iterable[str], pins: dict[str, Pin], is_kind: Callable[[str], bool]
) -> dict[str, tuple[Pin, ...]]:
    """Return the pins of each step of a kind that installs any; none where one's digest is not known."""
    found = {step: _pins_of(step, pins) for step in steps if is_kind(step)}
    known = {step: of_step for step, of_step in found.items() if of_step}
    return known if len(known) == len([step for step in found if requirements_of(step)]) else {}


def _is_of_wheels(step: str) -> bool:
    return step.startswith(WHEELS_STEP) and not step.startswith(SOURCES_STEP)


def _is_of_sources(step: str) -> bool:
    return step.startswith(SOURCES_STEP)


def _pins_of(step: str, pins: dict[str, Pin]) -> tuple[Pin, ...]:
    """Return the pins that a step installs; empty if it installs anything else, or without a digest."""
    found = []
    for text in requirements_of(step) or ():
        match = EXACT.fullmatch(text)
        pin = pins.get(match["name"]) if match else None
        if match is None or pin is None or pin.version != match["version"] or not pin.sha256:
            return ()
        found.append(pin)
    return tuple(found)


def _entries(pins: Iterable[Pin]) -> str:
    return "".join(_entry(pin) for pin in sorted(pins, key=lambda pin: pin.name))


def _entry(pin: Pin) -> str:
    lines = (f"    --hash=sha256:{digest}" for digest in pin.sha256)
    return " \\\n".join((f"{pin.name}=={pin.version}", *lines)) + "\n"
