"""Stage `plan`: the rules plan; a model, where there is one, plans when it is asked for."""

from pathlib import Path
from typing import Any, Final

from paper2run.digests import digest_of
from paper2run.errors import ModelError
from paper2run.evidence import Evidence
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.environment import Asked, PlannedEnvironment
from paper2run.model.facts import RepoFacts
from paper2run.model.repo import Checkout, Paper
from paper2run.planners import rules
from paper2run.settings import Settings
from paper2run.tree import RepoTree
from tasks.caching import stage
from tasks.diagnose import planner_id
from tasks.drivers import conversation
from tasks.records import PROGRESS, RunFolder

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
        planner_id(given["settings"]),
    )


@stage("plan", timeout_s=TIMEOUT_S, rules=RULES, key=_key)
def plan(
    checkout: Checkout,
    folder: str,
    facts: RepoFacts,
    paper: Paper,
    asked: Asked,
    run_folder: str,
    settings: Settings,
) -> PlannedEnvironment | Diagnosis:
    """Return a plan for the commit that lies in `folder`, or the stop that says why there can be none.

    The model is asked only where the rules know no way to run code that is there. If it fails, their stop holds.
    """
    paths = frozenset(RepoTree.of(Path(folder)).files)
    found = rules.plan(Evidence(facts, paths, asked))
    if (
        not settings.planner_model
        or isinstance(found, PlannedEnvironment)
        or found.cause == "no_code"
    ):
        return found
    try:
        drafted, usage = conversation.plan(settings, facts, paper, None, Path(run_folder) / "logs")
    except ModelError as error:
        PROGRESS.info(f"no help from the model: {error.what}")
        return found
    RunFolder.at(run_folder).count(usage)
    return PlannedEnvironment(
        plan=drafted, planner=f"model:{settings.planner_model}", commit_day=asked.commit_day
    )
