"""The answer to a failure: the diagnostician's fixed contract, and what we keep beside it."""

from typing import Annotated, Literal, Self

from pydantic import StringConstraints, model_validator

from paper2run.model.environment import EnvPlan, GuessedDistribution
from paper2run.model.stated_need import StatedNeed
from paper2run.model.value import Source, Value

Cause = Literal[
    "needs_gpu",
    "missing_data",
    "dead_dependency",
    "dead_link",
    "unsupported_python",
    "unsupported_platform",
    "proprietary_toolchain",
    "unknown_toolchain",
    "missing_entrypoint",
    "absent_module",
    "external_service",
    "registry_unreachable",
    "out_of_memory",
    "out_of_disk",
    "timeout",
    "no_code",
    "unresolvable",
    "build_error",
    "code_error",
    "undiagnosed",
]
"""The closed list by which batches are counted. What proves each of them: docs/verdicts.md.

absent_module: code imports what neither the repository nor an index has; missing_entrypoint: documents start what is
not there, is empty or wants a person; undiagnosed: the log says nothing.
"""


Reach = Literal["every-plan", "every-install", "this-plan"]
"""What the evidence of a stop excludes.

every-plan: no environment at all has what is missing, such as a GPU, Windows, or code that was never published.
every-install: it is missing whatever is installed; a recipe that fetches files or sets variables may still bring it.
this-plan: other versions, another interpreter or another build may get past it, so that it proves nothing of the
repository: where no candidate gets past it, the run ends without a stop.
"""


class Blame(Value):
    """The first error of a failure, what it is about, and who wanted that: the evidence chain."""

    error: str
    """The log's line that says first what went wrong; else how the program ended. At most 500 characters."""
    cause: Cause
    """The class of this error alone. A stop's own cause is stronger: it is proven."""
    confidence: Literal["low", "medium"]
    about: str = ""
    """The package, module, file or place in the code: `pymc 2.3.6`, `data/x.csv`, `train.py:12`; empty if unknown."""
    why: str = ""
    """Why it was wanted: `a requirement`, `guessed from import pymc`; empty if the log does not tell."""
    source: Source | None = None
    """Who wanted it: the line of the requirement, the import or the code; None if unknown."""

    @property
    def wanted_by(self) -> str:
        """Why it was wanted, and the line that shows it: `guessed from import pymc, mcmc.py:468`."""
        return ", ".join(filter(None, (self.why, str(self.source or ""))))

    def __str__(self) -> str:
        """Return the chain in one line: `pymc 2.3.6 (guessed from import pymc, mcmc.py:468): error: …`."""
        about = f"{self.about} ({self.wanted_by})" if self.about and self.wanted_by else self.about
        # A compiler's line begins with the place that it is about.
        return self.error if self.error.startswith(self.about) else f"{about}: {self.error}"


class DiagnosisDecision(Value):
    """Stop, or repair by a whole new plan. The names are a fixed contract."""

    decision: Literal["stop", "repair"]
    reason: Annotated[str, StringConstraints(min_length=1, max_length=4000)]
    confidence: Literal["low", "medium", "high"]
    new_plan: EnvPlan | None = None
    """Required for a repair, absent for a stop."""

    @model_validator(mode="after")
    def _plan_goes_with_repair(self) -> Self:
        if (self.decision == "repair") != (self.new_plan is not None):
            raise ValueError("new_plan is required for a repair and must be absent for a stop")
        return self


class Lack(Value):
    """What a stop says is not there, in a form that can be put in place for a trial."""

    kind: Literal["file", "module", "variable", "gpu"]
    name: str = ""
    """Path as the command names it, dotted module, or environment variable; empty for a GPU."""


class Diagnosis(Value):
    """A decision with the evidence it stands on."""

    decision: DiagnosisDecision
    by: str
    """Name of the repair rule, or `model:<name>`."""
    cause: Cause
    evidence: str = ""
    """The log line that shows it."""
    source: Source
    """Where in the log or in the repository the evidence stands."""
    excludes: Reach = "this-plan"
    """For a stop: the plans that its evidence excludes."""
    smallest_change: str = ""
    """For a stop: the least that the user or the author would have to change."""
    lacks: Lack | None = None
    """For a stop: what is not there; None where it is nothing that a stand-in could replace."""
    guesses: tuple[GuessedDistribution, ...] = ()
    """Names in the new plan that were chosen for modules only because they look alike."""
    required: tuple[str, ...] = ()
    """Normalised names that the new plan may no longer leave out."""
    pythons: tuple[str, ...] = ()
    """Interpreters that the new plan allows, best first; empty: as before."""
    diff: tuple[str, ...] = ()
    """For a repair: the lines in which the new plan differs from the one that failed."""
    needs: tuple[StatedNeed, ...] = ()
    """What a model says that the work needs beside it."""
    of_attempt: int = 0
    """The attempt whose plan is repaired, if an earlier one came further; 0: the failed one."""

    @property
    def is_models(self) -> bool:
        """True if a model made it, not a rule."""
        return self.by.startswith("model:")
