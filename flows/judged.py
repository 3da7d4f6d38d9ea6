"""A model's opinion of what a finished run has shown."""

from paper2run.errors import ModelError
from paper2run.model.needs import Site
from paper2run.model.repo import Checkout
from paper2run.model.report import Attempt, Verdict
from paper2run.settings import Settings
from paper2run.verdicts.needs import needs_of
from paper2run.verdicts.opinions import wants_opinion, with_opinion
from tasks.judge import judge
from tasks.running.records import RunFolder, read_facts_of
from tasks.running.stages import Stages


def judged(
    run: RunFolder,
    checkout: Checkout,
    verdict: Verdict,
    attempts: tuple[Attempt, ...],
    site: Site,
    settings: Settings,
) -> Verdict:
    """Return the verdict after the model's opinion.

    Without a model, and where the verdict leaves no room for one, it stays; a model that fails changes nothing.
    """
    if not settings.planner_model or not wants_opinion(verdict):
        return verdict
    folder = str(run.path)
    facts = read_facts_of(run)
    try:
        opinion = Stages(run).run(judge, checkout, verdict, attempts, facts, site, folder, settings)
    except ModelError as error:
        run.note(f"no opinion of the model: {error.what}; {error.hint}", stage="judge")
        return verdict
    run.event(f"{opinion.by}: shows: {opinion.shows}: {opinion.reason}")
    return with_opinion(verdict, opinion, site, needs_of(facts, site))
