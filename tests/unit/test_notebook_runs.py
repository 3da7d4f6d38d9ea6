"""Which notebooks are run, by which command, and what is known of a cell that failed."""

import json

import pytest

from paper2run.detectors import read_facts
from paper2run.failures.failed_attempt import FailedAttempt
from paper2run.formats.tree import RepoTree
from paper2run.model.environment import Asked, EnvPlan, PlannedEnvironment
from paper2run.model.facts import EntryPoint, Project, RepoFacts
from paper2run.model.outcome import Log, SmokeFailed, Verification
from paper2run.model.value import Source
from paper2run.planners import rules
from paper2run.planning.evidence import Evidence
from paper2run.python.notebook_runs import notebook_in, run_command, started_notebooks
from paper2run.python.python_examples import only_imports
from paper2run.smoke.grading import promised
from paper2run.smoke.notebook_smoke import notebook_smokes
from paper2run.verdicts.failure_words import shortened

HERE = Source(kind="file", path="x.ipynb")


def notebook(path: str, language: str = "python") -> EntryPoint:
    return EntryPoint(name=path, form="notebook", language=language, source=HERE)


def test_what_a_reader_opens_first_is_run_and_three_notebooks_at_most():
    facts = RepoFacts(
        facts=(
            notebook("code/02 second.ipynb"),
            notebook("b.ipynb"),
            notebook("a.ipynb"),
            notebook("Demo.ipynb"),
            notebook("plots.ipynb", "r"),
            notebook("tests/check.ipynb"),
        )
    )
    assert [fact.name for fact in started_notebooks(facts)] == ["Demo.ipynb", "a.ipynb", "b.ipynb"]
    (first, *_) = notebook_smokes(facts)
    assert (first.kind, first.proves) == ("notebook", "the notebook Demo.ipynb runs to its end")
    assert promised(first.kind, first.command) == "program-starts"


def test_beside_an_installed_package_notebooks_are_examples():
    project = Project(root="", backend="setup.py", name="n", source=HERE)
    assert started_notebooks(RepoFacts(facts=(project, notebook("a.ipynb")))) == []


@pytest.mark.parametrize("path", ["a.ipynb", "code/lesson 1.ipynb", "it's/a'b.ipynb"])
def test_the_notebook_is_known_from_its_command(path: str):
    command = run_command(path)
    assert notebook_in(command) == path
    assert shortened(command).endswith(command.split()[-1])
    assert len(shortened(command)) < 60
    assert EnvPlan(base_image="python:3.9-slim", smoke_command=command)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("python -c 'import n' data.csv", True),
        ("python -c 'print 1'", False),
        (run_command("a.ipynb"), False),
    ],
)
def test_a_command_with_python_of_any_kind_is_read(command: str, expected: bool):
    assert only_imports(command) is expected
    assert notebook_in("python -c 'import n'") == ""


@pytest.mark.parametrize("path", ["code/a.ipynb", r"code/\g<1>\9.ipynb"])
def test_the_frame_of_a_cell_names_the_notebook(path: str):
    plan = EnvPlan(base_image="python:3.9-slim", smoke_command=run_command(path))
    log = Log(stderr='  File "<ipython-input-3-4364c94719e5>", line 2, in <module>\n    f()\n')
    failed = FailedAttempt(
        SmokeFailed(exit_code=1, seconds=1, log=log),
        PlannedEnvironment(plan=plan, planner="rules"),
        RepoFacts(),
        Verification(),
    )
    assert f'  File "/repo/{path}", line 2, in <module>' in failed.lines


def test_what_notebooks_alone_import_is_wanted_where_they_are_to_run(tmp_path):
    cell = {"cell_type": "code", "source": "import pandas\nimport fit", "outputs": []}
    (tmp_path / "demo.ipynb").write_text(json.dumps({"cells": [cell], "nbformat": 4}))
    (tmp_path / "fit.py").write_text("import numpy\n")
    (tmp_path / "setup.py").write_text(
        "from setuptools import setup\nsetup(name='fit', py_modules=['fit'], install_requires=['numpy'])\n"
    )
    tree = RepoTree.of(tmp_path)
    facts = read_facts(tree)

    def optional(*, notebooks: bool) -> set[str]:
        asked = Asked(name="o/fit", commit="1" * 40, notebooks=notebooks)
        planned = rules.plan(Evidence(facts, frozenset(tree.files), asked))
        assert isinstance(planned, PlannedEnvironment)
        return {*planned.optional}

    assert optional(notebooks=True) - optional(notebooks=False) == {"pandas", "ipython"}
