"""Stops where a step of the build asks a host that cannot be reached from here.

Reads git (`unable to access 'https://host/…': Could not resolve host: host`), curl, wget, ssh, npm, Java, Go
and R. What the package index does or does not answer never comes here: that is the host's trouble and is tried again.
"""

from typing import Final

from paper2run.failures.failed_attempt import FailedAttempt, stopped
from paper2run.failures.unreached_hosts import unreached
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.outcome import BuildFailed

NAME: Final = "no_network_at_build"


def repair(failed: FailedAttempt) -> Diagnosis | None:
    """Return the stop with the host's name; None for smoke runs, which have no network on purpose."""
    if not isinstance(failed.failure, BuildFailed):
        return None
    hit = unreached(failed.lines)
    if hit is None:
        return None
    host = hit.match["host"] or "a host that the log does not name"
    step = failed.failure.step[:200] or "an unnamed step"
    return stopped(
        NAME,
        "registry_unreachable",
        reason=f"The build asks {host}, which cannot be reached from here, in: {step}",
        evidence=hit.line,
        # It speaks of this site.
        excludes="this-plan",
        smallest_change=f"Run where {host} can be reached, or put what it holds into the repository.",
    )
