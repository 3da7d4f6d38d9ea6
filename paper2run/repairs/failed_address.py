"""Leaves out a requirement by address that cannot be fetched or installed.

What the index has of that name stays. Reads which host is out of reach; whatever else fails in that one step, the rest
can do without.
"""

from typing import Final
from urllib.parse import urlsplit

from paper2run.failures.failed_attempt import FailedAttempt, repaired
from paper2run.failures.failure_log import telling_line
from paper2run.failures.unreached_hosts import unreached
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.outcome import BuildFailed
from paper2run.planning.addressed_steps import addressed_steps

NAME: Final = "failed_address"


def repair(failed: FailedAttempt) -> Diagnosis | None:
    """Return the plan without the address whose step failed; None for any other step."""
    if not isinstance(failed.failure, BuildFailed):
        return None
    asked = addressed_steps(failed.facts, failed.planned.commit_day)
    lost = next((step for step in asked if step.command in failed.failure.step), None)
    if lost is None:
        return None
    host = unreached(failed.lines)
    why = f"{host.match['host']} cannot be reached from here" if host else "it fails to install"
    # What else that host has would fail the next builds.
    alike = [
        step for step in asked if host and urlsplit(step.address).hostname == host.match["host"]
    ]
    commands = {step.command for step in (lost, *alike)}
    addresses = ", ".join(dict.fromkeys(step.address for step in (lost, *alike)))
    return repaired(
        failed,
        NAME,
        {"install_steps": tuple(s for s in failed.plan.install_steps if s not in commands)},
        reason=f"left out {addresses}, which {lost.source} requires: {why}",
        evidence=host.line if host else telling_line(failed.failure),
        cause="registry_unreachable" if host else "build_error",
        confidence="medium",
    )
