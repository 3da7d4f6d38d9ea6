"""Which lists of requirements count where the root declares nothing for running."""

import pytest

from paper2run.detectors.requirements import detect
from paper2run.formats.tree import RepoTree
from paper2run.model.facts import Command, Fact, Project, RepoFacts
from paper2run.model.value import Source
from paper2run.planning.wanted import gather


def wanted(tmp_path, files: dict[str, str], readme: str = "", *more: Fact) -> list[str]:
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    facts = [*detect(RepoTree.of(tmp_path)), *more]
    if readme:
        source = Source(kind="readme", path="README.md", line=3)
        facts.append(Command(purpose="install", line=readme, source=source))
    return sorted(gather(RepoFacts(facts=tuple(facts))).requirements)


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"code/requirements.txt": "torch==1.4"}, ["torch==1.4"]),
        ({"requirements_gpu.txt": "torch"}, ["torch"]),
        ({"requirements-py3.txt": "torch"}, ["torch"]),
        ({"requirements-py2.txt": "nose", "requirements-py3.txt": "torch"}, ["torch"]),
        ({"requirements_gpu.txt": "tensorflow-gpu", "requirements_cpu.txt": "torch"}, ["torch"]),
        ({"requirements.txt": "torch", "code/requirements.txt": "numpy"}, ["torch"]),
        ({"requirements_gpu.txt": "torch", "code/requirements.txt": "numpy"}, ["torch"]),
        # For other purposes, of other people, or of several programs.
        ({"requirements-docs.txt": "sphinx", "requirements_viz.txt": "bokeh"}, []),
        ({"third_party/x/requirements.txt": "numpy", "docs/requirements.txt": "sphinx"}, []),
        ({"a/requirements.txt": "numpy", "b/requirements.txt": "torch"}, []),
    ],
)
def test_the_nearest_list_for_running_stands_in_for_the_roots(tmp_path, files, found):
    assert wanted(tmp_path, files) == found


@pytest.mark.parametrize(
    "line",
    [
        "pip install -r b/requirements_viz.txt",
        "cd b && pip install -r requirements_viz.txt",
        "python -m pip install --requirement ./b/requirements_viz.txt",
    ],
)
def test_what_documents_install_comes_before_what_is_near(tmp_path, line):
    files = {"requirements_gpu.txt": "torch", "b/requirements_viz.txt": "bokeh"}
    assert wanted(tmp_path, files, line) == ["bokeh"]


def test_lists_in_folders_are_not_for_a_project_at_the_root(tmp_path):
    root = Project(root="", backend="flit_core", source=Source(kind="file", path="pyproject.toml"))
    assert wanted(tmp_path, {"bench/requirements.txt": "torch"}, "", root) == []


def test_the_list_beside_the_tests_is_for_them(tmp_path):
    files = {
        "setup.py": "from setuptools import setup; setup()",
        "tests/requirements.txt": "responses==0.9\n",
        "tests/requirements-docs.txt": "sphinx\n",
        "tests/data/requirements.txt": "flask\n",
    }
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    root = Project(root="", backend="setup.py", source=Source(kind="file", path="setup.py"))
    found = gather(RepoFacts(facts=(root, *detect(RepoTree.of(tmp_path)))))
    named = {text.partition(";")[0] for text in found.requirements}
    assert (named, "responses" in found.optional) == (
        {"setuptools", "wheel", "responses==0.9"},
        True,
    )


def test_an_installed_project_below_the_root_declares_what_it_needs(tmp_path):
    inner = Project(root="py", backend="flit_core", source=Source(kind="file", path="py/setup.py"))
    files = {"py/requirements.txt": "torch", "code/requirements.txt": "numpy"}
    assert wanted(tmp_path, files, "", inner) == ["torch"]


def test_frozen_versions_of_the_chosen_list_are_kept(tmp_path):
    names = [f"name{number}" for number in range(20)]
    (tmp_path / "code").mkdir()
    (tmp_path / "code/requirements.txt").write_text("\n".join(f"{name}==1.2" for name in names))
    found = gather(RepoFacts(facts=tuple(detect(RepoTree.of(tmp_path)))))
    assert sorted(found.requirements) == sorted(names)
    assert {lock.name for lock in found.locks} == set(names)
