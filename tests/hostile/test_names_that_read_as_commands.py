"""Names and markers of a repository that read as commands end in a verdict, never in an error of ours."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from paper2run.detectors import read_facts
from paper2run.formats.tree import RepoTree
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.environment import Asked, EnvPlan, PlannedEnvironment
from paper2run.model.plan_text import refused_words
from paper2run.planners import rules
from paper2run.planning.evidence import Evidence

WORDS = ["; sudo x", "$(docker x)", " && PIP_INDEX_URL=x y", " << EOF", "/mnt/x", "' --index-url x"]


def plan(folder: Path) -> PlannedEnvironment | Diagnosis:
    tree = RepoTree.of(folder)
    asked = Asked(name="o/n", commit="1" * 40)
    return rules.plan(Evidence(read_facts(tree), frozenset(tree.files), asked))


@pytest.mark.parametrize("words", WORDS)
def test_a_marker_that_reads_as_a_command_stops_or_is_left_out(tmp_path: Path, words: str) -> None:
    (tmp_path / "requirements.txt").write_text(f'numpy\ntomli; python_version < "3{words}"\n')
    (tmp_path / "main.py").write_text("import numpy\nprint(1)\n")
    found = plan(tmp_path)
    assert isinstance(found, Diagnosis | PlannedEnvironment)
    if isinstance(found, Diagnosis):
        assert "no plan may hold" in found.decision.reason


@pytest.mark.parametrize("words", WORDS)
def test_a_folder_that_reads_as_a_command_stops_or_is_left_out(tmp_path: Path, words: str) -> None:
    folder = tmp_path / f"a{words}b".replace("/", "|")
    folder.mkdir()
    (folder / "setup.py").write_text("from setuptools import setup\nsetup(name='a')\n")
    assert isinstance(plan(tmp_path), Diagnosis | PlannedEnvironment)


@pytest.mark.parametrize("words", WORDS)
def test_a_package_of_node_that_reads_as_a_command_stops_or_is_left_out(
    tmp_path: Path, words: str
) -> None:
    package = {
        "name": "a",
        "main": "main.js",
        "scripts": {"start": "node main.js"},
        "devDependencies": {f"b{words}": "1", f"github{words}": "git+ssh://x/y"},
    }
    (tmp_path / "package.json").write_text(json.dumps(package))
    (tmp_path / "main.js").write_text("console.log(1)\n")
    assert isinstance(plan(tmp_path), Diagnosis | PlannedEnvironment)


def test_a_plan_that_is_wrong_in_another_way_is_not_the_repositorys_fault() -> None:
    for fields in (
        {"smoke_command": "x" * 30_000},
        {"base_image": "A B", "smoke_command": "make"},
        {"smoke_command": "sudo make", "workdir": "no"},
    ):
        with pytest.raises(ValidationError) as raised:
            EnvPlan.model_validate({"base_image": "python:3.11-slim", **fields})
        assert refused_words(raised.value) == ""


@pytest.mark.parametrize("step", ["cmake -DUSE_PROXY=OFF .", "make HTTP=1", "cmake -DPIP_X=1 .."])
def test_definitions_for_a_compiler_are_no_variables_of_pip(step: str) -> None:
    assert EnvPlan(base_image="debian:12", install_steps=(step,), smoke_command="make")
