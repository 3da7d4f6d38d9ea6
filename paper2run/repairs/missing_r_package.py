"""Installs the package that R does not find: `there is no package called ‘ggplot2’`.

The package is Debian's; for a name that Debian has not, the rule abstains.
"""

import re
from typing import Final

from paper2run.failures.failed_attempt import FailedAttempt, repaired, with_packages
from paper2run.knowledge import debian
from paper2run.model.diagnosis import Diagnosis

NAME: Final = "missing_r_package"

ABSENT: Final = re.compile(r"there is no package called [‘'\"`](?P<name>[A-Za-z][\w.]*)[’'\"`]")


def repair(failed: FailedAttempt) -> Diagnosis | None:
    """Return the plan with Debian's packages of all that R misses; None where none is known or new."""
    found: dict[str, str] = {}
    for line in failed.lines:
        for match in ABSENT.finditer(line):
            found.setdefault(match["name"], line)
    wanted = {name: package for name in found if (package := debian.r_package(name))}
    if not wanted or set(wanted.values()) <= set(failed.plan.system_packages):
        return None
    packages = sorted(set(wanted.values()))
    return repaired(
        failed,
        NAME,
        with_packages(failed.plan, *packages),
        reason=f"R has no {', '.join(wanted)}; added: {', '.join(packages)}",
        evidence=found[next(iter(wanted))],
    )
