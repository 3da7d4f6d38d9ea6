"""The planner without a model: asks the providers in order, and stops if none of them can plan."""

from pydantic import ValidationError

from paper2run.model.diagnosis import Diagnosis
from paper2run.model.environment import PlannedEnvironment
from paper2run.model.plan_text import refused_words
from paper2run.planners.stops import dead_end, unplannable, without_plan
from paper2run.planning.coverage import own_facts, with_coverage
from paper2run.planning.evidence import Evidence
from paper2run.providers import PROVIDERS


def plan(evidence: Evidence) -> PlannedEnvironment | Diagnosis:
    """Return the first provider's plan, or the stop that says why no provider has one."""
    evidence = evidence._replace(facts=own_facts(evidence.facts))
    stop = dead_end(evidence)
    if stop is not None:
        return stop
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
            return with_coverage(planned, evidence, provider.NAME)
    return without_plan(evidence)
