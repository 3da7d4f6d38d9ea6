"""The command line as people use it: exit codes, words, and what an interrupt leaves behind."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from prefect.client.orchestration import get_client

from tasks.running.flow_runs import read_runs
from tests.flow.batches import wait_until
from tests.flow.commands import begin, paper2run, with_server
from tests.flow.conftest import containers_of, slow_to_build
from tests.processes import ends, starts, unique_duration


def test_help_names_every_flag_without_loading_prefect_or_the_model(tmp_path):
    code = (
        "import sys\nfrom typer.testing import CliRunner\nfrom flows.cli import app\n"
        "result = CliRunner().invoke(app, ['run', '--help'], env={'COLUMNS': '200'})\n"
        "print(result.output)\n"
        "print('loaded:', sorted({'prefect', 'litellm', 'docker'} & set(sys.modules)))\n"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    for flag in (
        "--repo", "--ref", "--paper", "--out", "--timeout", "--max-attempts", "--model", "--base-url",
        "--dry-run", "--smoke", "--no-cache",
    ):  # fmt: skip
        assert flag in shown
    assert "loaded: []" in shown


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run"], "paper2run run REPO"),
        (["run", "--repo", "/does/not/exist"], "does not exist"),
        (["run", "--repo", "ext::sh -c id"], "refused"),
        (["run", "--repo", ".", "--timeout", "0"], "timeout"),
        (["run", "--repo", ".", "--target", "smokes"], "target"),
        (["batch", "papers.txt", "--max-attempts", "0"], "max-attempts"),
        (["run", "--repo", ".", "--out", "/dev/null/runs"], "cannot write"),
        (["show", "/does/not/exist"], "not a run folder"),
    ],
)
def test_a_bad_request_exits_with_2_and_says_what_to_do(arguments, words, tmp_path, repository):
    here = repository({"main.py": "print(1)\n"})
    done = paper2run(*[here if argument == "." else argument for argument in arguments])

    assert done.returncode == 2, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_host_that_cannot_be_reached_exits_with_3(tmp_path):
    # The waits before another try are those of every stage: 5 s and 30 s (test_model_retries.py).
    code = (
        "import sys, flows.cli as cli\nfrom tasks.clone import locate\n"
        "locate.retries = 0\ncli.main()\n"
    )
    asked = ("run", "--repo", "http://127.0.0.1:9/owner/name", "--out", str(tmp_path / "runs"))
    done = subprocess.run(
        [sys.executable, "-c", code, *asked], env=with_server({}), capture_output=True, text=True
    )

    assert done.returncode == 3, done.stderr
    assert "hint: " in done.stderr
    assert not (tmp_path / "runs").exists()


def test_a_configured_api_that_does_not_answer_exits_with_3(tmp_path, repository):
    here = repository({"main.py": "print(1)\n"})
    done = paper2run("run", "--repo", here, PREFECT_API_URL="http://127.0.0.1:9/api")

    assert done.returncode == 3
    assert "Prefect API" in done.stderr


def test_a_dry_run_tells_its_decisions(tmp_path, repository):
    here = repository({"main.py": "print(1)\n"})
    done = paper2run("run", here, "--dry-run", "--out", str(tmp_path / "runs"))

    assert done.returncode == 0, done.stderr
    assert "  smoke: python main.py: an entry script runs [main.py:1]" in done.stderr
    assert "plan: python:3." in done.stderr


@pytest.mark.docker
def test_a_failing_repository_exits_with_1_and_shows_its_folder(tmp_path, repository):
    here = repository({"main.py": 'open("data/train.csv")\n'})
    done = paper2run(
        "run", "--repo", here, "--out", str(tmp_path / "runs"), "--smoke", "python main.py"
    )

    assert done.returncode == 1, done.stderr
    assert "stopped-by-rule (missing_data)" in done.stdout
    [folder] = (tmp_path / "runs").iterdir()
    shown = paper2run("show", str(folder))
    assert shown.returncode == 0
    assert "data/train.csv" in shown.stdout


@pytest.mark.docker
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_no_container_and_a_folder_that_says_so(
    tmp_path, repository, number
):
    name = f"interrupted-{number.value}"
    here = repository({"main.py": f"import time\nprint({number.value})\ntime.sleep(600)\n"}, name)
    out = tmp_path / "runs"
    process = begin(here, out, "--smoke", "python main.py")
    wait_until(lambda: containers_of(name) != [], "its container")
    process.send_signal(number)
    _, said = process.communicate(timeout=60)

    assert process.returncode == 130, said
    assert containers_of(name) == []
    [folder] = out.iterdir()
    kept = json.loads((folder / "metadata.json").read_text())
    assert kept["status"] == "interrupted"
    assert [timing["stage"] for timing in kept["stages"]][-1] == "build"
    assert (folder / "logs" / "exception.txt").exists()


@pytest.mark.docker
@pytest.mark.parametrize("cleaner", [pytest.param("the next run", marks=pytest.mark.full), "clean"])
def test_what_a_killed_run_left_is_removed_by_the_next_one_and_by_clean(
    tmp_path, repository, cleaner
):
    name = f"killed-before-{cleaner.replace(' ', '-')}"
    here = repository({"main.py": f"import time\ntime.sleep(600)  # {name}\n"}, name)
    out = tmp_path / "runs"
    process = begin(here, out, "--smoke", "python main.py")
    wait_until(lambda: containers_of(name) != [], "its container")
    [folder] = out.iterdir()
    (folder / ".writing-half").touch()
    shown = paper2run("clean", "--dry-run")
    assert containers_of(name), "what is in use stays"
    assert "its process was killed" not in shown.stdout
    process.kill()
    process.wait()
    assert containers_of(name), "nobody could clean up"

    if cleaner == "clean":
        done = paper2run("clean")
        assert "1 run marked as crashed: the process was killed" in done.stdout
    else:
        done = paper2run(
            "run", "--repo", here, "--out", str(out), "--smoke", "python -c 'print(1)'"
        )

    assert done.returncode == 0, done.stderr
    assert containers_of(name) == []
    kept = json.loads((folder / "metadata.json").read_text())
    assert kept["status"] == "exception"
    assert "killed, after stage build" in kept["reason"]
    assert not (folder / ".writing-half").exists()
    with get_client(sync_client=True) as client:
        [run] = read_runs(client, [kept["flow_run_id"]])
    assert run.state is not None
    assert run.state.is_crashed()


@pytest.mark.docker
@pytest.mark.parametrize(
    "number", [pytest.param(signal.SIGINT, marks=pytest.mark.full), signal.SIGKILL]
)
def test_a_run_ended_in_the_middle_of_its_build_takes_the_build_along(tmp_path, repository, number):
    duration = unique_duration()
    here, out = slow_to_build(repository, duration), tmp_path / "runs"
    process = begin(here, out)
    assert starts(duration, within_s=120), "the build never came that far"
    process.send_signal(number)
    _, said = process.communicate(timeout=60)

    assert process.returncode == (130 if number == signal.SIGINT else -signal.SIGKILL), said
    assert ends(duration, within_s=30)
    [first] = out.iterdir()
    again = paper2run("run", "--repo", here, "--out", str(out), "--dry-run")
    assert again.returncode == 0, again.stderr
    kept = json.loads((first / "metadata.json").read_text())
    interrupted = number == signal.SIGINT
    assert kept["status"] == ("interrupted" if interrupted else "exception")
    how = "the run was interrupted" if interrupted else "killed"
    assert f"{how}, after stage render" in kept["reason"]
    [second] = set(out.iterdir()) - {first}
    stages = json.loads((second / "metadata.json").read_text())["stages"]
    done = {timing["stage"]: timing["cached"] for timing in stages}
    assert all(done[stage] for stage in ("clone", "extract", "plan", "resolve")), done


@pytest.mark.docker
def test_doctor_finds_what_a_run_needs(tmp_path):
    done = paper2run("doctor")

    assert done.returncode == 0, done.stdout
    for what in ("git", "container engine", "base images", "package index", "model", "Prefect API"):
        assert what in done.stdout


def test_doctor_without_an_engine_says_how_to_get_one():
    done = paper2run("doctor", DOCKER_HOST="tcp://127.0.0.1:9")

    assert done.returncode == 3
    assert "no" in done.stdout


def test_show_of_a_killed_run_says_how_far_it_came(tmp_path: Path):
    folder = tmp_path / "demo-20260101T000000Z"
    folder.mkdir()
    (folder / "run.log").write_text("2026-01-01T00:00:00Z clone: 0.1 s\n")
    (folder / "metadata.json").write_text(
        json.dumps(
            {
                "status": "running",
                "repo": "https://example.org/owner/demo",
                "started_at": "2026-01-01T00:00:00Z",
                "versions": {"paper2run": "0.1.0", "rules": "x"},
            }
        )
    )
    shown = paper2run("show", str(folder))

    assert shown.returncode == 0
    assert "clone: 0.1 s" in shown.stdout


def test_a_server_that_is_lost_in_the_middle_is_the_hosts_trouble_and_no_bug():
    code = (
        "import httpx, flows.cli as cli\n"
        "def gone():\n    raise httpx.ConnectError('All connection attempts failed')\n"
        "cli.app = gone\ncli.main()\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ended.returncode == 3
    assert "Prefect server stopped answering" in ended.stderr
    assert "bug" not in ended.stderr
