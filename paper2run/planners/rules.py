"""The planner without a model: asks the providers in order, and stops if none of them can plan."""

from pydantic import ValidationError

from paper2run.model.diagnosis import Diagnosis
from paper2run.model.environment import PlannedEnvironment
from paper2run.model.plan_text import refused_words
from paper2run.planners.dead_ends import dead_end
from paper2run.planners.stops import unplannable, without_plan
from paper2run.planning.coverage import own_facts, with_coverage
from paper2run.planning.era import told, with_era
from paper2run.planning.evidence import Evidence
from paper2run.planning.leading_language import without_lead
from paper2run.providers import PROVIDERS


def plan(evidence: Evidence) -> PlannedEnvironment | Diagnosis:
    """Return the first provider's plan, or the stop that says why no provider has one."""
    evidence, era = with_era(evidence._replace(facts=own_facts(evidence.facts)))
    stop = dead_end(evidence)
    if stop is not None:
        return stop
    # In doubt which code leads, the runner-up may be the one that can be planned.
    second = without_lead(evidence)
    for asked in (evidence,) if second is None else (evidence, second):
        proposed = _first_proposed(asked)
        if isinstance(proposed, Diagnosis):
            return proposed
        if proposed is not None:
            return told(with_coverage(*proposed, evidence), era)
    return without_plan(evidence)


def _first_proposed(evidence: Evidence) -> tuple[PlannedEnvironment, str] | Diagnosis | None:
    """Return the first plan with its provider's name, or the stop of names that no plan may hold."""
    for provider in PROVIDERS:
        try:
            planned = provider.propose(evidence)
        except ValidationError as error:
            # A name or marker that reads as a command: `tomli; python_version < "3; sudo x"`.
            refused = refused_words(error)
            if not refused:
                raise
            return unplannable(refused)
        if planned is not None:
            return planned, provider.NAME
    return None
