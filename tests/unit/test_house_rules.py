"""Rules of the house that no linter knows."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOREIGN_COPIES = {"tasks/running/sharing.py": 2}
"""Copies of Prefect's own models, which have no `changed`."""
MAX_FUNCTION_LINES = 60


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Yield all our modules: path and syntax tree."""
    for folder in ("flows", "tasks", "paper2run"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text())


def test_values_change_by_a_checked_copy():
    # `model_copy(update=...)` takes names that do not exist and values of any type.
    found = {
        name: copies
        for name, tree in modules()
        if (
            copies := sum(
                isinstance(node, ast.Attribute) and node.attr == "model_copy"
                for node in ast.walk(tree)
            )
        )
    }

    assert found == FOREIGN_COPIES
