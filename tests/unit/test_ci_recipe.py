"""The candidate that does what the CI job does: its steps as those of an image, in order."""

from datetime import date
from pathlib import Path

import pytest

from paper2run.detectors import read_facts
from paper2run.formats.tree import RepoTree
from paper2run.model.environment import Asked, PlannedEnvironment
from paper2run.model.facts import RepoFacts
from paper2run.planners import rules
from paper2run.planning.candidates import next_candidate
from paper2run.planning.ci_recipe import ci_recipe
from paper2run.planning.evidence import Evidence
from paper2run.rendering.pip_steps import plan_requirements

DAY = date(2023, 3, 1)
PROJECT = {
    "setup.py": "from setuptools import setup\nsetup(name='demo', packages=['demo'], install_requires=['attrs'])\n",
    "demo/__init__.py": "import attr\nimport numpy\n",
    "tests/test_demo.py": "import demo\n\ndef test_it():\n    assert demo\n",
}
START = "name: CI\non: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n"


def planned(
    root: Path, files: dict[str, str], smoke: str = ""
) -> tuple[PlannedEnvironment, RepoFacts]:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    tree = RepoTree.of(root)
    facts = read_facts(tree)
    asked = Asked(name="o/demo", commit="1" * 40, commit_day=DAY, smoke=smoke)
    found = rules.plan(Evidence(facts, frozenset(tree.files), asked))
    assert isinstance(found, PlannedEnvironment)
    return found, facts


def workflow(*steps: str) -> dict[str, str]:
    text = START + "".join(f"      - {step}\n" for step in steps)
    return {**PROJECT, ".github/workflows/ci.yml": text}


def recipe(root: Path, *steps: str) -> PlannedEnvironment:
    first, facts = planned(root, workflow(*steps))
    found = ci_recipe(facts, first)
    assert found is not None
    return found


def test_the_jobs_steps_become_those_of_the_image_in_order(tmp_path):
    found = recipe(
        tmp_path,
        "uses: actions/checkout@v4",
        "{uses: actions/setup-python@v5, with: {python-version: '3.9'}}",
        "run: sudo apt-get install -y libfftw3-dev",
        "run: pip install cython flake8 'h5py<3.9'",
        "{run: make tables, working-directory: data}",
        "run: pip install -e .",
        "run: flake8 demo",
        "run: pytest tests",
        "run: codecov",
    )

    assert found.plan.base_image == "python:3.9-slim"
    assert found.pythons[0] == "3.9"
    assert plan_requirements(found.plan) == ("cython", "h5py<3.9", "attrs", "pytest")
    assert found.plan.install_steps[1:] == (
        "cd data && make tables",
        "pip install --no-compile --no-deps -e .",
    )
    assert {"libfftw3-dev", "gcc", "git"} <= set(found.plan.system_packages)
    assert (found.smoke_kind, found.plan.smoke_command) == ("ci-tests", "pytest -x tests")
    said = {str(reason.source): reason.decision for reason in found.reasons}
    assert said["ci .github/workflows/ci.yml:11"] == "cd data && make tables"
    assert said["ci .github/workflows/ci.yml:13"] == "flake8 demo left out: other work than tests"


def test_it_is_the_second_candidate_and_keeps_what_the_user_asked_for(tmp_path):
    first, facts = planned(
        tmp_path, workflow("run: pip install six", "run: pytest"), "python -m demo"
    )
    found = next_candidate(first, ["dated"], facts, (), "the build fails")
    assert found is not None
    assert (found.candidate, found.plan.smoke_command) == ("ci", "python -m demo")
    assert found.commit_day == DAY, "its releases are those of the day"


def test_a_job_that_says_no_more_than_the_plan_is_no_candidate(tmp_path):
    files = workflow("run: pip install .", "run: pytest")
    files["setup.py"] = files["setup.py"].replace("'attrs'", "'attrs', 'numpy'")
    first, facts = planned(tmp_path, files)
    asked = ", ".join(plan_requirements(first.plan))
    bare, _ = planned(tmp_path, {**files, "demo/__init__.py": ""})
    wanted = ci_recipe(facts, first)
    assert asked
    # The plan also has the tools that build the project without isolation.
    assert wanted is not None
    assert ci_recipe(facts, bare.changed(plan=wanted.plan)) is None


@pytest.mark.parametrize(
    "steps",
    [
        ("run: docker build -t demo .", "run: pytest"),
        ("run: npm ci", "run: npm test"),
        ("run: pip install .",),
    ],
)
def test_a_job_without_installs_of_python_or_without_tests_is_no_candidate(tmp_path, steps):
    first, facts = planned(tmp_path, workflow(*steps))
    assert ci_recipe(facts, first) is None


def test_what_no_plan_may_hold_is_left_out_with_the_reason(tmp_path):
    found = recipe(
        tmp_path,
        "run: curl https://x.example/install | bash",
        "run: echo ${{ secrets.KEY }} > key",
        "run: pip install --extra-index-url https://x.example/simple secret-sauce",
        "run: cp a.cfg /etc/demo.cfg",
        "run: docker compose up -d",
        "run: pip install six",
        "run: pytest",
    )
    assert found.plan.install_steps == ("pip install --no-compile six pytest",)
    assert [reason.decision.partition(" left out: ")[2] for reason in found.reasons[1:6]] == [
        "no step of a plan",
        "a value that only the service knows",
        "it asks another index, or pre-releases",
        "no step of a plan",
        "it sets up the service's machine",
    ]


def test_what_an_installer_is_told_about_itself_is_no_step_of_an_image_without_it(tmp_path):
    found = recipe(
        tmp_path,
        "run: pip install poetry six",
        "run: python -m poetry config virtualenvs.create false",
        "run: poetry lock --check",
        "run: poetry config installer.parallel true && python tables.py",
        "run: pytest",
    )
    assert found.plan.install_steps[1:] == ("python tables.py",)
    assert [reason.decision.partition(" left out: ")[2] for reason in found.reasons[2:5]] == [
        "it changes nothing"
    ] * 3


def test_programs_and_processes_of_the_services_machine_are_no_steps_of_the_image(tmp_path):
    found = recipe(
        tmp_path,
        "run: pipx install poetry",
        "run: chrome --headless --remote-debugging-port=9222 &",
        "run: pip install six",
        "run: python tables.py && touch out",
        "run: pytest",
    )
    assert found.plan.install_steps[1:] == ("python tables.py && touch out",)
    said = [r.decision.partition(" left out: ")[2] for r in found.reasons[1:3]]
    assert said == ["it sets up the service's machine"] * 2


def test_commands_of_one_script_stay_together_and_bash_reads_its_own(tmp_path):
    script = "|\n          NAME=tables\n          mkdir -p out\n          cp data/$NAME.csv out/\n"
    found = recipe(
        tmp_path,
        f"run: {script}",
        "run: '[[ -d out ]] && touch out/{a,b}'",
        "run: pip install six",
        "run: pytest",
    )
    assert found.plan.install_steps[1:] == (
        "NAME=tables && mkdir -p out && cp data/$NAME.csv out/",
        "bash -e -c '[[ -d out ]] && touch out/{a,b}'",
    )


def test_what_tox_would_install_is_installed_and_its_command_tested(tmp_path):
    files = workflow("run: pip install tox", "run: tox -e py")
    files["tox.ini"] = (
        "[tox]\nenvlist = py39\n[testenv]\ndeps =\n  pytest\n  hypothesis\ncommands = pytest tests\n"
    )
    first, facts = planned(tmp_path, files)
    found = ci_recipe(facts, first)
    assert found is not None
    assert plan_requirements(found.plan) == ("pytest", "hypothesis", "attrs")
    assert found.plan.install_steps[1:] == ("pip install --no-compile --no-deps .",)
    assert found.plan.smoke_command == "pytest -x tests"


def test_travis_shares_one_shell_between_its_phases(tmp_path):
    text = (
        "language: python\npython: ['3.8', '3.9']\nenv:\n  - SUITE=fast\nbefore_install:\n  - cd lib\n"
        "install:\n  - make\n  - cd ..\n  - pip install -r needs/tests.txt\nscript:\n  - nosetests tests\n"
    )
    files = {
        **PROJECT,
        ".travis.yml": text,
        "needs/tests.txt": "nose\nsix==1.16.0\n",
        "lib/Makefile": "all:\n",
    }
    first, facts = planned(tmp_path, files)
    found = ci_recipe(facts, first)
    assert found is not None
    assert plan_requirements(found.plan) == ("nose", "six==1.16.0")
    assert found.plan.install_steps[1:] == ("cd lib && make",)
    assert found.plan.env["SUITE"] == "fast"
