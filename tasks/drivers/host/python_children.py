"""The environment of our Python child processes: they import nothing from their start folder."""

import os
from collections.abc import Mapping
from typing import Final

SAFE_CHILDREN: Final = {"PYTHONSAFEPATH": "1"}
"""Python started with `-m` puts no working folder on its path (Python 3.11, `-P`)."""


def children_environment(changes: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment with `changes` over it, for a child."""
    return {**os.environ, **changes, **SAFE_CHILDREN}
