"""Plain folders become commits: the same content the same commit, nothing of theirs is written or run."""

import os
import shutil
from pathlib import Path

import pytest

from paper2run.errors import UserError
from paper2run.model.repo import Checkout
from paper2run.source import parse
from tasks.drivers.git.git import fetch, locate
from tasks.drivers.git.layout import lay_out

LIMIT_S = 60


def bring(folder: Path, mirrors: Path, ref: str = "", max_mb: int = 100) -> Checkout:
    source = parse(str(folder))
    located = locate(source, ref, mirrors, timeout_s=LIMIT_S, max_mb=max_mb)
    return fetch(source, located, mirrors, timeout_s=LIMIT_S, max_mb=max_mb)


def write(root: Path, files: dict[str, str]) -> Path:
    for path, content in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content)
    return root


@pytest.fixture
def code(forge, tmp_path) -> Path:
    return write(tmp_path / "code", {"a.py": "a = 1\n", "pkg/b.py": "b = 2\n"})


def test_the_same_content_gives_the_same_commit_anywhere_and_any_time(code, tmp_path) -> None:
    first = bring(code, tmp_path / "mirrors")
    copy = shutil.copytree(code, tmp_path / "copy/code")
    os.utime(copy / "a.py", (0, 0))
    assert bring(copy, tmp_path / "other mirrors").commit == first.commit
    assert (first.name, first.url, first.committed_at) == ("code", str(code), None)


def test_its_files_have_an_swhid_and_the_commit_that_was_made_here_has_none(
    code, forge, tmp_path
) -> None:
    checkout = bring(code, tmp_path / "mirrors")
    forge.git(code, "init", "-q")
    forge.git(code, "add", "-A")
    assert checkout.swhid_directory == f"swh:1:dir:{forge.git(code, 'write-tree')}"
    assert (checkout.swhid_revision, checkout.made_here) == ("", True)


def test_a_changed_byte_or_a_changed_mode_gives_another_commit(code, tmp_path) -> None:
    commits = {bring(code, tmp_path / "mirrors").commit}
    (code / "a.py").write_text("a = 2\n")
    commits.add(bring(code, tmp_path / "mirrors").commit)
    (code / "a.py").chmod(0o755)
    commits.add(bring(code, tmp_path / "mirrors").commit)
    assert len(commits) == 3


def test_the_folder_is_only_read_and_laid_out_whole(code, tmp_path) -> None:
    before = sorted(code.rglob("*"))
    lay_out(bring(code, tmp_path / "mirrors"), tmp_path / "repo")
    assert sorted(code.rglob("*")) == before
    assert (tmp_path / "repo/pkg/b.py").read_text() == "b = 2\n"


def test_ignored_files_are_left_out_by_the_folders_own_rules(code, tmp_path) -> None:
    ours = {
        ".gitignore": "*.log\n!keep.log\ncache/\n",
        "run.log": "",
        "keep.log": "",
        "cache/x": "",
    }
    write(code, {**ours, "pkg/.gitignore": "tmp_*\n", "pkg/tmp_1": ""})
    lay_out(bring(code, tmp_path / "mirrors"), tmp_path / "repo")
    found = {str(path.relative_to(tmp_path / "repo")) for path in (tmp_path / "repo").rglob("*")}
    laid_out = {path for path in found if not path.startswith(".git/")}
    assert laid_out == {
        ".git", ".gitignore", "keep.log", "a.py", "pkg", "pkg/b.py", "pkg/.gitignore"
    }  # fmt: skip


def test_files_of_a_repository_inside_are_kept_without_its_history(code, forge, tmp_path) -> None:
    forge.git(code / "pkg", "init", "-q")
    forge.git(code / "pkg", "add", "-A")
    forge.git(code / "pkg", "commit", "-q", "-m", "inner")
    checkout = bring(code, tmp_path / "mirrors")
    lay_out(checkout, tmp_path / "repo")
    assert (tmp_path / "repo/pkg/b.py").is_file()
    assert not (tmp_path / "repo/pkg/.git").exists()
    assert checkout.submodules == ()


def test_odd_names_and_links_survive_and_special_files_are_noted(code, tmp_path) -> None:
    odd = [b"with space", b"two\nlines", b"latin\xe9", b"-dash"]
    for name in odd:
        Path(os.fsdecode(os.fsencode(code) + b"/" + name)).write_text("x")
    (code / "away").symlink_to("/etc")
    (code / "gone").symlink_to("nowhere")
    os.mkfifo(code / "pipe")
    checkout = bring(code, tmp_path / "mirrors")
    lay_out(checkout, tmp_path / "repo")
    found = {os.fsencode(path.name) for path in (tmp_path / "repo").iterdir()}
    assert found == {*odd, b"a.py", b"pkg", b"away", b"gone", b".git"}
    assert (tmp_path / "repo/away").readlink() == Path("/etc")
    assert checkout.notes == ("left out, neither files nor links: pipe",)


def test_an_empty_folder_is_named_so(forge, tmp_path) -> None:
    (tmp_path / "empty/inner").mkdir(parents=True)
    with pytest.raises(UserError, match="holds no files"):
        bring(tmp_path / "empty", tmp_path / "mirrors")


def test_a_ref_of_a_plain_folder_is_refused(code, tmp_path) -> None:
    with pytest.raises(UserError, match="plain folder and has no main") as caught:
        bring(code, tmp_path / "mirrors", "main")
    assert "--ref" in caught.value.hint


def test_a_folder_over_the_limit_is_refused_before_it_is_read(code, tmp_path) -> None:
    with (code / "large.bin").open("wb") as sparse:
        sparse.truncate(50 * 1024**3)
    with pytest.raises(UserError, match="larger than 5 MB"):
        bring(code, tmp_path / "mirrors", max_mb=5)


def test_a_folder_that_changed_since_it_was_located_is_noticed(code, tmp_path) -> None:
    source, mirrors = parse(str(code)), tmp_path / "mirrors"
    located = locate(source, "", mirrors, timeout_s=LIMIT_S, max_mb=100)
    shutil.rmtree(mirrors)
    (code / "a.py").write_text("a = 3\n")
    with pytest.raises(UserError, match="changed while it was read"):
        fetch(source, located, mirrors, timeout_s=LIMIT_S, max_mb=100)


@pytest.mark.parametrize("name", [".gitignore", "sub/.gitattributes"])
def test_a_pipe_that_git_would_wait_for_is_named(tmp_path, name) -> None:
    code = tmp_path / "code"
    (code / "sub").mkdir(parents=True)
    (code / "a.py").write_text("a = 1\n")
    os.mkfifo(code / name)
    with pytest.raises(UserError, match=f"{name} is no file"):
        bring(code, tmp_path / "mirrors")
