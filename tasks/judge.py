"""Stage `judge`: a model is asked what a finished run has shown."""

from collections.abc import Mapping
from typing import Any, Final

from paper2run.digests import digest_of
from paper2run.model.facts import RepoFacts
from paper2run.model.needs import Site
from paper2run.model.opinion import Opinion
from paper2run.model.repo import Checkout
from paper2run.model.report import Attempt, Verdict
from paper2run.planners.prompt import planner_id
from paper2run.planners.site_words import site_words
from paper2run.settings import Settings
from tasks.drivers.model.tape import tape_state
from tasks.running.caching import stage
from tasks.running.key_block import with_model_key
from tasks.running.records import RunFolder, read_paper_of

TIMEOUT_S: Final = 1800
"""More than an exchange with a model may take."""


def _key(inputs: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        inputs["checkout"].commit,
        digest_of(inputs["verdict"], inputs["facts"]),
        digest_of(*inputs["tried"]),
        planner_id(inputs["settings"]),
        tape_state(inputs["settings"]),
        site_words(inputs["site"], inputs["settings"]),
        read_paper_of(RunFolder.at(inputs["folder"])).digest,
    )


@stage("judge", timeout_s=TIMEOUT_S, key=_key)
def judge(
    checkout: Checkout,
    verdict: Verdict,
    tried: tuple[Attempt, ...],
    facts: RepoFacts,
    site: Site,
    folder: str,
    settings: Settings,
) -> Opinion:
    """Return what the model says that the run shows; `tried` are all attempts.

    ModelError if it cannot be asked.
    """
    # Imported by the work alone: a kept answer needs none of it.
    from paper2run.formats.tree import RepoTree
    from paper2run.planners.known import known_of
    from paper2run.verdicts.needs import needs_of
    from paper2run.verdicts.opinions import with_stated
    from tasks.beyond import Looking
    from tasks.drivers.model import conversation

    run, best = RunFolder.at(folder), tried[verdict.best_attempt - 1]
    tree = RepoTree.of(run.path / "repo")
    opinion = conversation.judge(
        with_model_key(settings),
        verdict,
        with_stated(needs_of(facts, site), verdict.needs),
        best,
        tried,
        known_of(tree, facts, read_paper_of(run), (), site_words(site, settings)),
        run.path / "logs",
        Looking(run, settings, best.planned.commit_day, best.built, best.planned.plan.base_image),
    )
    by = f"model:{settings.planner_model}"
    needs = tuple(need.changed(by=by) for need in opinion.needs)
    return opinion.changed(by=by, needs=needs)
