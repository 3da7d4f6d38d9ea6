"""A run folder can be handed on: nothing of this machine is in it, and its instructions are true."""

import gzip
import os
import re
import socket
import subprocess
import uuid
from collections.abc import Mapping
from pathlib import Path

import pytest

from flows.reproduce import reproduce
from tasks.drivers.engine.engine_connection import connect
from tests.engine.conftest import gateway
from tests.flow.planted import Site, serving
from tests.flow.test_verdicts import verdict_of
from tests.flow.web_forge import ANNA, web_forge

pytestmark = pytest.mark.docker
UNBUILDABLE = """\
import sys
from setuptools import setup
sys.exit("no tide here")
setup(name="demo", version="1", py_modules=["main"])
"""


def test_no_file_of_a_run_names_a_folder_or_a_login_or_this_machine(
    repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, out = tmp_path / "home", tmp_path / "runs"
    monkeypatch.setenv("PAPER2RUN_HOME", str(home))
    monkeypatch.setenv("PAPER2RUN_INVENTORY", "true")
    repo = Path(repository({"main.py": "print('tide')\n", "README.md": "Run `python main.py`.\n"}))
    with web_forge(repo, locked=True) as place:
        state = reproduce(repo=f"http://{ANNA}@{place}", out=str(out), return_state=True)
        metadata, folder = verdict_of(state, out)

    assert metadata.status == "success", metadata.reason
    traces = [str(tmp_path), ANNA.partition(":")[2], socket.gethostname()]
    files = [path for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts]
    assert len(files) > 20
    found = {
        (str(path.relative_to(folder)), trace)
        for path in files
        for trace in traces
        if re.search(rf"(?<!\w){re.escape(trace)}(?!\w)", text_of(path))
    }
    assert found == set()
    its_instructions_are_true(folder)


def test_the_instructions_are_true_at_a_site_with_its_own_authority_index_and_proxy(
    repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = Site(tells_digests=True)
    site.publish("tide", "1.0", "NAME = 'tide'\n")
    repo = repository({"main.py": "import tide\nprint(tide.NAME)\n", "requirements.txt": "tide\n"})
    host = gateway(connect(), "python:3.11-slim", f"tests-{uuid.uuid4().hex}")
    with serving(site, host, tmp_path) as certificate:
        monkeypatch.setenv("PAPER2RUN_HOME", str(tmp_path / "home"))
        monkeypatch.setenv("PAPER2RUN_INDEX_URL", f"{site.url}/simple/")
        monkeypatch.setenv("PAPER2RUN_CA_BUNDLE", str(certificate))
        monkeypatch.setenv("HTTPS_PROXY", site.proxy)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
        out = tmp_path / "runs"
        state = reproduce(repo=repo, out=str(out), smoke="python main.py", return_state=True)
        metadata, folder = verdict_of(state, out)
        assert metadata.status == "success", metadata.reason
        connect().client.images.remove(metadata.image, force=True)
        shell = {"SSL_CERT_FILE": str(certificate), "PIP_INDEX_URL": f"{site.url}/simple/"}
        its_instructions_are_true(folder, {**os.environ, **shell}, at_a_site=True)


@pytest.mark.parametrize(
    ("code", "words"),
    [("import sys\nsys.exit('no tide today')\n", "no tide today"), ("", "no tide here")],
)
def test_the_instructions_of_a_failed_run_lead_to_its_failure(
    repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, words: str
) -> None:
    monkeypatch.setenv("PAPER2RUN_HOME", str(tmp_path / "home"))
    repo = repository({"main.py": code} if code else {"setup.py": UNBUILDABLE, "main.py": "1\n"})
    state = reproduce(
        repo=repo,
        out=str(tmp_path),
        smoke="python main.py",
        max_attempts=1,
        max_candidates=1,
        return_state=True,
    )
    metadata, folder = verdict_of(state, tmp_path)

    assert metadata.status != "success"
    plain, _, *runs = commands_in(folder)
    built = executed(plain, folder)
    if code:
        (run,) = runs
        assert built.returncode == 0, built.stderr
        failed = executed(run, folder)
    else:
        assert runs == []
        failed = built
    assert failed.returncode != 0
    assert words in failed.stdout + failed.stderr
    text = (folder / "INSTRUCTIONS.md").read_text()
    assert "## What comes of it" in text
    assert (words if code else "RUN pip install") in text


def its_instructions_are_true(
    folder: Path, env: Mapping[str, str] = os.environ, *, at_a_site: bool = False
) -> None:
    """Run the commands of INSTRUCTIONS.md, each as it stands there, as a person who got the folder would."""
    plain, of_a_site, *runs = commands_in(folder)
    assert plain.startswith("docker build ")
    assert runs[0].startswith("docker run ")
    told = {}
    for command in (*([] if at_a_site else [plain]), of_a_site, *runs):
        done = executed(command, folder, env)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        told[command] = done.stdout
    assert "tide" in told[runs[0]]


def commands_in(folder: Path) -> list[str]:
    text = (folder / "INSTRUCTIONS.md").read_text()
    return re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def executed(
    command: str, folder: Path, env: Mapping[str, str] = os.environ
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["/bin/sh", "-ec", command], cwd=folder, capture_output=True, text=True, env=dict(env)
    )


def text_of(path: Path) -> str:
    content = path.read_bytes()
    plain = gzip.decompress(content) if path.suffix == ".gz" else content
    return plain.decode("utf-8", "replace")
