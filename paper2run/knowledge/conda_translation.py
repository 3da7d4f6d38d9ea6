"""Translates a conda package into a distribution of the index, Debian packages, or nothing.

The table (data/conda_names.json) holds only the names that differ; most packages have one name in both places.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final, TypedDict

from packaging.utils import canonicalize_name

OTHER_LANGUAGES: Final = {
    "r": "a package of R",
    "bioconductor": "a package of R",
    "perl": "a package of Perl",
}
"""First words of the names of packages that no Python code imports."""


class _Table(TypedDict):
    index: dict[str, str]
    debian: dict[str, list[str]]
    nothing: dict[str, str]


@dataclass(frozen=True)
class Translation:
    """One of the three is set."""

    distribution: str = ""
    """Normalised name on the index; only thought to be there where the table does not know the package."""
    debian: tuple[str, ...] = ()
    """Packages of Debian 12."""
    nothing: str = ""
    """Why nothing takes its place."""


def translated(name: str) -> Translation:
    """Return what takes the place of the conda package `name`."""
    key, table = canonicalize_name(name), _table()
    if key in table["debian"]:
        return Translation(debian=tuple(table["debian"][key]))
    if key in table["nothing"]:
        return Translation(nothing=table["nothing"][key])
    language = OTHER_LANGUAGES.get(key.partition("-")[0], "") if "-" in key else ""
    if language:
        return Translation(nothing=language)
    return Translation(distribution=table["index"].get(key, key))


@cache
def _table() -> _Table:
    text = (resources.files("paper2run") / "data" / "conda_names.json").read_text("utf-8")
    table: _Table = json.loads(text)
    return table
