"""The runs of a folder are listed, and the last one is found, without Prefect."""

import io
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from paper2run.errors import UserError
from paper2run.model.report import Metadata, Versions
from tasks.console.run_list import last_run, print_runs
from tasks.console.show import print_next, print_run


def keep(runs: Path, name: str, hour: int, **more: object) -> Metadata:
    folder = runs / name
    folder.mkdir(parents=True)
    metadata = Metadata(
        status="success", grade="tests", repo="https://forge.test/o/n", name="o/n",
        started_at=datetime(2026, 1, 2, hour, tzinfo=UTC), versions=VERSIONS, **more,
    )  # fmt: skip
    (folder / "metadata.json").write_text(metadata.model_dump_json())
    return metadata


VERSIONS = Versions(paper2run="1", rules="1")


def shown(runs: Path, most: int | None = None) -> list[str]:
    text = io.StringIO()
    print_runs(Console(file=text, width=120), runs, most=most)
    return text.getvalue().splitlines()


def test_runs_and_runs_of_batches_are_listed_the_newest_first(tmp_path):
    keep(tmp_path, "old", 1)
    keep(tmp_path, "batch-list/runs/new", 3)
    keep(tmp_path, "middle", 2)
    (tmp_path / "empty").mkdir()
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "metadata.json").write_text("{}")

    lines = shown(tmp_path)

    assert [line.split()[-1] for line in lines[1:4]] == ["batch-list/runs/new", "middle", "old"]
    assert "success (tests)" in lines[1]
    assert "o/n" in lines[1]
    assert lines[4] == f"3 runs in {tmp_path}"
    assert last_run(tmp_path) == tmp_path / "batch-list/runs/new"
    assert shown(tmp_path, most=1)[-1].endswith("2 not shown: --all")


def test_without_a_run_the_next_step_is_said(tmp_path):
    with pytest.raises(UserError, match="no run is in") as caught:
        last_run(tmp_path / "runs")

    assert "paper2run run REPO" in caught.value.hint
    assert shown(tmp_path / "runs") == [f"0 runs in {tmp_path / 'runs'}"]


def test_a_run_ends_with_what_to_do_next(tmp_path):
    metadata = keep(tmp_path, "a", 1, image="paper2run/n:1", flow_run_id="f00")
    text = io.StringIO()

    print_next(Console(file=text, width=300), metadata, tmp_path / "a", "http://host:4200")
    print_next(Console(file=text, width=300), metadata.changed(image=""), tmp_path / "a", "")

    assert text.getvalue().splitlines() == [
        "try      paper2run shell a",
        f"read     {tmp_path / 'a' / 'report.html'}",
        "see      http://host:4200/runs/flow-run/f00",
        f"read     {tmp_path / 'a' / 'report.html'}",
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["run", "no/such/folder"], 2, "does not exist"),
        (["run"], 2, "nothing to run"),
        (["run", "a", "--repo", "b"], 2, "two repositories"),
        (["run", ".", "--timeout", "soon"], 2, "a duration such as 15m"),
        (["batch", "nothing.txt"], 2, "cannot be read"),
        (["list"], 0, "0 runs"),
        (["list", "--json"], 0, "[]"),
        (["show"], 2, "no run is in"),
        (["shell", "nothing"], 2, "is not a run folder"),
        (["open", "nothing"], 2, "has no report.html"),
        (["--version"], 0, "paper2run 0"),
    ],
)
def test_what_needs_no_prefect_is_answered_without_it(arguments, code, words, tmp_path):
    run = (
        "import sys\nfrom flows.cli import main\n"
        f"sys.argv = ['paper2run', *{arguments!r}]\n"
        "try:\n    main()\nfinally:\n"
        "    print('loaded:', sorted({'prefect', 'litellm', 'docker'} & set(sys.modules)))\n"
    )
    home = {"HOME": str(tmp_path), "PAPER2RUN_HOME": str(tmp_path / "home"), "COLUMNS": "200"}
    path = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(Path(__file__).parents[2])}

    said = subprocess.run(
        [sys.executable, "-P", "-c", run], capture_output=True, text=True, check=False,
        cwd=tmp_path, env={**home, **path},
    )  # fmt: skip

    assert said.returncode == code, said.stderr
    assert words in " ".join((said.stdout + said.stderr).split())
    assert "loaded: []" in said.stdout


def test_in_a_pipe_no_name_is_folded_and_on_a_terminal_none_is_cut(tmp_path):
    name = "a-repository-whose-name-is-longer-than-any-terminal-is-wide-" * 2
    keep(tmp_path, name, 1)
    piped, folded = io.StringIO(), io.StringIO()

    print_runs(Console(file=piped, width=60), tmp_path, most=None)
    terminal = Console(file=folded, width=60, force_terminal=True, color_system=None)
    print_runs(terminal, tmp_path, most=None)

    assert piped.getvalue().splitlines()[1].endswith(name)
    lines = folded.getvalue().splitlines()[:-1]
    assert max(map(len, lines)) <= 60
    assert name in "".join(line.split()[-1] for line in lines[1:])


def test_a_report_in_a_pipe_is_its_text_line_by_line(tmp_path):
    keep(tmp_path, "a", 1)
    line = "| smoke | python train.py: a documented command that is told in one long line | README.md:7 |"
    (tmp_path / "a" / "report.md").write_text(f"# a\n\n{line}\n")
    text = io.StringIO()

    print_run(Console(file=text, width=60), tmp_path / "a")

    assert line in text.getvalue().splitlines()


def test_a_command_ends_without_a_last_collection_of_garbage(tmp_path):
    run = (
        "import atexit, gc, sys\n"
        "atexit.register(lambda: print('frozen:', gc.get_freeze_count() > 0))\n"
        "from flows.cli import main\nsys.argv = ['paper2run', '--version']\nmain()\n"
    )
    home = {"HOME": str(tmp_path), "PAPER2RUN_HOME": str(tmp_path / "home")}
    path = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(Path(__file__).parents[2])}

    said = subprocess.run(
        [sys.executable, "-P", "-c", run], capture_output=True, text=True, check=True,
        cwd=tmp_path, env={**home, **path},
    )  # fmt: skip

    assert "frozen: True" in said.stdout
