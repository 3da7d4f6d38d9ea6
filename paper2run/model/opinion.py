"""What a model says that a finished run shows. It may lower a verdict, never raise one."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from paper2run.model.diagnosis import Cause
from paper2run.model.grade import Grade
from paper2run.model.stated_need import StatedNeed
from paper2run.model.value import Value

Shows = Literal["yes", "part", "no"]


class Opinion(Value):
    """The answer to: does what ran show what the documents say that the repository does?"""

    shows: Shows
    reason: Annotated[str, StringConstraints(min_length=1, max_length=1200)]
    confidence: Literal["low", "medium", "high"]
    grade: Grade | None = None
    """The most that was shown, in the model's view; None: as the rules graded it."""
    cause: Cause | None = None
    """For `no`, and for a failure: why the work cannot be done here."""
    needs: Annotated[tuple[StatedNeed, ...], Field(max_length=6)] = ()
    evidence: Annotated[
        tuple[Annotated[str, StringConstraints(min_length=1, max_length=400)], ...],
        Field(max_length=6),
    ] = ()
    """Quotes, literally in what the model was shown."""
    by: str = ""
    """`model:<name>`."""

    @model_validator(mode="after")
    def _claims_stand_on_quotes(self) -> Self:
        if self.cause is not None and not self.evidence:
            raise ValueError("a cause needs a quote in evidence")
        return self
