"""Raises the language level in Java build files that today's compiler no longer takes.

Reads javac: `error: Source option 6 is no longer supported. Use 7 or later.` (9 and newer), and the same of `Target`.
"""

import re
import shlex
from typing import Final

from paper2run.failures.failed_attempt import FailedAttempt, repaired
from paper2run.failures.failure_log import last_hit
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.outcome import BuildFailed

NAME: Final = "old_java_level"
TOO_OLD: Final = re.compile(
    r"(?:[Ss]ource|[Tt]arget) (?:option|level) (?:1\.)?(?P<old>[1-7]) is no longer supported"
)
BUILD_FILES: Final = r"-name pom.xml -o -name build.xml -o -name 'build.gradle*' -o -name Makefile"
OLD_LEVEL: Final = (
    r"""s/((source|target|Compatibility)(>|=| = | +)['"]?)(1\.)?[1-7]([^.0-9]|$)/\11.8\5/g"""
)
"""Maven's elements and properties, Ant's attributes, Gradle's assignments, javac's options. `1.8` is the lowest
level that JDK 17 and 21 take, written as every one of these tools reads it."""
STEP: Final = rf"find . \( {BUILD_FILES} \) -exec sed -i -E {shlex.quote(OLD_LEVEL)} {{}} +"


def repair(failed: FailedAttempt) -> Diagnosis | None:
    """Return the plan that changes the level before every other step; None where it does so already."""
    hit = last_hit(failed.lines, TOO_OLD)
    if not isinstance(failed.failure, BuildFailed) or hit is None:
        return None
    if STEP in failed.plan.install_steps:
        return None
    return repaired(
        failed,
        NAME,
        {"install_steps": (STEP, *failed.plan.install_steps)},
        reason=f"the JDK no longer compiles level {hit.match['old']}; the build files ask for 1.8",
        evidence=hit.line,
    )
