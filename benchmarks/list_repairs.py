"""Writes docs/repairs.md: every repair rule in order, what it reads and does, and real examples.

Run `python -m benchmarks.list_repairs` after a change of a rule or of its cases.
"""

import inspect
import json
from pathlib import Path
from types import ModuleType
from typing import Final

from paper2run.repairs import REPAIRS

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = ROOT / "docs" / "repairs.md"
CASES: Final = ROOT / "tests" / "logs"
HEAD: Final = """\
# Repairs

What is done about a failed build or smoke run without asking a model. The rules are asked in this order, and the first
answer wins: a whole new plan, or a stop with its cause, its evidence and the smallest change that would help. Each
situation is a folder `tests/logs/<rule>/<case>/` with the log and the one answer that is right.

This page is written by `python -m benchmarks.list_repairs`; what it says stands in the rules' own docstrings.
"""


def page() -> str:
    """Return the page's text: a summary, one row a rule, then the rules."""
    return "\n".join([HEAD, _summary(), *(_section(rule) for rule in REPAIRS)])


def _summary() -> str:
    rows = "\n".join(map(_summary_row, REPAIRS))
    return f"| rule | what it does |\n|---|---|\n{rows}\n"


def _summary_row(rule: object) -> str:
    assert isinstance(rule, ModuleType)
    first = (inspect.getdoc(rule) or "").partition("\n")[0].replace("|", "\\|")
    return f"| [{rule.NAME}](#{rule.NAME}) | {first} |"


def _section(rule: object) -> str:
    assert isinstance(rule, ModuleType)
    name = rule.NAME
    rows = "\n".join(_row(folder) for folder in sorted((CASES / name).iterdir()))
    table = f"| situation | seen with | answer |\n|---|---|---|\n{rows}\n"
    return f"## {name}\n\n{inspect.getdoc(rule)}\n\n{table}"


def _row(folder: Path) -> str:
    case = json.loads((folder / "case.json").read_text("utf-8"))
    expected = case["expected"]
    changed = ", ".join(f"`{field}`" for field in expected.get("changes", {}))
    stop = "ends this plan" if expected.get("excludes") == "this-plan" else "stops"
    answer = f"changes {changed}" if changed else f"{stop}: `{expected.get('cause', '')}`"
    situation = folder.name.replace("_", " ")
    return f"| {situation} | {case['origin']} | {answer} |"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
