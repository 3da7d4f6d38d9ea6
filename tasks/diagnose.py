"""Stage `diagnose`: the repair rules first, then the model if there is one."""

from typing import Any, Final

from paper2run.broken import Broken
from paper2run.digests import digest_of
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.environment import PlannedEnvironment
from paper2run.model.facts import RepoFacts
from paper2run.model.outcome import BuildFailed, SmokeFailed, Verification
from paper2run.model.repo import Checkout
from paper2run.repairs import diagnose as by_rules
from tasks.caching import stage

RULES: Final = ("paper2run/*.py", "paper2run/data/*", "paper2run/repairs/*.py")
TIMEOUT_S: Final = 300


def _key(given: Any) -> tuple[str, ...]:
    return (
        given["checkout"].commit,
        digest_of(given["planned"], given["failure"], given["verification"], given["facts"]),
    )


@stage("diagnose", timeout_s=TIMEOUT_S, rules=RULES, key=_key)
def diagnose(
    checkout: Checkout,
    planned: PlannedEnvironment,
    failure: BuildFailed | SmokeFailed,
    verification: Verification,
    facts: RepoFacts,
) -> Diagnosis | None:
    """Return what is to be done about the failure; None where nobody can say."""
    return by_rules(Broken(failure, planned, facts, verification))
