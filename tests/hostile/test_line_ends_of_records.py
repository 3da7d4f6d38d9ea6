"""Line-based records and listings end their lines at LF, whatever strangers' names and words hold."""

import json
import subprocess
from pathlib import Path, PurePath

import pytest

from paper2run.batches.batch_input import read_batch_text
from paper2run.errors import UserError
from paper2run.formats.structured import read_toml
from paper2run.formats.tree import RepoTree
from paper2run.model.facts import Unreadable
from paper2run.model.usage import ModelCall
from paper2run.source import LocalSource
from tasks.drivers.git.git import locate
from tasks.drivers.model.ledger import Ledger

CHARACTERS = "\x1c\x85\u2028\u2029"


@pytest.mark.parametrize("character", CHARACTERS)
def test_what_a_model_service_said_does_not_break_the_ledger(
    tmp_path: Path, character: str
) -> None:
    call = ModelCall(purpose="plan", model="m", latency_s=1, failure=f"a{character}b")
    Ledger(tmp_path).add(call)
    Ledger(tmp_path).add(call)
    assert Ledger(tmp_path).calls() == (call, call)


@pytest.mark.parametrize("character", CHARACTERS[1:])
def test_a_line_of_json_is_one_repository(character: str) -> None:
    text = json.dumps({"repo": "o/n", "smoke": f"make {character}x"}, ensure_ascii=False)
    found = read_batch_text(PurePath("batch.jsonl"), f"{text}\n{json.dumps('p/q')}\n")
    assert [line.line for line in found.lines] == [1, 2]
    assert found.bad == ()


@pytest.mark.parametrize("character", CHARACTERS[1:])
def test_a_branch_with_a_line_end_of_unicode_in_its_name_is_one_branch(
    tmp_path: Path, character: str
) -> None:
    folder = tmp_path / "repository"
    folder.mkdir()

    def git(*args: str) -> None:
        identity = ("-c", "user.name=a", "-c", "user.email=a@b.example")
        subprocess.run(["git", *identity, *args], cwd=folder, check=True, capture_output=True)

    git("init", "-q", "-b", "main")
    git("commit", "-q", "--allow-empty", "-m", "one")
    git("branch", f"a{character}b")
    with pytest.raises(UserError, match="absent"):
        locate(
            LocalSource(path=str(folder)), "absent", tmp_path / "mirrors", timeout_s=60, max_mb=100
        )


def test_dots_are_counted_by_the_lines_of_toml(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('x."\u2028"' + '.a."\u2028"' * 5000 + " = 1\n")
    found = read_toml(RepoTree.of(tmp_path), "a.toml")
    assert isinstance(found, Unreadable)
    assert "dots" in found.why
