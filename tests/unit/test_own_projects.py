"""Which of the projects of a checkout are installed."""

import pytest

from paper2run.model.facts import Command, Fact, Project, RepoFacts, Requirement
from paper2run.model.value import Source
from paper2run.python.own_projects import is_installed, own_projects, speaks_for_the_whole

HERE = Source(kind="file", path="setup.py")


def projects(*roots: str, readme: str = "") -> RepoFacts:
    source = Source(kind="readme", path="README.md", line=3)
    facts: list[Fact] = [Project(root=root, backend="setup.py", source=HERE) for root in roots]
    if readme:
        facts.append(Command(purpose="install", line=readme, source=source))
    return RepoFacts(facts=tuple(facts))


@pytest.mark.parametrize(
    ("facts", "installed"),
    [
        (projects("", "sub", "tests/data/n"), [""]),
        (projects("sub"), ["sub"]),
        (projects("python", "third_party/x", "python/sub/y"), ["python"]),
        (projects("tests/fixtures/a"), []),
        (projects("third_party/x"), []),
        (projects("a", "b"), []),
        (projects("src/eval", "src/lib/models/ops"), []),
        (projects("src/tools/eval"), []),
        (projects("a", "b", readme="pip install -e ./b"), ["b"]),
        (projects("a", "b", readme="cd a && pip install -e '.[test]'"), ["a"]),
        (projects("a", "b", readme="cd a && python setup.py develop"), ["a"]),
        (projects("a", "b", readme="pip install a/ b/"), ["a", "b"]),
        # Somebody else's code is installed where the documents say so, a fixture never.
        (projects("a", "third_party/x", readme="pip install third_party/x"), ["third_party/x"]),
        (projects("a", "tests/x", readme="pip install tests/x"), ["a"]),
    ],
)
def test_the_root_is_installed_else_what_documents_name_else_the_only_one(facts, installed):
    assert [project.root for project in own_projects(facts)] == installed


def named(**required: str) -> RepoFacts:
    """Projects side by side, each in a folder of its name, with what it requires."""
    facts: list[Fact] = []
    for name, wanted in required.items():
        manifest = Source(kind="file", path=f"{name}/pyproject.toml", line=3)
        facts.append(Project(root=name, backend="hatchling", name=name, source=manifest))
        facts += [
            Requirement(text=one, name=one, group="runtime", source=manifest)
            for one in wanted.split()
        ]
    return RepoFacts(facts=tuple(facts))


@pytest.mark.parametrize(
    ("facts", "installed"),
    [
        (named(core="numpy", plots="core attrs"), ["core", "plots"]),
        (named(core="numpy", plots="core", server="core flask"), ["core", "plots", "server"]),
        (named(core="numpy", plots="matplotlib"), []),
        (named(core="numpy", plots="core", other="flask"), []),
    ],
)
def test_projects_side_by_side_that_require_each_other_are_installed(facts, installed):
    assert [project.root for project in own_projects(facts)] == installed


def test_a_folder_belongs_to_the_nearest_project_above_it():
    facts = projects("", "tests/data/n")
    assert is_installed(facts, "src")
    assert not is_installed(facts, "tests/data/n/src")
    assert not is_installed(projects("tests/data/n"), "src")


def test_what_a_project_that_is_left_alone_asks_for_does_not_bind_the_repository():
    facts = projects("", "third_party/x", "sub")
    assert [
        speaks_for_the_whole(facts, place) for place in ("", "docs", "third_party/x", "sub")
    ] == [True, True, False, False]
    assert speaks_for_the_whole(projects("a", "b"), "a")
