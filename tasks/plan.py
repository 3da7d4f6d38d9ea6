"""Stage `plan`: the rules plan; a model, where there is one, plans when it is asked for."""

from pathlib import Path
from typing import Any, Final

from paper2run.digests import digest_of
from paper2run.evidence import Evidence
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.environment import Asked, PlannedEnvironment
from paper2run.model.facts import RepoFacts
from paper2run.model.repo import Checkout, Paper
from paper2run.planners import rules
from paper2run.tree import RepoTree
from tasks.caching import stage

RULES: Final = (
    "paper2run/*.py",
    "paper2run/data/*",
    "paper2run/providers/*.py",
    "paper2run/planners/**/*",
)
TIMEOUT_S: Final = 900


def _key(given: Any) -> tuple[str, ...]:
    return (
        given["checkout"].commit,
        digest_of(given["facts"]),
        given["paper"].digest,
        given["asked"].model_dump_json(),
        given["planner"],
    )


@stage("plan", timeout_s=TIMEOUT_S, rules=RULES, key=_key)
def plan(
    checkout: Checkout,
    folder: str,
    facts: RepoFacts,
    paper: Paper,
    asked: Asked,
    planner: str,
) -> PlannedEnvironment | Diagnosis:
    """Return a plan for the commit that lies in `folder`, or the stop that says why there can be none."""
    paths = frozenset(RepoTree.of(Path(folder)).files)
    return rules.plan(Evidence(facts, paths, asked))
