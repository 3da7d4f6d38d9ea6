"""The start folder of a command is untrusted: its code does not run, its settings file is filtered.

No key leaves.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest
from prefect.settings import PREFECT_API_URL

from tests.conftest import free_port
from tests.flow.conftest import commit_all

MARKED = "import pathlib\npathlib.Path({marker!r}).touch()\n"
LOGGING = "version: 1\nformatters:\n  x:\n    (): subprocess.Popen\n    args: [touch, {marker}]\n"
TOML = 'config_path = "logging.yml"\n'
TRAPS = {
    "a module of Prefect's name": {"prefect/__init__.py": MARKED},
    "a module of the standard library's name": {"random.py": MARKED, "json.py": MARKED},
    "modules of our own names": {
        "tasks/__init__.py": MARKED, "flows/__init__.py": MARKED, "paper2run/__init__.py": MARKED,
    },
    "an .env for Prefect": {
        ".env": "PREFECT_LOGGING_CONFIG_PATH=logging.yml\n", "logging.yml": LOGGING,
    },
    "a pyproject.toml for Prefect": {
        "pyproject.toml": f"[tool.prefect.logging]\n{TOML}", "logging.yml": LOGGING,
    },
    "a prefect.toml": {"prefect.toml": f"[logging]\n{TOML}", "logging.yml": LOGGING},
}  # fmt: skip
KEY = "nvapi-a-key-that-nobody-else-may-see"


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    return tmp_path / "was-here"


def folder_with(root: Path, files: dict[str, str], marker: Path) -> Path:
    for name, text in {"main.py": "print(1)\n", **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.format(marker=str(marker)))
    commit_all(root)
    return root


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """Return the environment of a user who has never used the tool, on the tests' Prefect server."""
    kept = ("PATH", "LANG", "SSL_CERT_FILE", "DOCKER_HOST")
    (tmp_path / "home").mkdir()
    return {
        **{name: os.environ[name] for name in kept if name in os.environ},
        "HOME": str(tmp_path / "home"),
        "PREFECT_API_URL": PREFECT_API_URL.value(),
    }


@pytest.fixture
def alone(tmp_path: Path, home: dict[str, str]) -> Iterator[dict[str, str]]:
    """Yield the environment of the same user without a server: a command starts one, which is ended."""
    del home["PREFECT_API_URL"]
    home["PREFECT_SERVER_API_PORT"] = str(free_port())
    yield home
    started(["server", "stop"], tmp_path / "home", home)


def started(
    arguments: list[str], folder: Path, environment: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run the installed command in `folder`, as a person does."""
    command = Path(sys.executable).with_name("paper2run")
    return subprocess.run(
        [str(command), *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_no_code_of_the_working_folder_runs(tmp_path, marker, alone):
    """All traps in one folder; the server is started from there, the batch's children and the solver too."""
    files = {name: text for trap in TRAPS.values() for name, text in trap.items()}
    files["environment.yml"] = "channels: [file:///nowhere]\ndependencies: [python=3.11, numpy]\n"
    here = folder_with(tmp_path / "demo", files, marker)
    (here / "papers.txt").write_text(".\n")

    for arguments in (["run", "--repo", ".", "--dry-run"], ["batch", "papers.txt", "--dry-run"]):
        done = started(arguments, here, alone)
        assert "bug" not in done.stderr, done.stderr
        assert done.returncode == 0, done.stderr
        assert not marker.exists(), f"{arguments}: {done.stderr}"
    assert list((here / "runs").glob("demo-*")), "run folders lie where the command was started"
    _check_access(alone)


def _check_access(environment: dict[str, str]) -> None:
    """Check that the server that was started answers its own user alone, and no other web page."""
    origin = f"http://127.0.0.1:{environment['PREFECT_SERVER_API_PORT']}"
    file = Path(environment["HOME"]) / ".prefect" / "paper2run-server.login"
    user, password = file.read_text().strip().split(":")
    for login, code in ((None, 401), ((user, "guessed"), 401), ((user, password), 200)):
        answer = httpx.post(f"{origin}/api/flow_runs/filter", json={}, auth=login, timeout=30)
        assert answer.status_code == code
    asked = {"Access-Control-Request-Method": "POST"}
    for page, allowed in (("http://evil.example", None), (origin, origin)):
        answer = httpx.options(
            f"{origin}/api/flow_runs/", headers={"Origin": page, **asked}, timeout=30
        )
        assert answer.headers.get("access-control-allow-origin") == allowed
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("trap", TRAPS)
def test_each_way_alone_runs_nothing(trap, tmp_path, marker, home):
    here = folder_with(tmp_path / "demo", TRAPS[trap], marker)

    done = started(["clean", "--dry-run"], here, home)

    assert done.returncode == 0, done.stderr
    assert not marker.exists()


class Listener(BaseHTTPRequestHandler):
    """Keeps what it is sent and answers nothing useful."""

    seen: list[str]

    def do_POST(self) -> None:
        self.seen.append(str(self.headers))
        self.send_error(404)

    def log_message(self, *args: object) -> None:
        return


@pytest.fixture
def listener() -> Iterator[tuple[str, list[str]]]:
    seen: list[str] = []
    handler = type("Handler", (Listener,), {"seen": seen})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1", seen
    server.shutdown()
    server.server_close()


def test_an_env_file_of_the_working_folder_sends_no_key_anywhere(tmp_path, marker, home, listener):
    address, seen = listener
    text = (
        f"PAPER2RUN_BASE_URL={address}\nPAPER2RUN_PLANNER=model\nPAPER2RUN_SMOKE_NETWORK=bridge\n"
        "PAPER2RUN_MEMORY_MB=99999\nPAPER2RUN_INDEX_URL=http://127.0.0.1:9/simple\n"
    )
    here = folder_with(tmp_path / "demo", {".env": text}, marker)
    outside = folder_with(tmp_path / "papers", {".env": text}, marker)

    inside = started(["run", "--repo", ".", "--dry-run", "--planner", "rules"], here, home)
    beside = started(
        ["run", "--repo", str(here), "--dry-run", "--planner", "rules"],
        outside,
        {**home, "NVIDIA_API_KEY": KEY},
    )

    assert inside.returncode == 0, inside.stderr
    assert ".env is ignored: it belongs to the repository" in inside.stderr
    assert beside.returncode == 0, beside.stderr
    assert "cannot set PAPER2RUN_BASE_URL" in beside.stderr
    assert seen == []


def test_a_line_of_a_batch_file_takes_no_key_to_its_address(tmp_path, marker, home, listener):
    address, seen = listener
    here = folder_with(tmp_path / "demo", {}, marker)
    lines = tmp_path / "papers.txt"
    lines.write_text(f"{here} base_url={address} model=nvidia_nim/some/model planner=model\n")

    done = started(
        ["batch", str(lines), "--dry-run", "--out", str(tmp_path / "batch")],
        tmp_path,
        {**home, "NVIDIA_API_KEY": KEY, "PAPER2RUN_API_KEY": KEY},
    )

    assert done.returncode == 0, done.stderr
    assert seen, "the model's address was asked"
    assert KEY not in "".join(seen)


def test_harmless_settings_of_an_env_file_are_taken(tmp_path, marker, home):
    repository = folder_with(tmp_path / "demo", {}, marker)
    here = tmp_path / "papers"
    here.mkdir()
    (here / ".env").write_text("PAPER2RUN_OUT=results\nPAPER2RUN_TIMEOUT=0\n")

    refused = started(["run", "--repo", "../demo", "--dry-run"], here, home)
    (here / ".env").write_text("PAPER2RUN_OUT=results\nPAPER2RUN_TIMEOUT=7\n")
    taken = started(["run", "--repo", "../demo", "--dry-run"], here, home)

    assert refused.returncode == 2
    assert "timeout" in refused.stderr
    assert taken.returncode == 0, taken.stderr
    [folder] = (here / "results").iterdir()
    assert folder.name.startswith(repository.name)
    assert json.loads((folder / "metadata.json").read_text())["status"] == "planned"
