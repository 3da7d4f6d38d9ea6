"""Writes the JSON Schemas of the records that programs read, into docs/schemas/.

Run `python -m benchmarks.list_schemas` after a change of a model that `paper2run/exports/schemas.py` lists. It refuses
a change that readers would not survive until the record's version there is raised by one.
"""

import json
from pathlib import Path
from typing import Final

from paper2run.exports.schema_changes import Node, incompatible
from paper2run.exports.schemas import PUBLISHED, as_text, schema_of

FOLDER: Final = Path(__file__).parents[1] / "docs" / "schemas"


def path_of(name: str) -> Path:
    """Return the file of a record's schema."""
    return FOLDER / f"{name}.schema.json"


def breaks(committed: Node, now: Node) -> tuple[str, ...]:
    """Return the incompatible changes that lack a new version; empty if there is none."""
    return incompatible(committed, now) if committed["$id"] == now["$id"] else ()


def write() -> None:
    """Write all schemas. SystemExit for an incompatible change without a new version."""
    FOLDER.mkdir(exist_ok=True)
    for name in PUBLISHED:
        path, now = path_of(name), schema_of(name)
        changes = breaks(json.loads(path.read_text("utf-8")), now) if path.exists() else ()
        if changes:
            raise SystemExit(
                f"{name}.json changes incompatibly: {'; '.join(changes)}\n"
                f"raise its version in paper2run/exports/schemas.py, or keep what was there"
            )
        path.write_text(as_text(now), "utf-8")


if __name__ == "__main__":
    write()
