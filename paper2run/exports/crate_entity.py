"""One node of a research object's graph, before any library writes it.

https://www.researchobject.org/ro-crate/specification/1.1/
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

TOOL: Final = "#paper2run"
REPOSITORY: Final = "#repository"
"""The repository's id where it has no address."""
Ref = dict[str, str]


@dataclass(frozen=True)
class Entity:
    """A node: its id, its types, and its properties as JSON."""

    id: str
    types: tuple[str, ...]
    properties: dict[str, Any] = field(default_factory=dict)

    @property
    def ref(self) -> Ref:
        """What other nodes hold to mean this one."""
        return ref(self.id)


def ref(id_: str) -> Ref:
    """Return a reference to a node."""
    return {"@id": id_}


def file_ref(path: str) -> Ref:
    """Return a reference to a file of the crate."""
    return ref(quote(path))


def compact(values: Iterable[Any]) -> Any:
    """Return a list, or its only value: so the specification wants it."""
    found = list(values)
    return found[0] if len(found) == 1 else found


def given(**properties: Any) -> dict[str, Any]:
    """Return the properties without those that are empty."""
    return {name: value for name, value in properties.items() if value not in ("", None, [])}


def moment(when: datetime) -> str:
    """Return a time as the validators' pattern has it: `2026-11-30T15:38:55+00:00`."""
    return when.isoformat(timespec="seconds")
