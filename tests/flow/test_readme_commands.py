"""The commands under "Use" of README.md, executed as they stand there, on the bundled example."""

import os
import pty
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.flow.commands import COMMAND, with_server

pytestmark = pytest.mark.docker
ROOT: Final = Path(__file__).parents[2]
USE: Final = (
    (ROOT / "README.md").read_text("utf-8").partition("## Use\n\n```sh\n")[2].partition("```")[0]
)
COMMANDS: Final = tuple(shlex.join(shlex.split(line, comments=True)) for line in USE.splitlines())
SLOW: Final = ("--bundle", "--jobs", "verify")
"""What builds again or downloads: every night is enough."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with what the commands name: a repository, an archive of it, a list of repositories."""
    here = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "examples" / "period-doubling", here / "period-doubling")
    shutil.make_archive(str(here / "code"), "zip", here, "period-doubling")
    (here / "papers.csv").write_text("repo\nperiod-doubling\n")
    return here


def words_of(command: str, here: Path) -> list[str]:
    """Return the command's words: without what may be left out, and with names of files that are there."""
    plain = re.sub(r"\[[^]]*\]", "", command.replace("'", ""))
    named = {
        "karpathy/micrograd": str(here / "period-doubling"),
        "URL": str(here / "period-doubling"),
        "10.5281/zenodo.1234567": str(here / "code.zip"),
        "papers.csv": str(here / "papers.csv"),
    }
    words = [named.get(word, word) for word in plain.split()[1:]]
    return [str(here / f"{n}.tar") if word == "FILE" else word for n, word in enumerate(words)]


def execute(words: list[str], here: Path) -> subprocess.CompletedProcess[str]:
    """Run it in that folder; a shell gets a terminal on which somebody types `exit`."""
    ours, theirs = pty.openpty()
    os.write(ours, b"exit\n")
    try:
        return subprocess.run(
            [*COMMAND, *words],
            cwd=here,
            env=with_server({"PAPER2RUN_OUT": str(here / "runs"), "BROWSER": "true"}),
            stdin=theirs,
            capture_output=True,
            text=True,
            timeout=600,
        )
    finally:
        os.close(ours)
        os.close(theirs)


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(line, marks=[pytest.mark.full] if any(map(line.__contains__, SLOW)) else [])
        for line in COMMANDS
    ],
)
def test_a_command_of_the_readme_does_what_it_says(command, place):
    words = words_of(command, place)
    if not (place / "runs").exists():
        first = execute(["run", str(place / "period-doubling")], place)
        assert first.returncode == 0, first.stderr

    done = execute(words, place)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
