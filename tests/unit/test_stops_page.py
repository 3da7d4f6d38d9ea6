"""docs/verdicts.md lists every stop that the code can make, with the plans that its evidence excludes."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from paper2run.model.diagnosis import Cause, Reach
from paper2run.model.leading import Leading
from paper2run.model.needs import CAUSE_OF
from paper2run.model.value import DEFAULT
from paper2run.planning.toolchain_stops import PROPRIETARY, stop_for
from paper2run.verdicts.table import EXCLUDED_BY

ROOT = Path(__file__).parents[2]
ANY = frozenset(get_args(Reach))
OWN_OR_NOT = frozenset({"every-install", "this-plan"})
"""What `reach_of` returns."""
Row = tuple[str, str, str]
"""By, cause, what is excluded; an empty cause is one that the code computes."""


def listed() -> set[Row]:
    text = (ROOT / "docs" / "verdicts.md").read_text().partition("## What a stop proves")[2]
    found = set()
    for line in text.partition("\n## ")[0].splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("| `"):
            continue
        assert len(cells) == 5, line
        causes, by = re.findall(r"`(\w+)`", cells[0]), re.findall(r"`(\w+)`", cells[1])
        found |= {
            (one, cause, cells[3].replace(" ", "-")) for one in by or ["–"] for cause in causes
        }
    return found


def made() -> Iterator[Row]:
    """Yield every stop of the code."""
    for path in sorted((ROOT / "paper2run" / "repairs").glob("*.py")):
        for call in calls(path, "stopped"):
            [excludes] = [word.value for word in call.keywords if word.arg == "excludes"]
            for reach in reaches(excludes):
                yield path.stem, constant(call.args[1]), reach
    for name, call in stops_of_evidence():
        yield name, constant(call.args[0]), constant(call.args[5])
    for language in (*PROPRIETARY, "coq", "c"):
        found = stop_for(Leading(language=language, source=DEFAULT, signs=("x",), sure=True))
        yield "toolchain", found.cause, found.excludes
    for kind, cause in CAUSE_OF.items():
        yield "need", cause, EXCLUDED_BY[kind]


OF_EVIDENCE = ("dead_ends.py", "stops.py")
"""In `paper2run/planners/`."""


def calls(path: Path, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
            yield node


def stops_of_evidence() -> Iterator[tuple[str, ast.Call]]:
    texts = ((ROOT / "paper2run/planners" / name).read_text() for name in OF_EVIDENCE)
    for function in (node for text in texts for node in ast.parse(text).body):
        if isinstance(function, ast.FunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and ast.unparse(node.func) == "stop_by_evidence":
                    yield function.name.strip("_"), node


def reaches(node: ast.expr) -> set[str]:
    words = {part.value for part in ast.walk(node) if isinstance(part, ast.Constant)} & ANY
    return words | OWN_OR_NOT if "reach_of" in ast.unparse(node) else words


def constant(node: ast.expr) -> str:
    return str(node.value) if isinstance(node, ast.Constant) else ""


def test_every_stop_of_the_code_stands_on_the_page():
    rows = listed()
    for by, cause, reach in made():
        alike = {row for row in rows if (row[0], row[2]) == (by, reach)}
        assert any(row[1] == cause or not cause for row in alike), (by, cause, reach)


def test_every_row_of_the_page_is_a_stop_of_the_code():
    stops = set(made())
    for by, cause, reach in listed():
        assert by == "–" or (by, cause, reach) in stops or (by, "", reach) in stops, (by, cause)


def test_every_cause_of_the_closed_list_stands_on_the_page():
    assert {cause for _, cause, _ in listed()} == set(get_args(Cause))


def test_no_stop_is_made_elsewhere():
    """Diagnoses are made by these modules alone, so that the page can be complete."""
    makers = {
        path.relative_to(ROOT).as_posix()
        for folder in ("paper2run", "tasks", "flows")
        for path in (ROOT / folder).rglob("*.py")
        if "Diagnosis(" in path.read_text() and "class Diagnosis" not in path.read_text()
    }
    assert makers == {
        "paper2run/failures/failed_attempt.py",
        "paper2run/planners/adoption.py",
        "paper2run/planners/model_decision.py",
        "paper2run/planners/stops.py",
        "paper2run/planning/toolchain_stops.py",
        "paper2run/verdicts/judgement.py",
    }
