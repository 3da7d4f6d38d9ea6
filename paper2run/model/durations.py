"""Durations as a person writes them: `15m`, `1h30m`, or a number of seconds."""

import re
from typing import Annotated, Final

from pydantic import BeforeValidator, Field

UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def seconds(given: object) -> object:
    """Return the seconds that `15m`, `2h`, `1h30m` or `900` mean; anything else as it is."""
    text = given.strip().lower() if isinstance(given, str) else ""
    if not re.fullmatch(r"(?:\d{1,7}[smhd])+", text):
        return given
    return sum(int(count) * UNITS[unit] for count, unit in re.findall(r"(\d+)([smhd])", text))


IN_SECONDS: Final = {"unit": "seconds"}
"""In the JSON schema of a field that takes `15m` too: up to a day, and up to a week for a whole run."""
DaySeconds = Annotated[
    int, Field(ge=1, le=86_400, json_schema_extra=IN_SECONDS), BeforeValidator(seconds)
]
RunSeconds = Annotated[
    int, Field(ge=1, le=604_800, json_schema_extra=IN_SECONDS), BeforeValidator(seconds)
]
