"""Adds the build tools, or the versions of them, that a source build needs and does not declare.

The author's machine had them. Reads setuptools (`invalid command 'bdist_wheel'`, `build_editable`), meson-python
(`Could not find ninja`), sources that want Cython, and the tools that read a version from git, which an image does not
hold. Tools that are too new are in data/library_breaks.json.
"""

import re
from typing import Final, NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from paper2run.failures.failed_attempt import FailedAttempt, repaired, with_env, with_requirements
from paper2run.failures.failure_log import last_hit
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.outcome import BuildFailed
from paper2run.rendering.pip_steps import plan_requirements, without

NAME: Final = "build_tools"


class Tool(NamedTuple):
    """What a build says, and what it needs."""

    sign: re.Pattern[str]
    requirement: str = ""
    variable: str = ""
    """Environment variable that gives the version."""


TOOLS: Final = (
    Tool(re.compile(r"has no attribute 'build_editable'"), "setuptools>=64"),
    Tool(re.compile(r"invalid command 'bdist_wheel'"), "wheel"),
    Tool(re.compile(r"meson-python: error: Could not find ninja version"), "ninja"),
    Tool(re.compile(r"(?:don't seem to have|needs? to have|requires?|install|without) Cython\b(?! [\d>])"), "cython<3"),
    Tool(re.compile(r"^\s*Error: Cython (?:is )?(?:required|not found|needed)"), "cython<3"),
    Tool(re.compile(r"setuptools[-_]scm was unable to detect version"), variable="SETUPTOOLS_SCM_PRETEND_VERSION"),
    Tool(re.compile(r"Versioning for this project requires either an sdist"), variable="PBR_VERSION"),
)  # fmt: skip
VERSION: Final = "0.0.0"


def repair(failed: FailedAttempt) -> Diagnosis | None:
    """Return the plan with the tool or the variable; None where the plan has it already."""
    if not isinstance(failed.failure, BuildFailed):
        return None
    for tool in TOOLS:
        hit = last_hit(failed.lines, tool.sign)
        if hit is None:
            continue
        if tool.variable:
            changes = with_env(failed.plan, **{tool.variable: VERSION})
            why = f"{tool.variable} gives the version that git is asked for"
        else:
            wanted = plan_requirements(failed.plan)
            if tool.requirement in wanted:
                continue
            name = canonicalize_name(Requirement(tool.requirement).name)
            changes = with_requirements(without(failed.plan, {name}), tool.requirement)
            why = f"the build wants {tool.requirement}"
        found = repaired(failed, NAME, changes, reason=why, evidence=hit.line)
        if found is not None:
            return found
    return None
