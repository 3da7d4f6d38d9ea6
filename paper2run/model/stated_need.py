"""A need that a model states, with the words of the repository or of the log that show it."""

from typing import Annotated, Literal

from pydantic import StringConstraints

from paper2run.model.value import Value

StatedKind = Literal["gpu", "data", "service", "licence", "platform"]


class StatedNeed(Value):
    """One thing outside the repository that a model says its work needs."""

    kind: StatedKind
    what: Annotated[str, StringConstraints(min_length=1, max_length=120, strip_whitespace=True)]
    """In a few words: `the weights of the paper`, `a licence of MATLAB`."""
    quote: Annotated[str, StringConstraints(min_length=1, max_length=400)]
    """Literally in what the model was shown; code checks that."""
    by: str = ""
    """`model:<name>`."""
