"""Flags that the commands share."""

from typing import Annotated, Literal

import typer

Timeout = Annotated[
    int | None,
    typer.Option(min=1, help="Seconds per smoke run.  [default: 900]", show_default=False),
]
MaxAttempts = Annotated[
    int | None,
    typer.Option(min=1, help="Builds in all, repairs included.  [default: 3]", show_default=False),
]
Planner = Annotated[
    Literal["", "rules", "model", "auto"],
    typer.Option(
        help="Who plans: rules, model, or auto: the model where the rules doubt.  [default: auto]",
        show_default=False,
    ),
]
Model = Annotated[str, typer.Option(help="LiteLLM model string of the planner.")]
BaseUrl = Annotated[str, typer.Option(help="Address of an OpenAI-compatible endpoint.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Plan and render only; no container.")]
Target = Annotated[Literal["smoke", "tests"], typer.Option(help="Rung of the ladder to try for.")]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Compute every stage anew.")]
ShowTraceback = Annotated[bool, typer.Option("--traceback", help="Show tracebacks.")]
