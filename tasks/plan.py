"""Stage `plan`: rules make the plan; a model makes it where they doubt their answer, or when asked to."""

from pathlib import Path
from typing import Any, Final

from paper2run.digests import digest_of
from paper2run.formats.tree import RepoTree
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.environment import Asked, PlannedEnvironment
from paper2run.model.facts import RepoFacts
from paper2run.model.repo import Checkout, Paper
from paper2run.planners.prompt import planner_id
from paper2run.settings import Settings
from tasks.drivers.model.tape import tape_state
from tasks.running.caching import stage
from tasks.running.key_block import with_model_key
from tasks.running.progress_log import PROGRESS
from tasks.running.records import RunFolder

TIMEOUT_S: Final = 1800
"""More than an exchange with a model may take."""


def _key(given: Any) -> tuple[str, ...]:
    return (
        given["checkout"].commit,
        digest_of(given["facts"]),
        given["paper"].digest,
        given["asked"].model_dump_json(),
        ",".join(given["offered"]),
        given["settings"].planner,
        planner_id(given["settings"]),
        tape_state(given["settings"]),
    )


@stage("plan", timeout_s=TIMEOUT_S, key=_key)
def plan(
    checkout: Checkout,
    folder: str,
    facts: RepoFacts,
    paper: Paper,
    asked: Asked,
    run_folder: str,
    offered: tuple[str, ...],
    settings: Settings,
) -> PlannedEnvironment | Diagnosis:
    """Return a plan for the commit that lies in `folder`, or the stop that says why there can be none.

    `offered` are the base images that a model may choose from; empty where a registry has all.
    ModelError if the model is to plan and cannot; that is not cached, so the next run asks again.
    """
    # Imported by the work alone: a kept answer needs none of it.
    from paper2run.planners import rules
    from paper2run.planners.weakness import doubts
    from paper2run.planning.evidence import Evidence

    tree = RepoTree.of(Path(folder))
    found = rules.plan(Evidence(facts, frozenset(tree.files), asked))
    weak = doubts(found, facts)
    if not _is_for_the_model(found, weak, settings):
        return found
    from paper2run.planners.adoption import adopt, stopped
    from paper2run.planners.known import known_of
    from paper2run.planners.model_decision import ModelStop
    from tasks.beyond import Looking
    from tasks.drivers.model import conversation

    PROGRESS.info(f"the model is asked for a plan: {'; '.join(weak) or 'as told'}")
    rules_plan = found if isinstance(found, PlannedEnvironment) else None
    if isinstance(found, Diagnosis):
        weak = (found.decision.reason,)
    known = known_of(tree, facts, paper, offered)
    keyed, model = with_model_key(settings), settings.planner_model
    run = RunFolder.at(run_folder)
    base = rules_plan.plan.base_image if rules_plan else ""
    beyond = Looking(run, settings, asked.commit_day, base_image=base)
    made = conversation.plan(keyed, known, rules_plan, weak, run.path / "logs", beyond)
    if isinstance(made, ModelStop):
        if isinstance(found, Diagnosis) and not made.is_shown:
            return found
        return stopped(made, rules_plan, model)
    return adopt(made, rules_plan, weak, facts, asked, model)


def _is_for_the_model(
    found: PlannedEnvironment | Diagnosis, weak: tuple[str, ...], settings: Settings
) -> bool:
    """Whether the model plans; a repository without code needs no plan."""
    if not settings.planner_model or (isinstance(found, Diagnosis) and found.cause == "no_code"):
        return False
    return settings.planner == "model" or bool(weak)
