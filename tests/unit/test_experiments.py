"""The smallest change of a stop, tried with a stand-in."""

import subprocess
import sys

import pytest

from paper2run.model.diagnosis import Lack
from paper2run.model.environment import SmokeChoice
from paper2run.model.facts import OutsideNeed
from paper2run.model.outcome import Log, Passed, SmokeFailed, Trial
from paper2run.model.value import DEFAULT
from paper2run.verdicts.experiments import GPU, MODULE, in_words, judged
from paper2run.verdicts.judgement import planned_of
from paper2run.verdicts.verdicts import NO_FACTS, after_attempts, stopped
from tests.unit.test_verdict_table import facts, passed, stops

PUT = 'mkdir -p "$(dirname data/train.csv)" && : > data/train.csv'
FILE = Lack(kind="file", name="data/train.csv")


def planned(lacks: Lack, command: str = "python train.py"):
    attempt = stops("missing_data")
    found = attempt.diagnosis.changed(lacks=lacks)
    plan = attempt.planned.plan.changed(smoke_command=command)
    attempt = attempt.changed(
        diagnosis=found,
        planned=attempt.planned.changed(plan=plan),
        smoke=SmokeFailed(exit_code=1, seconds=1, log=Log(stderr="IOError: no data/train.csv")),
    )
    return planned_of(after_attempts([attempt], 3), [attempt], NO_FACTS)


@pytest.mark.parametrize(
    ("lacks", "command", "tried"),
    [
        (FILE, "python train.py", f"{PUT} && python train.py"),
        (FILE, "cd src && python a.py", f"cd src && {PUT} && python a.py"),
        (Lack(kind="file", name="my data/"), "python a.py", "mkdir -p 'my data/' && python a.py"),
        (Lack(kind="variable", name="A_KEY"), "python a.py", "export A_KEY=placeholder; python a.py"),
    ],
)  # fmt: skip
def test_a_stand_in_is_put_where_the_command_looks_for_it(lacks: Lack, command: str, tried: str):
    found = planned(lacks, command)

    assert found is not None and found.command == tried


def test_a_stop_without_a_thing_to_replace_cannot_be_tried():
    attempt = stops("missing_data")

    assert planned_of(after_attempts([attempt], 3), [attempt], NO_FACTS) is None
    assert (
        planned_of(stopped(attempt.diagnosis).changed(status="success"), [attempt], NO_FACTS)
        is None
    )


@pytest.mark.parametrize(
    ("outcome", "gets_past", "says"),
    [
        (Passed(alive_at_timeout=False, seconds=1), True, "passes"),
        (SmokeFailed(exit_code=1, seconds=1, log=Log(stderr="EmptyDataError: x")), True, "EmptyDataError"),
        (SmokeFailed(exit_code=1, seconds=1, log=Log(stderr="IOError: no data/train.csv")), False, "as before"),
    ],
)  # fmt: skip
def test_the_experiment_says_whether_the_next_failure_is_another_one(
    outcome: Passed | SmokeFailed, gets_past: bool, says: str
):
    found = planned(FILE)
    assert found is not None

    experiment = judged(found, outcome)

    assert experiment.gets_past == gets_past
    assert says in in_words(experiment)


def test_the_stand_in_of_a_module_imports_with_all_below_it(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(MODULE % "matlab.engine")
    code = "import matlab.engine.sub as s; from matlab.engine import start; start().eval('x')"
    (tmp_path / "matlab").mkdir()

    def run(line: str) -> int:
        return subprocess.run(
            [sys.executable, "-c", line], env={"PYTHONPATH": str(tmp_path)}, check=False
        ).returncode

    assert run(code) == 0
    assert run("import matlab.other") == 1, "what lies beside it is still missing"


def test_the_switch_to_the_processor_does_no_harm_where_no_library_of_a_gpu_is(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(GPU)

    ended = subprocess.run(
        [sys.executable, "-S", "-c", "import sitecustomize"], env={"PYTHONPATH": str(tmp_path)}, check=False
    )  # fmt: skip

    assert ended.returncode == 0


def test_the_command_that_a_stop_was_read_from_is_tried_though_it_was_not_the_smoke_command():
    tests = SmokeChoice(kind="tests", command="python -m pytest", proves="x", source=DEFAULT)
    log = Log(stdout="ModuleNotFoundError: No module named 'matlab'")
    failed = Trial(choice=tests, outcome=SmokeFailed(exit_code=1, seconds=1, log=log))
    licence = OutsideNeed(form="licence", what="a licence of MATLAB", hard=False, source=DEFAULT)
    one = passed("imports").changed(trials=(failed,))
    verdict = after_attempts([one], 3, facts(licence))

    found = planned_of(verdict, [one], facts(licence))

    assert verdict.cause == "proprietary_toolchain"
    assert found is not None and found.command.endswith("python -m pytest")
    assert "matlab" in found.change
