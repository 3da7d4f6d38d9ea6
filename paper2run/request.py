"""What one run was asked to do, as the flow's parameters, and the settings that follow from it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from paper2run.errors import UserError
from paper2run.model.outcome import Rung
from paper2run.model.plan_text import ShellCommand
from paper2run.model.value import Value
from paper2run.settings import PlannerChoice, Settings


class Request(Value):
    """The user's flags; empty or None means: as the settings say."""

    repo: str
    ref: str = ""
    paper: str = ""
    out: str = ""
    timeout: int | None = None
    max_attempts: int | None = None
    planner: Literal["", PlannerChoice] = ""
    model: str = ""
    base_url: str = ""
    max_tokens: int | None = None
    max_cost_usd: float | None = None
    dry_run: bool = False
    smoke: str = ""
    no_cache: bool = False
    target: Rung = "smoke"
    remove_images: bool = False


def settings_for(request: Request) -> Settings:
    """Return the settings with the request's flags over them. UserError if one is out of its range, or no plan's."""
    flags: dict[str, Any] = {
        "out": Path(request.out) if request.out else None,
        "timeout": request.timeout,
        "max_attempts": request.max_attempts,
        "planner": request.planner or None,
        "model": request.model or None,
        "base_url": request.base_url or None,
        "max_tokens": request.max_tokens,
        "max_cost_usd": request.max_cost_usd,
    }
    settings = read_settings({name: value for name, value in flags.items() if value is not None})
    if settings.planner == "model" and not settings.planner_model:
        raise UserError(
            "a model is to plan, but none is set",
            hint="set --model and its provider's key, or NVIDIA_API_KEY, or use --planner rules",
        )
    _need_plannable(request.smoke)
    return settings


def read_settings(flags: Mapping[str, Any] | None = None) -> Settings:
    """Return the settings with the flags over them. UserError if one is out of its range."""
    try:
        return Settings(**(flags or {}))
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else "a setting"
        raise UserError(
            f"{name}: {first['msg']}, got {first.get('input')!r}",
            hint=f"change --{name.replace('_', '-')} or PAPER2RUN_{name.upper()}",
        ) from None


def _need_plannable(smoke: str) -> None:
    """UserError where the user's command is none that a plan may hold."""
    if not smoke:
        return
    try:
        TypeAdapter(ShellCommand).validate_python(smoke)
    except ValidationError as error:
        raise UserError(
            f"--smoke: {error.errors()[0]['msg'].removeprefix('Value error, ')}",
            hint="name a command that a plan may hold, or put it into a script of the repository",
        ) from None
