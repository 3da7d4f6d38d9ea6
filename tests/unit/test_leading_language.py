"""Which code leads, which part never does, and what a success of a part is worth."""

from pathlib import Path

import pytest

from paper2run.detectors import read_facts
from paper2run.formats.tree import RepoTree
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.environment import Asked
from paper2run.model.facts import SidePart
from paper2run.model.leading import Leading
from paper2run.model.outcome import Passed
from paper2run.model.value import DEFAULT
from paper2run.planners import rules
from paper2run.planning.coverage import PARTS
from paper2run.planning.evidence import Evidence
from paper2run.planning.leading_language import leading_of
from paper2run.planning.toolchain_stops import PLANNED
from paper2run.providers import PROVIDERS
from paper2run.verdicts.verdicts import after_attempts
from tests.unit.test_progress import attempt

C = "int main(void) { return 0; }\n" * 40
PYTHON = "def fit(data):\n    return sum(data)\n" * 10
COPYRIGHT = "Copyright (c) 2011 The Library Project\n"


def evidence_of(root: Path, files: dict[str, str], *, smoke: str = "") -> Evidence:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    tree = RepoTree.of(root)
    asked = Asked(name="lab/code", commit="1" * 40, smoke=smoke)
    return Evidence(read_facts(tree), frozenset(tree.files), asked)


def sides(evidence: Evidence) -> list[str]:
    return [part.folder for part in evidence.facts.of(SidePart)]


@pytest.mark.parametrize(
    ("files", "folder"),
    [
        ({"third_party/x/a.c": C}, "third_party"),
        ({"libs/fast-1.2.0/a.c": C, "libs/fast-1.2.0/Makefile": "", "libs/fast-1.2.0/README": ""},
         "libs/fast-1.2.0"),
        ({"LICENSE": "Copyright (c) 2020 Ada Lovelace\n", "libs/fast/LICENSE": COPYRIGHT,
          "libs/fast/README": "Fast", "libs/fast/a.c": C}, "libs/fast"),
        ({"libs/zlib/COPYING": COPYRIGHT, "libs/zlib/a.c": C}, "libs/zlib"),
        ({".gitmodules": '[submodule "x"]\n\tpath = x\n\turl = https://example.org/x\n'}, "x"),
        ({"solver-master/a.c": C}, "solver-master"),
    ],
    ids=["place", "release", "licence", "library", "submodule", "archive"],
)  # fmt: skip
def test_other_peoples_code_is_told_by_its_own_signs(tmp_path: Path, files, folder) -> None:
    assert sides(evidence_of(tmp_path, {"main.py": PYTHON, **files})) == [folder]


@pytest.mark.parametrize(
    "files",
    [
        {"deps/main.py": PYTHON},
        {"project-master/main.py": PYTHON, "README.md": "# Project"},
        {"LICENSE": COPYRIGHT, "python/LICENSE": COPYRIGHT, "python/README.md": "", "python/a.py": PYTHON, "a.c": C},
        {".gitmodules": '[submodule "x"]\n\tpath = x\n\turl = ../x\n', "main.py": PYTHON},
    ],
    ids=["all of it", "all of it in an archive", "the same holder", "the same owner"],
)  # fmt: skip
def test_what_authors_wrote_themselves_is_no_side_part(tmp_path: Path, files) -> None:
    assert sides(evidence_of(tmp_path, files)) == []


def test_authors_words_outweigh_the_amount_of_code(tmp_path: Path) -> None:
    files = {
        "README.md": "# Fit\n\nA Python package.\n\n```\npip install .\npython -m fit data.csv\n```\n",
        "setup.py": "from setuptools import setup\nsetup(name='fit', packages=['fit'])\n",
        "fit/__init__.py": PYTHON,
        "cells/adder.v": "module adder(); endmodule\n" * 900,
    }
    found = leading_of(evidence_of(tmp_path, files))
    assert found is not None
    assert (found.language, found.root) == ("python", "fit")


def test_a_bundled_library_larger_than_the_code_does_not_lead(tmp_path: Path) -> None:
    files = {
        "track.m": "function track()\n% Tracks.\nend\n",
        "external/fast/fast.c": C * 9,
        "external/fast/Makefile": "fast: fast.c\n\tgcc -o fast fast.c\n",
    }
    found = rules.plan(evidence_of(tmp_path, files))
    assert isinstance(found, Diagnosis)
    assert found.cause == "proprietary_toolchain"


def test_code_for_a_tool_without_a_plan_is_code(tmp_path: Path) -> None:
    files = {"README.md": "# Rules\n", "rules/flow.zork": "rule a -> b\n"}
    found = rules.plan(evidence_of(tmp_path, files))
    assert isinstance(found, Diagnosis)
    assert found.cause == "unknown_toolchain"
    assert ".zork" in found.decision.reason


def test_programs_that_read_a_language_are_not_written_in_it(tmp_path: Path) -> None:
    files = {
        "README.md": "# Gaunt\n\nFinds bugs with P4 code.\n",
        "check.py": PYTHON * 2 + "if __name__ == '__main__':\n    fit([1])\n",
        "bugs/a.p4": "control c() {}\n" * 40,
    }
    found = rules.plan(evidence_of(tmp_path, files))
    assert not isinstance(found, Diagnosis)
    assert found.covers == "whole"


def test_a_command_of_the_user_covers_what_the_user_says(tmp_path: Path) -> None:
    files = {"README.md": "A Nextflow pipeline.\n", "main.nf": "workflow {}\n" * 30, "nextflow.config": "a = 1\n",
             "names.py": PYTHON + "if __name__ == '__main__':\n    fit([1])\n"}  # fmt: skip
    part = rules.plan(evidence_of(tmp_path, files))
    assert not isinstance(part, Diagnosis)
    assert (part.covers, part.uncovered is None) == ("the Python code", False)
    asked = rules.plan(evidence_of(tmp_path, files, smoke="python names.py"))
    assert not isinstance(asked, Diagnosis)
    assert asked.uncovered is None


def test_a_part_that_works_where_other_code_leads_is_no_success() -> None:
    leading = Leading(language="haskell", source=DEFAULT, tool="GHC", signs=("x.cabal",), sure=True)
    passed = attempt(passes=True)
    planned = passed.planned.changed(covers="the Python code", leading=leading)
    passed = passed.changed(planned=planned, smoke=Passed(alive_at_timeout=False, seconds=1))
    verdict = after_attempts([passed], 3)
    assert (verdict.status, verdict.cause) == ("smoke-failed", "unknown_toolchain")
    assert "GHC" in verdict.reason
    assert verdict.covers == "the Python code"
    whole = passed.changed(planned=planned.changed(covers="whole"))
    assert after_attempts([whole], 3).status == "success"


def test_where_no_code_surely_leads_the_runner_up_is_planned(tmp_path: Path) -> None:
    files = {
        "README.md": "# Knap\n\nA C++ package.\n",
        "paper.md": "---\ntitle: Knap\ntags:\n  - C++\n  - Java\n---\n",
        "knap.cpp": C.replace("main(", "knap("),
        "java/Knap.java": "public class Knap { public static void main(String[] a) {} }\n" * 300,
    }
    evidence = evidence_of(tmp_path, files)
    found = leading_of(evidence)
    assert found is not None
    assert (found.language, found.sure) == ("c++", False)
    planned = rules.plan(evidence)
    assert not isinstance(planned, Diagnosis)
    assert "javac" in " ".join(planned.plan.install_steps)
    assert planned.covers == "whole"


def test_every_provider_says_which_family_it_plans():
    assert {provider.NAME for provider in PROVIDERS} == set(PARTS), "write its row of PARTS"
    # MATLAB's own need is a licence, which is told before any way to start.
    families = {family for family, _ in PARTS.values()} - {"matlab"}
    assert families <= PLANNED, "enter its family in PLANNED"
