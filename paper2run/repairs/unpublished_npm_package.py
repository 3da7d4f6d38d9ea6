"""Goes on without what the npm registry no longer has: the lock first, then development dependencies.

A lock names one release of each package, where package.json allows others. Names are dropped before npm reads the file.
Reads npm: `npm ERR! notarget No matching version found for x@1` (`npm
error` since 10.6) and `404 Not Found … 'x@1' is not in this registry`. One such name breaks the whole resolution,
even with --omit=dev.
"""

import json
import re
import shlex
from typing import Final

from paper2run.failures.failed_attempt import FailedAttempt, repaired
from paper2run.failures.failure_log import Hit, all_hits
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.outcome import BuildFailed

NAME: Final = "unpublished_npm_package"
GONE: Final = re.compile(
    r"npm (?:ERR!|error) (?:notarget No matching version found for|404 +'?) ?'?(?P<name>@?[\w./-]+)@"
)
FROM_LOCK: Final = re.compile(r"npm ci\b")
OPEN: Final = "rm -f package-lock.json npm-shrinkwrap.json && npm install --legacy-peer-deps"


def repair(failed: FailedAttempt) -> Diagnosis | None:
    """Return the plan without the lock, else the one whose first step drops the names."""
    hits = all_hits(failed.lines, GONE)
    if not isinstance(failed.failure, BuildFailed) or not hits:
        return None
    return _without_lock(failed, hits[-1]) or _without_names(failed, hits)


def _without_lock(failed: FailedAttempt, hit: Hit) -> Diagnosis | None:
    """Return the plan that installs what package.json allows; None where no step installs from a lock."""
    steps = failed.plan.install_steps
    if not any(FROM_LOCK.match(step) for step in steps):
        return None
    open_steps = tuple(FROM_LOCK.sub(OPEN, step) for step in steps)
    return repaired(
        failed,
        NAME,
        {"install_steps": open_steps},
        reason=f"{hit.match['name']} of the lock is not in the registry: what package.json allows is taken",
        evidence=hit.line,
        cause="dead_dependency",
    )


def _without_names(failed: FailedAttempt, hits: list[Hit]) -> Diagnosis | None:
    """Return the plan whose first step drops the names; None where it does so already."""
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
