"""Stage `diagnose`: the repair rules first, then the model if there is one."""

from collections.abc import Mapping
from typing import Any, Final

from paper2run.digests import digest_of
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.facts import RepoFacts
from paper2run.model.repo import Checkout
from paper2run.model.report import Attempt
from paper2run.planners.prompt import planner_id
from paper2run.planners.site_words import site_words
from paper2run.settings import Settings
from paper2run.verdicts.needs import site_of
from tasks.drivers.model.tape import tape_state
from tasks.running.caching import stage
from tasks.running.key_block import with_model_key
from tasks.running.records import RunFolder, read_paper_of

TIMEOUT_S: Final = 1800
"""More than an exchange with a model may take."""


def _key(inputs: Mapping[str, Any]) -> tuple[str, ...]:
    settings: Settings = inputs["settings"]
    return (
        inputs["checkout"].commit,
        digest_of(inputs["done"], inputs["facts"]),
        digest_of(*inputs["tried"]),
        ",".join(inputs["offered"]),
        planner_id(settings),
        tape_state(settings),
        *(_told(inputs) if settings.planner_model else ()),
    )


def _told(inputs: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what a model is told beside the attempts; what the rules answer depends on none of it."""
    settings: Settings = inputs["settings"]
    return (
        read_paper_of(RunFolder.at(inputs["folder"])).digest,
        site_words(site_of(inputs["done"].planned, settings), settings),
    )


@stage("diagnose", timeout_s=TIMEOUT_S, key=_key)
def diagnose(
    checkout: Checkout,
    done: Attempt,
    facts: RepoFacts,
    tried: tuple[Attempt, ...],
    folder: str,
    offered: tuple[str, ...],
    settings: Settings,
) -> Diagnosis | None:
    """Return what to do about the attempt's failure; None if no rule or model recognises it.

    `tried` are the attempts before it, and this one again with every answer that led to a plan tried already;
    `offered` are the base images that a model may choose from, empty where a registry has all. ModelError if the
    rules have neither a repair nor a proof, and the model cannot be asked.
    """
    # Imported by the work alone: a kept answer needs none of it.
    from paper2run.rendering.dockerfile import dockerfile
    from paper2run.verdicts.judgement import judge

    found = judge(done, tried, facts)
    if not settings.planner_model or (found is not None and _is_settled(found)):
        return found
    from paper2run.formats.tree import RepoTree
    from paper2run.planners.known import known_of
    from paper2run.planners.model_decision import as_diagnosis
    from tasks.beyond import Looking
    from tasks.drivers.model import conversation

    run = RunFolder.at(folder)
    tree, site = (
        RepoTree.of(run.path / "repo"),
        site_words(site_of(done.planned, settings), settings),
    )
    decided = conversation.diagnose(
        with_model_key(settings),
        done,
        dockerfile(checkout, done.planned),
        known_of(tree, facts, read_paper_of(run), offered, site),
        tried,
        run.path / "logs",
        Looking(run, settings, done.planned.commit_day, done.built, done.planned.plan.base_image),
    )
    if decided.answer == "engine":
        said = decided.decision.reason
        run.note(
            f"the model takes this for a fault of the machine or of the build, not of the repository: {said}"
        )
        return found
    if found is not None and not decided.is_shown:
        # What the rules say without proof is still worth more than a model's word without a quote.
        return found
    return as_diagnosis(decided, done, settings.planner_model)


def _is_settled(found: Diagnosis) -> bool:
    """Whether the rules repair, or prove that nothing can be had; of all else the model may know better."""
    return found.decision.new_plan is not None or found.excludes != "this-plan"
