"""Prints records as JSON on stdout, for programs: `--json`."""

import json
from pathlib import Path
from typing import Any

from rich.console import Console

from paper2run.model.value import Value


def record(found: Value, folder: Path) -> dict[str, Any]:
    """Return the fields of a run's or a batch's record, and its folder."""
    return {**found.model_dump(mode="json"), "folder": str(folder)}


def print_json(console: Console, found: object) -> None:
    """Print it as it is: no colours, no wrapping."""
    console.file.write(json.dumps(found, indent=2) + "\n")
