"""What the files of this machine show of a request is judged before Prefect is imported."""

import subprocess
from pathlib import Path

import pytest

from tasks.running.records import RunFolder
from tests.unit.test_model_need import said


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in {
        "code/main.py": b"print(1)\n", "page.pdf": b"<html></html>", "empty.pdf": b"", "empty.md": b"",
        "paper.docx": b"PK", "git/main.py": b"print(1)\n",
    }.items():  # fmt: skip
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    (tmp_path / "nothing").mkdir()
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    for words in (["init", "-q"], ["add", "-A"], [*identity, "commit", "-q", "-m", "all"]):
        subprocess.run(["git", *words], cwd=tmp_path / "git", check=True)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["lab/mehs", "--planner", "model"], "no folder lab/mehs is here"),
        (["nothing"], "holds no files"),
        (["git", "--ref", "nosuch"], "has no branch, tag or commit nosuch"),
        (["code", "--ref", "main"], "is a plain folder and has no main"),
        (["code", "--paper", "no.pdf"], "no.pdf does not exist"),
        (["code", "--paper", "page.pdf"], "not a PDF: it does not begin with %PDF-"),
        (["code", "--paper", "empty.pdf"], "cannot be read: empty"),
        (["code", "--paper", "empty.md"], "cannot be read: empty"),
        (["--paper", "paper.docx"], "a paper is a file that ends in .pdf, .md or .markdown"),
        (["code", "--paper", "code"], "a paper is a file that ends in"),
    ],
)
def test_a_mistake_that_files_here_show_is_told_before_prefect(folder, arguments, words):
    code, told = said(folder, ["run", *arguments])

    assert code == 2, told
    assert words in told
    assert "hint: " in told
    assert "loaded: []" in told


def test_a_name_that_is_no_setting_is_told_wherever_it_stands(folder):
    (folder / ".env").write_text("PAPER2RUN_TIMOUT=60\n")

    code, told = said(folder, ["run", "code"])

    assert code == 2, told
    assert f"PAPER2RUN_TIMOUT (in {folder / '.env'}) is no setting" in told
    assert "did you mean PAPER2RUN_TIMEOUT?" in told
    assert "loaded: []" in told


def test_the_run_folder_of_a_repository_with_spaces_has_none(tmp_path):
    run = RunFolder.create(tmp_path, "my  repo")

    assert run.path.name.startswith("my-repo-")
