"""Rules plan a situation with a `plan.json` from its checkout alone; a stop is compared too.

`Dockerfile` beside it is the plan as rendered. New ones: `touch plan.json`, then --write-expected.
"""

import json
from pathlib import Path

import pytest

from paper2run.detectors import read_facts
from paper2run.formats.tree import RepoTree
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.environment import Asked, PlannedEnvironment
from paper2run.model.repo import Checkout
from paper2run.planners import rules
from paper2run.planning.evidence import Evidence
from paper2run.rendering.dockerfile import dockerfile
from tests.cases import REPOS, situation

CASES = [path.parent for path in sorted(REPOS.glob("*/plan.json"))]
COMMIT = "1" * 40


def planned_from(folder: Path) -> PlannedEnvironment | Diagnosis:
    case = situation(folder)
    tree = RepoTree.of(folder / "repo")
    asked = Asked(name=case.name or folder.name, commit=COMMIT, commit_day=case.commit_day)
    return rules.plan(Evidence(read_facts(tree), frozenset(tree.files), asked))


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_a_situation_gives_exactly_its_plan(folder: Path, write_expected: bool) -> None:
    planned = planned_from(folder)
    found = planned.model_dump(mode="json", exclude_defaults=True)
    expected = folder / "plan.json"
    if write_expected:
        expected.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    assert found == json.loads(expected.read_text())
    if isinstance(planned, PlannedEnvironment):
        checkout = Checkout(url="", name=folder.name, commit=COMMIT, mirror="")
        rendered = dockerfile(checkout, planned)
        if write_expected:
            (folder / "Dockerfile").write_text(rendered)
        assert rendered == (folder / "Dockerfile").read_text()


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_planning_twice_gives_the_same_bytes(folder: Path) -> None:
    first, second = (planned_from(folder).model_dump_json() for _ in range(2))
    assert first == second


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_every_decision_of_a_plan_has_a_reason(folder: Path) -> None:
    planned = planned_from(folder)
    if isinstance(planned, Diagnosis):
        assert planned.source.path or planned.cause == "no_code"
        assert planned.evidence and planned.smallest_change
        return
    reasons = " ".join(reason.decision for reason in planned.reasons)
    assert all(package in reasons for package in planned.plan.system_packages)
    assert planned.plan.smoke_command in reasons
    assert planned.smoke_proves
