"""Writes the wheels of a plan as a lock with hashes, which pip checks: `requirements.lock`.

A step is locked where the index tells the digest of each of its packages. Sources that are compiled stay as they are:
pip before 23.1, which images before Python 3.11 have, would compile them anew in every attempt, for with hashes it
takes no wheel from its cache. https://pip.pypa.io/en/stable/topics/secure-installs/#hash-checking-mode
"""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from paper2run.model.environment import PlannedEnvironment
from paper2run.model.resolution import Pin
from paper2run.rendering.pip_steps import SOURCES_STEP, WHEELS_STEP, requirements_of

LOCK: Final = "requirements.lock"
LOCK_IN_IMAGE: Final = f"/tmp/{LOCK}"
COPY_LOCK: Final = f"COPY {LOCK} {LOCK_IN_IMAGE}"
LOCKED_STEP: Final = f"{WHEELS_STEP}--require-hashes -r {LOCK_IN_IMAGE}"
EXACT: Final = re.compile(r"(?P<name>[\w.-]+)==(?P<version>[\w.!+-]+)")


class Locked(NamedTuple):
    """The steps of a plan, with a lock."""

    steps: tuple[str, ...]
    """LOCKED_STEP stands for the first of those that only install wheels; the others of them are gone."""
    lock: str
    """Text of the lock; empty if nothing is locked, and the steps are the plan's own then."""


def locked(planned: PlannedEnvironment) -> Locked:
    """Return the plan's steps and its lock; none where a package's digest is not known."""
    steps = planned.plan.install_steps
    pins = {pin.name: pin for pin in planned.resolution.pins} if planned.resolution else {}
    found = {step: _pins_of(step, pins) for step in steps if _is_of_wheels(step)}
    known = {step: of_step for step, of_step in found.items() if of_step}
    if not known or len(known) < len([step for step in found if requirements_of(step)]):
        return Locked(steps, "")
    first = next(step for step in steps if step in known)
    kept = (
        LOCKED_STEP if step == first else step
        for step in steps
        if step not in known or step == first
    )
    return Locked(tuple(kept), of_pins(pin for of_step in known.values() for pin in of_step))


def of_pins(pins: Iterable[Pin]) -> str:
    """Return the text of a lock, by name."""
    return "".join(map(_entry, sorted(pins, key=lambda pin: pin.name)))


def _is_of_wheels(step: str) -> bool:
    return step.startswith(WHEELS_STEP) and not step.startswith(SOURCES_STEP)


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


def _entry(pin: Pin) -> str:
    lines = (f"    --hash=sha256:{digest}" for digest in pin.sha256)
    return " \\\n".join((f"{pin.name}=={pin.version}", *lines)) + "\n"
