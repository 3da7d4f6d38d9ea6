"""Parameters that the flows share, as the UI's form shows them."""

from typing import Annotated, Literal

from pydantic import Field

from paper2run.model.outcome import Rung

Timeout = Annotated[int | None, Field(description="Seconds per smoke run; empty: 900", ge=1)]
MaxAttempts = Annotated[int | None, Field(description="Builds in all; empty: 3", ge=1)]
Model = Annotated[str, Field(description="LiteLLM model string; empty: as set, else rules")]
BaseUrl = Annotated[str, Field(description="Address of an OpenAI-compatible endpoint")]
DryRun = Annotated[bool, Field(description="Plan and render only; no container")]
NoCache = Annotated[bool, Field(description="Compute every stage anew")]
Target = Annotated[Rung, Field(description="Rung of the ladder to try for")]
Planner = Annotated[
    Literal["", "rules", "model", "auto"],
    Field(description="Who plans; empty: as set, else auto: the model where the rules doubt"),
]
