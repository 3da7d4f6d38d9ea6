"""Finds other interpreters that a failed plan may move to, and moves it.

A repository's own requirement (`python_requires` and the like) is never overruled; versions it was only tested on are.
"""

import re
from typing import Any, Final

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from paper2run.failures.failed_attempt import FailedAttempt
from paper2run.index.target_python import target_python
from paper2run.model.environment import EnvPlan
from paper2run.model.facts import PythonConstraint
from paper2run.planning.interpreters import RELEASED
from paper2run.planning.trust import binding
from paper2run.rendering.pip_steps import PYTHON_IMAGE, image_python

DEBIAN_SUITE: Final = re.compile(r"-(?:wheezy|jessie|stretch|buster|bullseye|bookworm|trixie)$")


def within(failed: FailedAttempt, versions: SpecifierSet) -> tuple[str, ...]:
    """Return the interpreters in `versions` that the repository allows, best first.

    The plan's own interpreters come first. If it has no others, the result is the nearest one of the
    same major version. Empty if none is allowed, if the image is not an official Python, or if its
    Python is in `versions` already.
    """
    present = image_python(failed.plan.base_image)
    if not present or _holds(versions, present):
        return ()
    planned = [
        version
        for version in failed.planned.pythons
        if version != present and _holds(versions, version)
    ]
    if planned:
        return tuple(planned)
    allowed = [
        version
        for version in RELEASED
        if _holds(versions, version)
        and version.split(".")[0] == present.split(".")[0]
        and is_allowed(failed, version)
    ]
    now = Version(present).minor
    return tuple(sorted(allowed, key=lambda version: abs(Version(version).minor - now))[:1])


def is_allowed(failed: FailedAttempt, version: str) -> bool:
    """Whether the repository's requirements admit this interpreter."""
    return all(
        target_python(version).allowed_by(fact.specifier)
        for fact in binding(failed.facts.of(PythonConstraint))
    )


def with_python(plan: EnvPlan, version: str) -> dict[str, Any]:
    """Return the change that replaces the Python of the official image.

    Neither the bug-fix release nor Debian's name is kept: few interpreters share them.
    """
    match = PYTHON_IMAGE.match(plan.base_image)
    if match is None:
        return {}
    kind = DEBIAN_SUITE.sub("", match["variant"] or "")
    return {"base_image": f"{match['name']}:{version}{kind}"}


def _holds(versions: SpecifierSet, version: str) -> bool:
    return versions.contains(Version(version))
