"""Every folder of tests/repos is a situation: its checkout in `repo/`, its facts in `facts.json`.

`case.yaml` beside them says where the situation was met, which detectors are compared, and which
others find something there.
"""

import json
import re
from pathlib import Path

import pytest
import yaml

from paper2run.detectors import DETECTORS
from paper2run.formats.tree import RepoTree
from paper2run.model.facts import RepoFacts
from tests.cases import REPOS, situation

BY_NAME = {detector.NAME: detector for detector in DETECTORS}
CASES = sorted(folder for folder in REPOS.glob("*") if folder.is_dir())


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_a_situation_shows_exactly_its_facts(folder: Path, write_expected: bool) -> None:
    case = situation(folder)
    tree = RepoTree.of(folder / "repo")
    assert set(case.detectors) <= set(BY_NAME), "enter the detector in DETECTORS"
    found = {name: tuple(detector.detect(tree)) for name, detector in BY_NAME.items()}
    compared = [fact for name in case.detectors for fact in found[name]]
    facts = [
        fact.model_dump(mode="json", exclude_defaults=True) | {"kind": fact.kind}
        for fact in compared
    ]
    besides = tuple(name for name in BY_NAME if found[name] and name not in case.detectors)
    expected = folder / "facts.json"
    if write_expected:
        lines = ",\n ".join(json.dumps(fact, ensure_ascii=False) for fact in facts)
        expected.write_text(f"[{lines}]\n")
        write_besides(folder / "case.yaml", besides)
        case = situation(folder)
    assert expected.exists(), "run this test once with --write-expected"
    assert facts == json.loads(expected.read_text())
    assert besides == case.besides
    assert RepoFacts(facts=tuple(compared)).model_dump_json()


def write_besides(path: Path, names: tuple[str, ...]) -> None:
    """Put the names into the case's file, which people wrote, and leave the rest of it as it is."""
    kept = re.sub(r"^besides:.*\n(?:[ \]-].*\n)*", "", path.read_text(), flags=re.MULTILINE)
    lines = yaml.safe_dump({"besides": list(names)}, default_flow_style=None, width=110)
    path.write_text(kept + lines if names else kept)


def test_detector_names_are_their_module_names_and_unique() -> None:
    assert len(BY_NAME) == len(DETECTORS)
    for detector in DETECTORS:
        assert detector.__name__.rpartition(".")[2] == detector.NAME
