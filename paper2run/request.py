"""What one run was asked to do, as the flow's parameters, and the settings that follow from it."""

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from paper2run.errors import UserError
from paper2run.model.outcome import Rung
from paper2run.model.value import Value
from paper2run.settings import Settings


class Request(Value):
    """The user's flags; empty or None means: as the settings say."""

    repo: str
    ref: str = ""
    paper: str = ""
    out: str = ""
    timeout: int | None = None
    max_attempts: int | None = None
    model: str = ""
    base_url: str = ""
    dry_run: bool = False
    smoke: str = ""
    no_cache: bool = False
    target: Rung = "smoke"


def settings_for(request: Request) -> Settings:
    """Return the settings with the request's flags over them. UserError if one is out of its range."""
    flags: dict[str, Any] = {
        "out": Path(request.out) if request.out else None,
        "timeout": request.timeout,
        "max_attempts": request.max_attempts,
        "model": request.model or None,
        "base_url": request.base_url or None,
    }
    try:
        return Settings(**{name: value for name, value in flags.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else "a setting"
        raise UserError(
            f"{name}: {first['msg']}, got {first.get('input')!r}",
            next_step=f"change --{name.replace('_', '-')} or PAPER2RUN_{name.upper()}",
        ) from None
