"""Stops where a step of the build asks a host that cannot be reached from here.

Reads git (`unable to access 'https://host/…': Could not resolve host: host`), curl, wget, ssh, npm, Java and
Go. What the package index does or does not answer never comes here: that is the host's trouble and is tried again.
"""

import re
from typing import Final

from paper2run.failures.failed_attempt import FailedAttempt, stopped
from paper2run.failures.failure_log import last_hit, last_traceback
from paper2run.failures.silent_index import RETRYING
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.outcome import BuildFailed

NAME: Final = "no_network_at_build"
HOST: Final = r"(?<![\w.-])(?P<host>[A-Za-z0-9][\w.-]*\.[\w-]+)"
UNREACHED: Final = (
    re.compile(r"unable to access '?https?://(?:[^@/']*@)?" + HOST),
    re.compile(r"Could not resolve host(?:name)?:? '?" + HOST),
    re.compile(r"unable to resolve host address [‘'`]" + HOST),
    re.compile(r"Failed to connect to " + HOST),
    re.compile(r"ssh: connect to host " + HOST),
    re.compile(r"getaddrinfo (?:EAI_AGAIN|ENOTFOUND) " + HOST),
    re.compile(r"UnknownHostException: " + HOST),
    re.compile(r"dial tcp: lookup " + HOST),
    re.compile(HOST + r".*: (?:Temporary failure in name resolution|Name or service not known)"),
    re.compile(r"(?P<host>)(?:Temporary failure in name resolution|Name or service not known)"),
)


def repair(failed: FailedAttempt) -> Diagnosis | None:
    """Return the stop with the host's name; None for smoke runs, which have no network on purpose."""
    if not isinstance(failed.failure, BuildFailed):
        return None
    # A try that failed is no end; an error that came after is another one.
    lines = [line for line in last_traceback(failed.lines) if RETRYING not in line]
    hit = last_hit(lines, *UNREACHED)
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
