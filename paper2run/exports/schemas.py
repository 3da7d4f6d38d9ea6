"""JSON Schemas of the records that programs read, from the models that write them.

https://json-schema.org/draft/2020-12. A schema allows fields that it does not name: the next version may have more.
"""

import json
from typing import Any, Final, NamedTuple

from paper2run.model.claims import ClaimLedger
from paper2run.model.environment import PlannedEnvironment
from paper2run.model.facts import RepoFacts
from paper2run.model.inventory import Inventory
from paper2run.model.repo import Overview
from paper2run.model.report import Attempt, Metadata
from paper2run.model.value import Value

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


class Published(NamedTuple):
    """A record with a schema."""

    model: type[Value]
    version: int
    """Raised by one for a change that readers of the version before would not survive."""


PUBLISHED: Final[dict[str, Published]] = {
    "metadata": Published(Metadata, 1),
    "plan": Published(PlannedEnvironment, 1),
    "repo_facts": Published(RepoFacts, 1),
    "repo": Published(Overview, 1),
    "claims": Published(ClaimLedger, 1),
    "inventory": Published(Inventory, 1),
    "attempt": Published(Attempt, 1),
}
"""By the name of the record's file, without `.json`."""


def schema_of(name: str) -> dict[str, Any]:
    """Return the schema of a record, with its version in `$id`."""
    published = PUBLISHED[name]
    found: dict[str, Any] = _open(published.model.model_json_schema())
    return {"$schema": DIALECT, "$id": f"urn:paper2run:{name}:{published.version}", **found}


def as_text(schema: dict[str, Any]) -> str:
    """Return the schema as its file has it."""
    return json.dumps(schema, indent=2) + "\n"


def _open(node: Any) -> Any:
    """Return a part of a schema whose objects may have further fields."""
    if isinstance(node, list):
        return [_open(one) for one in node]
    if not isinstance(node, dict):
        return node
    is_closed = node.get("additionalProperties") is False
    return {
        key: _open(value)
        for key, value in node.items()
        if not (is_closed and key == "additionalProperties")
    }
