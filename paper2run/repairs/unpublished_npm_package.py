"""Drops from package.json the development dependencies that the npm registry no longer has.

They are dropped before npm reads the file. Reads npm: `npm ERR! notarget No matching version found for x@1` (`npm
error` since 10.6) and `404 Not Found … 'x@1' is not in this registry`. One such name breaks the whole resolution,
even with --omit=dev.
"""

import json
import re
import shlex
from typing import Final

from paper2run.failures.failed_attempt import FailedAttempt, repaired
from paper2run.failures.failure_log import all_hits
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.outcome import BuildFailed

NAME: Final = "unpublished_npm_package"
GONE: Final = re.compile(
    r"npm (?:ERR!|error) (?:notarget No matching version found for|404 +'?) ?'?(?P<name>@?[\w./-]+)@"
)


def repair(failed: FailedAttempt) -> Diagnosis | None:
    """Return the plan whose first step drops the names; None where it does so already."""
    hits = all_hits(failed.lines, GONE)
    if not isinstance(failed.failure, BuildFailed) or not hits:
        return None
    names = sorted({hit.match["name"] for hit in hits})
    code = (
        'const fs = require("fs"), p = JSON.parse(fs.readFileSync("package.json"));'
        f" for (const name of {json.dumps(names)}) if (p.devDependencies) delete p.devDependencies[name];"
        ' fs.writeFileSync("package.json", JSON.stringify(p, null, 2))'
    )
    step = f"node -e {shlex.quote(code)}"
    if step in failed.plan.install_steps:
        return None
    return repaired(
        failed,
        NAME,
        {"install_steps": (step, *failed.plan.install_steps)},
        reason=f"not in the registry, left out of the development dependencies: {', '.join(names)}",
        evidence=hits[-1].line,
        cause="dead_dependency",
    )
