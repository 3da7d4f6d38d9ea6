"""Says what a `.env` file in the start folder of a command may set: harmless settings only.

Such a folder may be a stranger's clone. Endpoints, keys, networks, limits of containers, homes and
stores come from the environment or from the user's own settings file
(`paper2run.settings.user_file`).
"""

import io
from pathlib import PurePath
from typing import Final, NamedTuple

from dotenv import dotenv_values

NAME: Final = ".env"
OUT: Final = "PAPER2RUN_OUT"
HARMLESS: Final = frozenset(
    {OUT, "PAPER2RUN_TIMEOUT", "PAPER2RUN_MAX_ATTEMPTS", "PAPER2RUN_PLANNER", "PAPER2RUN_PROGRESS"}
)
"""They change how long, how often, how and where below the folder a run works; none sends anything anywhere."""
OURS: Final = ("PAPER2RUN_", "PREFECT_", "NVIDIA_")
"""Beginnings of the names that a person would expect to count; other programs' variables are passed over silently."""
MAX_CHARACTERS: Final = 65_536


class Harmless(NamedTuple):
    """What was taken of a file."""

    values: dict[str, str]
    """By variable, as written."""
    ignored: tuple[str, ...]
    """Variables of ours or Prefect's that such a file cannot set, sorted."""


def harmless(text: str) -> Harmless:
    """Return what the text of a `.env` file may set; text beyond `MAX_CHARACTERS` is ignored."""
    # Without interpolation: a value must not quote the user's other variables.
    found = dotenv_values(stream=io.StringIO(text[:MAX_CHARACTERS]), interpolate=False)
    values, ignored = {}, []
    for name, value in found.items():
        if name in HARMLESS and value and (name != OUT or _is_below(value)):
            values[name] = value
        elif name.startswith(OURS):
            ignored.append(name)
    return Harmless(values, tuple(sorted(ignored)))


def _is_below(path: str) -> bool:
    pure = PurePath(path)
    return not pure.is_absolute() and ".." not in pure.parts and not path.startswith("~")
