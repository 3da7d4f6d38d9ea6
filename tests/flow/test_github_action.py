"""The GitHub Action's step, run as a job runs it."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import yaml

from tests.flow.commands import with_server

ACTION = Path(__file__).parents[2] / "deployments" / "github-action"


def step(repo: str, tmp_path: Path, **more: str) -> tuple[int, dict[str, str], str]:
    """Return exit status, outputs and summary of the step."""
    outputs, summary = tmp_path / "outputs", tmp_path / "summary.md"
    given = {
        "REPO": repo, "REF": "", "ARGUMENTS": "", "FAIL": "true", "RUNNER_TEMP": str(tmp_path / "temp"),
        "GITHUB_OUTPUT": str(outputs), "GITHUB_STEP_SUMMARY": str(summary),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", **more,
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, str(ACTION / "reproduce.py")], env=with_server(given), cwd=tmp_path, check=False
    )  # fmt: skip
    lines = outputs.read_text().splitlines() if outputs.exists() else []
    told = dict(line.split("=", 1) for line in lines)
    return done.returncode, told, summary.read_text() if summary.exists() else ""


def test_a_negative_is_told_in_outputs_and_summary_and_fails_the_step(tmp_path, repository):
    empty = repository({"README.md": "# Code comes soon\n"})

    status, outputs, summary = step(empty, tmp_path)

    assert status == 1
    assert (outputs["verdict"], outputs["cause"]) == ("stopped-by-rule", "no_code")
    assert (Path(outputs["folder"]) / "badge.svg").is_file()
    assert "**Verdict** `stopped-by-rule`" in summary


def test_a_bad_request_fails_the_step_also_where_negatives_do_not(tmp_path):
    status, outputs, _ = step(str(tmp_path / "nowhere"), tmp_path, FAIL="false")

    assert (status, outputs) == (2, {})
    status_of = runpy.run_path(str(ACTION / "reproduce.py"))["status_of"]
    assert [status_of(code, "false") for code in (0, 1, 2, 3, 130)] == [0, 0, 2, 3, 130]


def test_the_action_declares_what_its_step_writes():
    action = yaml.safe_load((ACTION / "action.yml").read_text())
    [reproduce] = [one for one in action["runs"]["steps"] if one.get("id") == "reproduce"]

    assert set(action["inputs"]) == {name.lower() for name in reproduce["env"]}
    assert set(action["outputs"]) == {"verdict", "grade", "cause", "image", "folder"}
