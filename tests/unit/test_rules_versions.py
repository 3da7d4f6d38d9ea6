"""A stage's rules' version follows the modules and tables that make its answer, and no others."""

import ast
import shutil
from pathlib import Path

import pytest

from tasks.running.rules_version import OURS, PLUMBING, ROOT, closure, rules_version

FAR = {
    "build": ("tasks/drivers/engine/build_ending.py", "paper2run/rendering/build_marks.py"),
    "claims": ("tasks/drivers/engine/container_output.py", "paper2run/claims/numbers.py"),
    "clone": ("tasks/drivers/git/git_failures.py",),
    "conda": ("tasks/drivers/conda/conda_search.py",),
    "diagnose": ("tasks/drivers/model/conversation.py", "paper2run/planners/prompts/diagnose.md"),
    "experiment": ("tasks/drivers/engine/container_output.py", "paper2run/verdicts/experiments.py"),
    "extract": ("paper2run/detectors/gpu.py", "paper2run/data/import_names.json"),
    "gather": ("tasks/drivers/engine/container_output.py", "paper2run/smoke/grading.py"),
    "inventory": ("tasks/drivers/host/tar_members.py", "paper2run/proofs/installed.py"),
    "judge": ("tasks/drivers/model/conversation.py", "paper2run/planners/prompts/judge.md"),
    "paper": ("tasks/drivers/host/pdf_pages.py",),
    "plan": ("paper2run/providers/perl.py", "paper2run/planners/prompts/plan.md"),
    "push": ("tasks/drivers/engine/registry.py",),
    "render": ("paper2run/rendering/conda_plan.py", "paper2run/rendering/compiler_wrappers.py"),
    "resolve": ("tasks/drivers/index/wheel_contents.py",),
    "smoke": ("tasks/drivers/engine/container_output.py",),
    "verify": ("tasks/drivers/engine/written.py", "paper2run/smoke/ladder.py"),
}
"""By cached stage: files that its answer depends on, a long way off."""
CHANGES = {
    "paper2run/verdicts/markdown.py": set(),
    "paper2run/rendering/conda_plan.py": {"conda", "render", "diagnose"},
    "paper2run/rendering/compiler_wrappers.py": {"plan", "render", "diagnose"},
    "tasks/drivers/engine/container_output.py": {
        "smoke",
        "gather",
        "experiment",
        "verify",
        "claims",
    },
    "tasks/verify.py": {"verify"},
    "paper2run/detectors/gpu.py": {"extract"},
    "paper2run/data/library_breaks.json": {"extract", "plan", "diagnose"},
    "tasks/running/caching.py": set(),
}
"""By changed file: the cached stages whose kept answers no longer count."""


def cached_stages() -> set[str]:
    """Return the names of the modules of `tasks/` with a stage that has a key."""
    return {
        path.stem
        for path in (ROOT / "tasks").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "stage"
        if any(word.arg == "key" for word in node.keywords)
    }


def versions(root: Path) -> dict[str, str]:
    return {name: rules_version(f"tasks.{name}", root) for name in FAR}


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("before")
    for folder in OURS:
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return root


def test_every_cached_stage_is_judged_here():
    assert cached_stages() == set(FAR)


@pytest.mark.parametrize("name", FAR)
def test_the_rules_of_a_stage_hold_its_own_module_and_far_ones(name: str):
    files = {path.relative_to(ROOT).as_posix() for path in closure(f"tasks.{name}")}

    assert {f"tasks/{name}.py", *FAR[name]} <= files


@pytest.mark.parametrize("changed", CHANGES)
def test_a_changed_file_makes_the_answers_of_the_right_stages_worthless(
    changed: str, copied: Path, tmp_path: Path
):
    after = tmp_path / "after"
    shutil.copytree(copied, after)
    with (after / changed).open("a") as file:
        file.write("\n")

    old, new = versions(copied), versions(after)

    assert {name for name in FAR if old[name] != new[name]} == CHANGES[changed]
    assert rules_version("tasks.report", after) != rules_version("tasks.report", copied) or (
        changed != "paper2run/verdicts/markdown.py"
    )


def test_every_table_and_template_belongs_to_a_module():
    named = set(closure("flows.cli")) | set(closure("flows.reproduce"))
    tables = [path for path in (ROOT / "paper2run").rglob("*.*") if path.suffix in {".json", ".md"}]

    assert [path.name for path in tables if path not in named] == []


def test_plumbing_names_modules_that_exist():
    for name in PLUMBING:
        assert ROOT.joinpath(*name.split(".")).with_suffix(".py").is_file()


def test_a_module_that_is_not_there_is_an_error():
    with pytest.raises(FileNotFoundError, match="no module"):
        rules_version("tasks.nothing")
