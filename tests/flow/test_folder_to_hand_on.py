"""A run folder can be handed on: nothing of this machine is in it, and its instructions are true."""

import gzip
import re
import socket
import subprocess
from pathlib import Path

import pytest

from flows.reproduce import reproduce
from tests.flow.test_verdicts import verdict_of
from tests.flow.web_forge import ANNA, web_forge


@pytest.mark.docker
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


def its_instructions_are_true(folder: Path) -> None:
    """Run the commands of INSTRUCTIONS.md, each as it stands there, as a person who got the folder would."""
    text = (folder / "INSTRUCTIONS.md").read_text()
    commands = re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert [command.split()[1] for command in commands[:2]] == ["build", "run"]
    for command in commands:
        done = subprocess.run(
            ["/bin/sh", "-ec", command], cwd=folder, capture_output=True, text=True
        )
        assert done.returncode == 0, (command, done.stderr)
    assert "tide" in done.stdout


def text_of(path: Path) -> str:
    content = path.read_bytes()
    plain = gzip.decompress(content) if path.suffix == ".gz" else content
    return plain.decode("utf-8", "replace")
