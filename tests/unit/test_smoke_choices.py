"""Which commands could show that an environment works, in which order, and when the next one is tried."""

import re
import subprocess
from datetime import date
from pathlib import Path

import pytest

from paper2run.detectors import read_facts
from paper2run.failures.failed_attempt import FailedAttempt, repaired, stopped
from paper2run.formats.tree import RepoTree
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.environment import Asked, PlannedEnvironment
from paper2run.model.facts import (
    Command,
    EntryPoint,
    Fact,
    OwnModule,
    Project,
    RepoFacts,
    Unreadable,
)
from paper2run.model.outcome import Built, Log, Passed, SmokeFailed, Verification
from paper2run.model.report import Attempt
from paper2run.model.value import Source
from paper2run.planners import rules
from paper2run.planning.evidence import Evidence
from paper2run.python.python_examples import example_commands
from paper2run.repairs import diagnose
from paper2run.settings import Settings
from paper2run.smoke.grading import promised
from paper2run.smoke.smoke_choices import choices
from paper2run.verdicts.going_on import next_plan
from paper2run.verdicts.progress import builds
from paper2run.verdicts.verdicts import after_attempts
from tasks.smoke import limit_s

HERE = Source(kind="file", path="setup.py", line=1)
README = Source(kind="readme", path="README.md", line=9)
CI = Source(kind="ci", path=".travis.yml", line=7)
PROJECT = Project(root="", backend="setup.py", name="n", source=HERE)
OWN = OwnModule(module="n", root="", installed=True, source=HERE)
SCRIPT = EntryPoint(name="n-run", form="console-script", source=HERE)
ASKED = Asked(name="o/n", commit="a" * 40)
PATHS = frozenset({"tests/test_n.py", "n/tests/test_m.py", "test.py", "sub/test_all.py"})


def ci(line: str) -> Command:
    return Command(purpose="test", line=line, source=CI)


def example(text: str) -> Fact:
    (command,) = example_commands(text, README, own=frozenset({"n"}))
    return command


def commands_of(*facts: Fact) -> list[str]:
    found = choices(RepoFacts(facts=facts), PATHS, ASKED)
    assert all(choice.proves for choice in found)
    return [choice.command for choice in found]


def test_what_proves_more_is_tried_first():
    uses, bare = example("from n import f\nf(1)"), example("from n import f")
    assert commands_of(PROJECT, OWN, SCRIPT, bare, uses, ci("pytest tests")) == [
        "cd /tmp && python -c 'exec(\"from n import f\\nf(1)\")'",
        "pytest -x tests",
        "cd /tmp && python -c 'from n import f'",
        "n-run --help",
        "cd /tmp && python -c 'import n'",
    ]


@pytest.mark.parametrize(
    "use",
    [
        "model = from_pretrained('base')",
        "model = Waves.from_hub('team/waves')",
        "client = Client(api_key='sk-XXXX')",
        "import os\nos.environ['SERVICE_API_KEY'] = 'xxx'\nf(1)",
        "answer = f(model='gpt-4')",
        "answer = client().chat.completions.create()",
        "f('https://example.org/data.csv')",
        "f(open('data.csv'))",
        "f(checkpoint='<path/to/checkpoint>')",
        'f("<model_type>")',
        "f(1)\nf(folder='<YOUR ROOT>')",
    ],
)
def test_an_example_that_asks_for_files_or_somebodys_service_is_no_candidate(use):
    fact = example(f"from n import f, client, Client, Waves, from_pretrained\n{use}")
    assert commands_of(PROJECT, OWN, fact) == ["cd /tmp && python -c 'import n'"]


def test_a_token_in_angle_brackets_is_no_word_for_the_reader():
    fact = example("from n import f\nf('<mask>', '<UNK>', '<html>')")
    assert commands_of(PROJECT, OWN, fact)[0].endswith(
        "f('\"'\"'<mask>'\"'\"', '\"'\"'<UNK>'\"'\"', '\"'\"'<html>'\"'\"')\")'"
    )


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("pytest", "pytest -x"),
        ("py.test --cov=./ --cov-report xml", "pytest -x"),
        ("pytest -v --cov --cov-report xml tests", "pytest -x -v tests"),
        ("pytest --cov --cov-report xml:coverage -k fast", "pytest -x -k fast"),
        ("poetry run python -m pytest -n auto -k 'not slow'", "python -m pytest -x -k 'not slow'"),
        ("python3.7 -m coverage run --source n -m pytest tests/", "python -m pytest -x tests/"),
        ("coverage run test.py", "python test.py"),
        ("cd sub && python test_all.py -v", "cd sub && python test_all.py -v"),
        ("CI=1 pytest -o junit_family=legacy tests", "CI=1 pytest -x -o junit_family=legacy tests"),
        ("MPLBACKEND=Agg pytest tests/test_n.py::test_a", "MPLBACKEND=Agg pytest -x tests/test_n.py::test_a"),
    ],
)  # fmt: skip
def test_a_test_command_keeps_only_what_decides_which_tests_are_run(line, command):
    assert commands_of(ci(line)) == [command]


@pytest.mark.parametrize(
    "line",
    [
        "tox", "make test", "python setup.py test", "pytest $FLAGS", "pytest --gpus 1", "python test/run_test.py",
        "pytest tests/missing.py", "if [ $X ]; then nosetests; fi", "LD_PRELOAD=x.so pytest", "pytest 'tests",
    ],
)  # fmt: skip
def test_a_test_command_that_needs_more_than_the_checkout_is_no_candidate(line):
    assert commands_of(ci(line)) == []


def test_what_tox_runs_stands_for_tox():
    source = Source(kind="file", path="tox.ini", line=4)
    inner = Command(purpose="test", line="pytest --cov=n tests", source=source)
    assert commands_of(inner) == []
    assert commands_of(inner, ci("python -m tox")) == ["pytest -x tests"]


@pytest.mark.parametrize(
    ("printed", "status", "code"),
    [
        ("Ran 3 tests in 0.1s", 0, 0),
        ("Ran 3 tests in 0.1s", 1, 1),
        ("Ran 0 tests in 0.0s", 0, 1),
        ("", 0, 1),
    ],
)
def test_a_run_of_no_test_at_all_fails(tmp_path: Path, printed: str, status: int, code: int):
    (tmp_path / "nosetests").write_text(f"#!/bin/sh\necho '{printed}' >&2\nexit {status}\n")
    (tmp_path / "nosetests").chmod(0o755)
    (command,) = commands_of(ci("nosetests-3.4 --with-coverage"))
    command = command.replace("/tmp/", f"{tmp_path}/")
    path = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    done = subprocess.run(["/bin/sh", "-c", command], env=path, capture_output=True, timeout=60)
    assert done.returncode == code, done
    assert printed in done.stdout.decode()


def script(name: str, *arguments: str) -> EntryPoint:
    return EntryPoint(name=name, form="script", required_arguments=arguments, source=HERE)


def test_only_a_script_with_a_parser_is_asked_for_its_help():
    reads = script("a.py", "argv[1]").changed(without_parser=True)
    assert commands_of(reads, script("b.py", "--input")) == ["python b.py --help"]


def test_a_script_for_the_projects_upkeep_shows_no_work_of_the_code():
    facts = RepoFacts(facts=(script("build_docs.py"), script("packet.py"), script("release.py")))

    kinds = {choice.command: choice.kind for choice in choices(facts, PATHS, ASKED)}

    assert kinds["python packet.py"] == "script"
    assert kinds["python build_docs.py"] == kinds["python release.py"] == "side-script"


def test_scripts_in_folders_are_the_work_of_code_without_a_project_and_without_others():
    deep = (script("en/main.py"), script("es/main.py"))

    def kinds(*found: Fact) -> set[str]:
        chosen = choices(RepoFacts(facts=found), PATHS, ASKED)
        return {choice.kind for choice in chosen if choice.command.endswith("/main.py")}

    assert kinds(*deep) == {"script"}
    assert kinds(*deep, script("run.py")) == {"side-script"}
    reads = script("scan.py", "argv[1]").changed(without_parser=True)
    assert kinds(*deep, reads) == {"side-script"}
    assert kinds(*deep, PROJECT) == {"side-script"}


def test_djangos_own_script_is_asked_to_check_the_project():
    assert commands_of(script("site/manage.py")) == ["python site/manage.py check"]


def test_scripts_of_tests_are_told_by_the_word():
    own = ["attest.py", "contest.py", "latest/run.py"]
    tests = ["test_a.py", "a_test.py", "tests/run.py", "runTest.py", "unittests.py", "Testing/a.py"]
    assert commands_of(*map(script, own + tests)) == [f"python {name}" for name in own]


@pytest.mark.parametrize(
    ("arguments", "is_tried"),
    [
        ("--dataset MNIST --steps 3", True),
        ("DATASET", False),
        ("--data DATA_DIR", False),
        ("--input=INPUT_FILE.csv", False),
        ("RAW_DATA", True),
        ("path_to_data", False),
    ],
)
def test_a_command_with_a_word_for_its_readers_own_is_no_candidate(arguments, is_tried):
    command = Command(purpose="run", line=f"ipython run.py {arguments}", source=README)
    paths = frozenset({"run.py", "RAW_DATA/a.csv"})
    found = choices(RepoFacts(facts=(command,)), paths, ASKED)
    assert [one.command for one in found] == [f"python run.py {arguments}"] * is_tried


def test_a_documented_script_that_is_empty_is_no_candidate():
    empty = Unreadable(path="test.py", cause="empty", why="nothing to start", source=HERE)
    command = Command(purpose="run", line="python test.py", source=README)
    assert commands_of(PROJECT, OWN, command)[0] == "python test.py"
    assert commands_of(PROJECT, OWN, command, empty) == ["cd /tmp && python -c 'import n'"]


def planned(*smokes: str) -> PlannedEnvironment:
    choices = [
        {
            "kind": "tests",
            "command": text,
            "proves": f"what {text} shows",
            "source": {"kind": "default"},
        }
        for text in smokes
    ]
    plan = {"base_image": "python:3.9-slim", "smoke_command": smokes[0]}
    return PlannedEnvironment.model_validate(
        {"plan": plan, "planner": "rules", "smoke_proves": "x", "weaker_smokes": choices[1:],
         "commit_day": date(2020, 1, 1)}
    )  # fmt: skip


def failed(environment: PlannedEnvironment, log: str) -> FailedAttempt:
    failure = SmokeFailed(exit_code=1, seconds=1, log=Log(stderr=log))
    return FailedAttempt(failure, environment, RepoFacts(), Verification())


def test_failed_tests_stop_a_run_only_where_no_other_command_is_left():
    log = "RuntimeError: Found no NVIDIA driver on your system."
    last = diagnose(failed(planned("pytest -x"), log))
    assert last is not None and last.decision.decision == "stop"
    assert diagnose(failed(planned("pytest -x", "n --help"), log)) is None


def test_one_failed_test_adds_a_module_but_changes_no_version():
    tests = planned("pytest -x", "n --help")
    missing = diagnose(failed(tests, "ModuleNotFoundError: No module named 'yaml'"))
    assert missing is not None and missing.by == "missing_module"
    log = "AttributeError: module 'numpy' has no attribute 'float'"
    assert diagnose(failed(tests, log)) is None
    import_failed = diagnose(failed(planned("n --help", "x"), log))
    assert import_failed is not None and import_failed.by == "library_too_new"


def attempt(environment: PlannedEnvironment, diagnosis: Diagnosis | None, number: int) -> Attempt:
    return Attempt(
        number=number,
        planned=environment,
        built=Built(image="i", image_id="sha256:0", size_bytes=1, seconds=1),
        smoke=SmokeFailed(exit_code=1, seconds=1),
        diagnosis=diagnosis,
    )


def repair(environment: PlannedEnvironment, **changes: object) -> Diagnosis:
    found = repaired(failed(environment, ""), "rule", changes, reason="because", evidence="x")
    assert found is not None
    return found


def test_another_command_in_the_same_environment_costs_no_build():
    first = planned("a", "b", "c")
    history = (attempt(first, repair(first, smoke_command="cd x && a"), 1),)
    second = next_plan(history, 1)
    assert second is not None and second.plan.smoke_command == "cd x && a"
    history = (*history, attempt(second, repair(second, system_packages=("git",)), 2))
    assert builds(history) == 1
    assert next_plan(history, 1) is None, "another package is a build"
    assert next_plan(history, 2) is not None


@pytest.mark.parametrize(
    ("before", "by", "after", "kind"),
    [
        ("rules", "rule", "rules", "ci-tests"),
        ("user", "rule", "user", "ci-tests"),
        ("rules", "model:m", "model", "other"),
    ],
)
def test_a_rule_starts_the_same_work_and_a_model_may_choose_another(
    before: str, by: str, after: str, kind: str
):
    first = planned("pytest -x").changed(smoke_kind="ci-tests", smoke_by=before)
    made = repair(first, smoke_command="xvfb-run pytest -x").changed(by=by)
    second = next_plan((attempt(first, made, 1),), 2)
    assert second is not None
    assert (second.smoke_kind, second.smoke_by) == (kind, after)


def test_a_rule_that_asks_for_the_help_changes_what_the_command_shows():
    first = planned("python main.py").changed(smoke_kind="script", smoke_proves="a script runs")
    second = next_plan(
        (attempt(first, repair(first, smoke_command="python main.py --help"), 1),), 2
    )
    wrapped = next_plan(
        (attempt(first, repair(first, smoke_command="xvfb-run python main.py"), 1),), 2
    )
    assert second is not None and wrapped is not None
    assert (second.smoke_kind, second.smoke_proves) == ("script", "a program prints its help")
    assert wrapped.smoke_proves == "a script runs"


def test_only_the_tests_of_the_ci_get_a_third_of_the_time():
    settings = Settings(timeout=900)
    tests, ci_tests = planned("make test").changed(smoke_kind="tests"), planned("make test")
    ci_tests = ci_tests.changed(smoke_kind="ci-tests")
    assert (limit_s(tests, settings), limit_s(ci_tests, settings)) == (900, 300)


def test_a_stop_ends_the_attempts():
    stop = stopped(
        "rule", "needs_gpu", reason="x", evidence="x", smallest_change="x", excludes="every-plan"
    )
    assert next_plan((attempt(planned("pytest -x", "b"), stop, 1),), 3) is None


def test_a_command_that_was_alive_at_the_timeout_is_not_said_to_have_passed():
    alive = attempt(planned("pytest -x"), None, 1).changed(
        smoke=Passed(alive_at_timeout=True, seconds=1)
    )
    reason = after_attempts([alive], 3).reason
    assert re.search(
        r"was still running at the timeout \(no failure so far; .* would show: x\)", reason
    )


def test_a_server_that_was_ended_early_is_said_to_wait():
    server = attempt(planned("python app.py"), None, 1).changed(
        smoke=Passed(alive_at_timeout=True, listens_on=8000, seconds=30)
    )
    reason = after_attempts([server], 3).reason
    assert "started a server, which listens on port 8000 and waits (x)" in reason


def own(module: str, path: str, *, installed: bool = True) -> OwnModule:
    source = Source(kind="file", path=path)
    return OwnModule(module=module, root="", installed=installed, source=source)


def test_each_package_that_leads_is_imported_by_itself_after_all_of_them():
    packages = own("chores", "chores/__init__.py"), own("n", "n/__init__.py")
    assert commands_of(PROJECT, *packages) == [
        "cd /tmp && python -c 'import chores, n'",
        "cd /tmp && python -c 'import n'",
    ]


def test_a_package_that_loads_none_of_its_modules_is_imported_by_them():
    package = own("n", "n/__init__.py").changed(inner=("core", "plots", "names"))
    every = "cd /tmp && python -c 'import n.core, n.plots, n.names'"
    assert commands_of(PROJECT, package) == [
        every,
        "cd /tmp && python -c 'import n.core'",
        "cd /tmp && python -c 'import n.plots'",
    ]
    line = "python -c 'exec(\"from n.names import NAMES\\nopen(1)\")'"
    example = Command(purpose="run", form="python-example", line=line, source=README)
    assert commands_of(PROJECT, package, example) == [
        every,
        "cd /tmp && python -c 'import n.names'",
    ]


def test_folders_that_import_whatever_they_hold_show_nothing():
    tests, bare = own("tests", "tests/__init__.py"), own("parts", "parts")
    assert commands_of(PROJECT, own("n", "n/__init__.py"), tests, bare) == [
        "cd /tmp && python -c 'import n'"
    ]
    [alone] = choices(RepoFacts(facts=(PROJECT, bare)), PATHS, ASKED)
    assert promised(alone.kind, alone.command) == "built-only"


def test_a_documented_command_is_the_same_behind_the_program_that_runs_it():
    command = Command(purpose="run", line="uv run ./sub/test_all.py", source=README)
    assert commands_of(command)[0] == "python ./sub/test_all.py"


def test_any_number_of_scripts_leaves_room_for_the_tests(tmp_path: Path) -> None:
    for number in range(20):
        script = tmp_path / "examples" / f"plot_{number}.py"
        script.parent.mkdir(exist_ok=True)
        script.write_text("if __name__ == '__main__':\n    print(1)\n")
    (tmp_path / "setup.py").write_text("from setuptools import setup\nsetup(packages=['waves'])\n")
    (tmp_path / "waves" / "tests").mkdir(parents=True)
    (tmp_path / "waves" / "__init__.py").write_text("HEIGHT = 2\n")
    (tmp_path / "waves" / "tests" / "test_waves.py").write_text("def test_height():\n    pass\n")
    tree = RepoTree.of(tmp_path)
    asked = Asked(name="lab/waves", commit="1" * 40)

    found = rules.plan(Evidence(read_facts(tree), frozenset(tree.files), asked))

    assert isinstance(found, PlannedEnvironment)
    assert found.weaker_smokes[-1].command == "python -m pytest -q waves/tests"
    assert len(found.weaker_smokes) == 10
