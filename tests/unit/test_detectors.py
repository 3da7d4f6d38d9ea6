"""Every folder of tests/repos is a situation: its checkout in `repo/`, the facts it shows in `facts.json`.

`case.yaml` beside them says where the situation was met and which detectors are compared.
"""

import json
from pathlib import Path

import pytest
import yaml

from paper2run.detectors import DETECTORS
from paper2run.formats.tree import RepoTree
from paper2run.model.facts import RepoFacts

SITUATIONS = Path(__file__).parents[1] / "repos"
BY_NAME = {detector.NAME: detector for detector in DETECTORS}
CASES = [folder for folder in sorted(SITUATIONS.glob("*")) if (folder / "case.yaml").is_file()]


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_a_situation_shows_exactly_its_facts(folder: Path, write_expected: bool) -> None:
    case = yaml.safe_load((folder / "case.yaml").read_text())
    tree = RepoTree.of(folder / "repo")
    found = [fact for name in case["detectors"] for fact in BY_NAME[name].detect(tree)]
    facts = [
        fact.model_dump(mode="json", exclude_defaults=True) | {"kind": fact.kind} for fact in found
    ]
    expected = folder / "facts.json"
    if write_expected:
        lines = ",\n ".join(json.dumps(fact, ensure_ascii=False) for fact in facts)
        expected.write_text(f"[{lines}]\n")
    assert facts == json.loads(expected.read_text())
    assert RepoFacts(facts=tuple(found)).model_dump_json()


def test_detector_names_are_their_module_names_and_unique() -> None:
    assert len(BY_NAME) == len(DETECTORS)
    for detector in DETECTORS:
        assert detector.__name__.rpartition(".")[2] == detector.NAME
