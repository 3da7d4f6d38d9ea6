"""Which CI job and row are chosen, which steps of it run, and what its tests are said to need."""

from datetime import date

import pytest

from paper2run.commands.python_installs import PythonInstall, python_install
from paper2run.model.ci import CiJob, CiStep, Pairs
from paper2run.model.facts import PythonConstraint, RepoFacts
from paper2run.model.value import Source
from paper2run.planning.ci_conditions import holds
from paper2run.planning.ci_needs import needs_of
from paper2run.planning.ci_test_job import testing_job as chosen_job
from paper2run.planning.interpreters import choose

DAY = date(2022, 5, 1)
CI = Source(kind="ci", path=".github/workflows/ci.yml", line=1)


def run(script: str, condition: str = "", env: Pairs = ()) -> CiStep:
    return CiStep(form="run", text=script, condition=condition, env=env, source=CI)


def job(*steps: CiStep, name: str = "CI / test", **more: object) -> CiJob:
    return CiJob.model_validate(
        {"service": "github", "name": name, "steps": steps, "source": CI, **more}
    )


def facts(*jobs: CiJob) -> RepoFacts:
    return RepoFacts(facts=jobs)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("", True),
        ("runner.os == 'Linux'", True),
        ("runner.os != 'Linux'", False),
        ("${{ matrix.os == 'windows-latest' }}", False),
        ("startsWith(matrix.os, 'ubuntu')", True),
        ("!startsWith(matrix.os, 'ubuntu')", False),
        ("matrix.os == 'macos-latest' || matrix.python == '3.9'", True),
        ("matrix.python == '3.9' && runner.os == 'Windows'", False),
        ("steps.cache.outputs.cache-hit != 'true'", True),
        ("steps.tag.outputs.released == 'true'", False),
        ("github.event_name == 'release'", False),
        ("failure()", False),
        ("always()", True),
        ("!cancelled()", True),
        ("matrix.coverage", False),
        ("and(succeeded(), eq(variables['Agent.OS'], 'Windows_NT'))", False),
        ("and(succeeded(), ne(variables['Agent.OS'], 'Windows_NT'))", True),
    ],
)
def test_a_condition_is_judged_for_a_push_on_linux(condition: str, expected: bool) -> None:
    assert holds(condition, {"matrix.os": "ubuntu-22.04", "matrix.python": "3.9"}) is expected


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("pip install -U numpy pytest-cov", PythonInstall(("numpy", "pytest-cov"))),
        ("python -m pip install -r ci/a.txt -c limits.txt", PythonInstall(files=("ci/a.txt",))),
        ("pip install -e '.[test, plot]'", PythonInstall(folders=(".",), extras=("test", "plot"))),
        ("pip install ./sub[x]", PythonInstall(folders=("./sub",), extras=("x",))),
        (
            "uv sync --all-extras --group dev",
            PythonInstall((), (), (".",), ("dev",), every_extra=True),
        ),
        (
            "poetry install --with test -E 'a b'",
            PythonInstall((), (), (".",), ("test", "a", "b", "dev", "tests", "testing")),
        ),
        (
            "python -m poetry install --only test",
            PythonInstall((), (), (".",), ("test",)),
        ),
        ("pipenv install --dev", PythonInstall((), (), (".",), ("dev",))),
        ("python setup.py develop", PythonInstall(folders=(".",))),
        (
            "pip install -i https://x.example/simple numpy",
            PythonInstall(("numpy",), elsewhere=True),
        ),
        ("pip list", None),
        ("npm install", None),
    ],
)
def test_what_a_command_installs(command: str, expected: PythonInstall | None) -> None:
    assert python_install(command) == expected


def test_the_row_on_linux_nearest_to_the_plan_is_chosen() -> None:
    rows = tuple(
        (("matrix.os", system), ("matrix.python-version", python))
        for system in ("windows-latest", "ubuntu-latest")
        for python in ("3.7", "3.9", "3.10")
    )
    tested = job(
        CiStep(form="python", text="${{ matrix.python-version }}", source=CI),
        run("pytest"),
        rows=rows,
        system="${{ matrix.os }}",
    )

    chosen = chosen_job(facts(tested), ("3.9", "3.8", "3.10"))

    assert chosen is not None
    assert (chosen.python, chosen.values["matrix.os"]) == ("3.9", "ubuntu-latest")


@pytest.mark.parametrize(
    ("other", "wins"),
    [
        (job(run("flake8 .\npytest"), name="CI / lint"), False),
        (job(run("tox -e py")), False),
        (job(run("pytest"), system="macos-13"), False),
        (job(run("pip install build\npython -m build")), False),
        (job(run("pytest"), name="tests"), True),
    ],
)
def test_a_job_of_another_purpose_stands_back(other: CiJob, wins: bool) -> None:
    plain = job(run("python -m pytest tests"), name="CI / unit")
    chosen = chosen_job(facts(other, plain))
    assert chosen is not None
    assert (chosen.job == other) is wins


def test_a_repository_without_tests_on_linux_has_no_such_job() -> None:
    assert chosen_job(facts(job(run("pytest"), system="windows-2022"), job(run("make")))) is None


def test_tools_of_publishing_and_values_that_are_not_plain_are_left_out() -> None:
    tested = job(
        run("sudo apt-get install -y graphviz python3-dev texlive libfoo-$V"),
        run("pip install pytest-xdist flake8 codecov sphinx twine 'h5py<3'"),
        run('echo "BASE=/data" >> $GITHUB_ENV'),
        run("pytest", env=(("MODE", "fast"), ("KEY", "${{ secrets.KEY }}"))),
        env=(
            ("DJANGO_SETTINGS_MODULE", "demo.settings"),
            ("CODECOV_TOKEN", "abc"),
            ("LD_PRELOAD", "x.so"),
            ("PLACE", "/home/runner/x"),
        ),
    )

    needs = needs_of(facts(tested), chosen_job(facts(tested)))

    assert [fact.text for fact in needs.requirements] == ["pytest-xdist", "h5py<3"]
    assert [name for name, _ in needs.packages] == ["graphviz"]
    assert {one.name: one.value for one in needs.variables} == {
        "DJANGO_SETTINGS_MODULE": "demo.settings",
        "MODE": "fast",
        "BASE": "/data",
    }


def test_what_stands_in_an_if_of_a_script_or_waits_for_a_template_is_left_out() -> None:
    script = 'if [ "$X" = 1 ]; then\n  pip install torch\nfi\npip install ${{ steps.x.outputs.y }}\npip install six'
    tested = job(run(script), run("pytest"))
    needs = needs_of(facts(tested), chosen_job(facts(tested)))
    assert [fact.text for fact in needs.requirements] == ["six"]


def test_an_interpreter_of_a_job_that_only_publishes_does_not_decide() -> None:
    python = CiStep(form="python", text="3.9", source=CI)
    listed = [
        PythonConstraint(specifier=f"=={version}.*", strength="tested", source=CI)
        for version in ("3.9", "3.10")
    ]
    tested = job(python, run("pytest"))
    publishing = job(python.changed(text="3.10"), run("twine upload dist/*"), name="publish")

    alone = choose(RepoFacts(facts=(*listed, publishing)), DAY)
    beside = choose(RepoFacts(facts=(*listed, publishing, tested)), DAY)

    assert (alone.pythons[0], beside.pythons[0]) == ("3.10", "3.9")
