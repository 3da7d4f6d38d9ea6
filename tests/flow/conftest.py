"""Repositories to run, and what is left of them, on the tests' Prefect server."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.flow.batches import gate_of, wait_until
from tests.flow.web_forge import web_forge

Repository = Callable[..., str]
COMMIT_DATE = "2023-03-01T12:00:00+00:00"
"""After numpy's wheels for Python 3.11, which is the interpreter that every test machine has an image of."""


@pytest.fixture(scope="session", autouse=True)
def on_the_server(prefect_server: Path) -> None:
    """Let every test here talk to the tests' Prefect server."""


@pytest.fixture(autouse=True)
def one_candidate(monkeypatch: pytest.MonkeyPatch) -> None:
    """End runs that fail after their first candidate; tests of the others ask for more."""
    monkeypatch.setenv("PAPER2RUN_MAX_CANDIDATES", "1")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Return a function that makes a git repository of the given files and returns its path."""

    def make(files: dict[str, str], name: str = "demo") -> str:
        root = tmp_path / name
        for path, content in files.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(content)
        commit_all(root)
        return str(root)

    return make


def slow_to_build(repository: Repository, duration: str) -> str:
    """Return a repository whose installation sleeps for `duration` seconds.

    That argument identifies the process.
    """
    slow = f"import subprocess\nsubprocess.run(['sleep', '{duration}'])\n"
    manifest = (
        "from setuptools import setup\nsetup(name='demo', version='1', py_modules=['demo'])\n"
    )
    return repository({"setup.py": slow + manifest, "demo.py": "print(1)\n"})


def recipe_of(folder: Path) -> str:
    """Return what builds the image: the Dockerfile, and the lock that it may read."""
    files = (folder / "Dockerfile", folder / "requirements.lock")
    return "".join(path.read_text() for path in files if path.is_file())


def commit_all(root: Path, date: str = COMMIT_DATE) -> None:
    """Turn a folder into a git repository with one commit of everything in it."""
    identity = {
        "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.org", "GIT_AUTHOR_DATE": date,
        "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.org", "GIT_COMMITTER_DATE": date,
    }  # fmt: skip
    for arguments in (["init", "-q"], ["add", "-A", "-f"], ["commit", "-q", "-m", "all"]):
        subprocess.run(["git", *arguments], cwd=root, check=True, env={**os.environ, **identity})


@pytest.fixture
def no_containers_left() -> Iterator[None]:
    """Check that the test leaves no container of a run behind; those of tests beside it end soon."""
    yield
    wait_until(
        lambda: containers_of("demo") + containers_of("period-doubling") == [],
        "the end of all containers of runs",
    )


def containers_of(name: str) -> list[str]:
    """Return the ids of the containers of runs of the repository `name`; ignore other people's runs."""
    from tasks.drivers.engine.engine import RUN_LABEL
    from tasks.drivers.engine.engine_connection import connect

    containers = connect().client.api.containers(all=True, filters={"label": RUN_LABEL})
    return [found["Id"] for found in containers if found["Image"].startswith(f"paper2run/{name}:")]


@pytest.fixture
def hanging(tmp_path: Path, repository: Repository) -> Iterator[Path]:
    """Return a batch file of a repository that is done at once and one whose host does not answer yet."""
    repository({"main.py": "print(1)\n"}, "quick")
    slow = Path(repository({"main.py": "print(1)\n"}, "slow"))
    file = tmp_path / "papers.txt"
    with web_forge(slow, gate=gate_of(slow)) as place:
        file.write_text(f"quick smoke='python main.py'\nhttp://{place}\n")
        yield file
