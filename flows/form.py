"""Parameters that the flows share, and how their descriptions reach the UI's form."""

import inspect
from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar, get_type_hints

from pydantic import Field
from pydantic.fields import FieldInfo

from paper2run.model.outcome import Rung

Timeout = Annotated[int | None, Field(description="Seconds per smoke run; empty: 900", ge=1)]
MaxAttempts = Annotated[int | None, Field(description="Builds in all; empty: 3", ge=1)]
Model = Annotated[str, Field(description="LiteLLM model string; empty: as set, else rules")]
BaseUrl = Annotated[str, Field(description="Address of an OpenAI-compatible endpoint")]
DryRun = Annotated[bool, Field(description="Plan and render only; no container")]
NoCache = Annotated[bool, Field(description="Compute every stage anew")]
RemoveImages = Annotated[
    bool, Field(description="Remove the images once the verdict is written; layers stay cached")
]
Target = Annotated[Rung, Field(description="Rung of the ladder to try for")]
Planner = Annotated[
    Literal["", "rules", "model", "auto"],
    Field(description="Who plans; empty: as set, else auto: the model where the rules doubt"),
]

F = TypeVar("F", bound=Callable[..., Any])


def described(function: F) -> F:
    """Give the docstring a section on the parameters: Prefect 3.8 takes a form's descriptions from there alone."""
    hints = get_type_hints(function, include_extras=True)
    lines = [
        f"    {name}: {field.description}"
        for name, hint in hints.items()
        for field in getattr(hint, "__metadata__", ())
        if isinstance(field, FieldInfo)
    ]
    function.__doc__ = "\n".join([inspect.getdoc(function) or "", "", "Args:", *lines])
    return function
