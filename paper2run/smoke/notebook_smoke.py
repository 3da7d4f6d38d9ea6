"""The smoke commands of notebooks that are the work itself."""

from paper2run.model.environment import SmokeChoice
from paper2run.model.facts import RepoFacts
from paper2run.python.notebook_runs import run_command, started_notebooks


def notebook_smokes(facts: RepoFacts) -> list[SmokeChoice]:
    """Return the runs of the notebooks that a reader would open first."""
    return [
        SmokeChoice(
            kind="notebook",
            command=run_command(fact.name),
            proves=f"the notebook {fact.name} runs to its end",
            source=fact.source,
        )
        for fact in started_notebooks(facts)
    ]
