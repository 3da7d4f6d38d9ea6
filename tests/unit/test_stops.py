"""A stop is given only if nothing can run; the least sign of life gives a plan, or another stop."""

import pytest

from paper2run.model.diagnosis import Diagnosis
from paper2run.model.environment import Asked
from paper2run.model.facts import (
    BuildFile,
    BuildProduct,
    Command,
    EntryPoint,
    Fact,
    GpuNeed,
    LanguageShare,
    MissingPart,
    Project,
    RepoFacts,
    TestSuite,
    Unreadable,
)
from paper2run.model.value import Source
from paper2run.planners import rules
from paper2run.planning.evidence import Evidence

HERE = Source(kind="file", path="train.py", line=3)
README = Source(kind="readme", path="README.md", line=9)
PYTHON = LanguageShare(language="python", files=2, size_bytes=900, source=HERE)
SCRIPT = EntryPoint(name="train.py", form="script", source=HERE)
EMPTY = Unreadable(path="main.py", cause="empty", why="empty: nothing to start", source=HERE)
STARTS_IT = Command(purpose="run", line="python main.py --steps 3", source=README)
NVCC = GpuNeed(hard=True, sign="cuda", source=HERE)
LOADS = GpuNeed(hard=True, sign="operator", source=HERE)
PATHS = frozenset({"main.py", "train.py"})


def cause_of(*facts: Fact, smoke: str = "") -> str:
    asked = Asked(name="lab/code", commit="1" * 40, smoke=smoke)
    found = rules.plan(Evidence(RepoFacts(facts=(PYTHON, SCRIPT, *facts)), PATHS, asked))
    return found.cause if isinstance(found, Diagnosis) else "planned"


def test_an_empty_script_that_documents_start_is_no_entry() -> None:
    assert cause_of(EMPTY, STARTS_IT) == "missing_entrypoint"


@pytest.mark.parametrize(
    "life",
    [
        TestSuite(runner="pytest", path="tests", files=1, source=HERE),
        Project(root="", backend="setup.py", source=HERE),
        Command(purpose="run", line="python train.py", source=README),
        Command(purpose="run", line="python -m train", source=README),
        Command(purpose="run", line="cd sub && python -m train --steps 3", source=README),
        EntryPoint(name="demo.ipynb", form="notebook", source=HERE),
    ],
)
def test_an_empty_script_beside_something_that_runs_is_no_stop(life: Fact) -> None:
    assert cause_of(EMPTY, STARTS_IT, life) == "planned"


def test_an_empty_script_that_nobody_documents_is_no_stop() -> None:
    assert cause_of(EMPTY) == "planned"


def test_a_command_of_the_user_is_tried_whatever_the_documents_start() -> None:
    assert cause_of(EMPTY, STARTS_IT, smoke="python train.py") == "planned"


def test_operators_of_cuda_stop_only_where_code_loads_them() -> None:
    assert cause_of(NVCC, LOADS) == "needs_gpu"
    assert cause_of(NVCC) == "planned"
    assert cause_of(LOADS) == "needs_gpu"


def test_a_script_that_the_readme_starts_and_that_is_missing_is_named() -> None:
    source = LanguageShare(language="lua", files=2, size_bytes=900, source=HERE)
    script = MissingPart(form="script", module="run.sh", path="run.sh", source=README)
    asked = Asked(name="lab/code", commit="1" * 40, smoke="")
    found = rules.plan(Evidence(RepoFacts(facts=(source, script)), frozenset({"a.lua"}), asked))

    assert isinstance(found, Diagnosis)
    assert (found.cause, found.source) == ("missing_entrypoint", README)
    assert "run.sh" in found.decision.reason


def test_code_that_visual_studio_alone_builds_needs_its_system_which_proves_nothing() -> None:
    here = Source(kind="file", path="tracker.vcxproj")
    source = LanguageShare(language="c++", files=2, size_bytes=900, source=HERE)
    project = BuildFile(system="visual-studio", path=here.path, source=here)
    asked = Asked(name="lab/code", commit="1" * 40, smoke="")
    paths = frozenset({"tracker.cpp", here.path})

    found = rules.plan(Evidence(RepoFacts(facts=(source, project)), paths, asked))

    assert isinstance(found, Diagnosis)
    assert (found.cause, found.excludes, found.source) == (
        "unsupported_platform",
        "this-plan",
        here,
    )
    main = BuildProduct(form="program", name="t", path="t.cpp", system="main", source=HERE)
    planned = rules.plan(Evidence(RepoFacts(facts=(source, project, main)), paths, asked))
    assert not isinstance(planned, Diagnosis), "sources with a main may be portable"
