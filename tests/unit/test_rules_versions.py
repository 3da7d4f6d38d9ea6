"""A stage's rules' version covers the modules that make its answer."""

import ast
from collections.abc import Iterator
from pathlib import Path

import tasks.resolve as resolve_stage
from tasks.caching import ROOT


def imported(path: Path) -> Iterator[Path]:
    """Yield the modules of the drivers that a file imports, itself first, each once."""
    waiting, seen = [path], set()
    for current in waiting:
        if current in seen:
            continue
        seen.add(current)
        yield current
        for node in ast.walk(ast.parse(current.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tasks.drivers"):
                named = [f"{node.module}.{alias.name}" for alias in node.names]
                files = [
                    ROOT / f"{name.replace('.', '/')}.py" for name in (node.module or "", *named)
                ]
                waiting += [file for file in files if file.is_file()]


def test_a_change_of_any_module_that_the_resolver_imports_makes_old_pins_worthless():
    covered = {path for pattern in resolve_stage.RULES for path in ROOT.glob(pattern)}
    needed = list(imported(Path(resolve_stage.__file__)))
    assert ROOT / "tasks/drivers/offered_releases.py" in needed
    assert [path.name for path in needed if path not in covered] == []
