"""Which test suite stands for a repository where there are several."""

import pytest

from paper2run.model.environment import Asked
from paper2run.model.facts import Command, OwnModule, Project, RepoFacts, TestSuite
from paper2run.model.value import Source
from paper2run.smoke.smoke_choices import choices
from paper2run.smoke.suite_smoke import leading_suite

HERE = Source(kind="file", path="setup.py", line=1)
README = Source(kind="readme", path="CONTRIBUTING.md", line=9)
CI = Source(kind="ci", path=".travis.yml", line=7)
PROJECT = Project(root="", backend="setup.py", name="n", source=HERE)
BUNDLED = Project(root="libs/binder", backend="setup.py", name="binder", source=HERE)


def suite(path, files=1):
    return TestSuite(runner="pytest", path=path, files=files, source=HERE)


@pytest.mark.parametrize(
    ("others", "leading"),
    [
        (["libs/binder/tests"], "tests"),
        (["examples/test-of-a-case"], "tests"),
        (["a_tests"], "tests"),
        (["n/parts/tests", "n/tests"], "n/tests"),
        (["external/z/tests"], "n/inner/tests"),
        (["examples/tests"], "examples/tests"),
    ],
)
def test_the_suite_of_the_code_itself_comes_before_those_beside_it(others, leading):
    suites = [suite(path, files=5) for path in others]
    if leading not in others:
        suites.append(suite(leading))
    (choice,) = leading_suite(RepoFacts(facts=(PROJECT, BUNDLED, *suites)))
    assert choice.command == f"python -m pytest -q {leading}"


def test_of_suites_at_the_same_place_the_largest_leads():
    (choice,) = leading_suite(RepoFacts(facts=(suite("checks", 2), suite("trials", 9))))
    assert choice.command == "python -m pytest -q trials"


@pytest.mark.parametrize(("script", "place"), [("scripts/build.py", 1), ("scripts/simulate.py", 0)])
def test_a_documented_script_of_upkeep_comes_after_the_tests_of_ci(script, place):
    run = Command(purpose="run", line=f"python {script}", source=README)
    tested = Command(purpose="test", line="pytest tests", source=CI)
    own = OwnModule(module="n", root="", installed=True, source=HERE)
    facts = RepoFacts(facts=(PROJECT, own, run, tested))
    asked = Asked(name="o/n", commit="a" * 40)
    found = choices(facts, frozenset({script, "tests/test_n.py"}), asked)
    assert [choice.command for choice in found].index(f"python {script}") == place
