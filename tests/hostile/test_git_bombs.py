"""A few small objects that stand for billions of files, or for folders deeper than git can follow."""

import hashlib
import subprocess
import zlib
from pathlib import Path

import pytest

from paper2run.errors import UserError
from paper2run.model.repo import Checkout
from paper2run.source import parse
from tasks.drivers.git.git import fetch, locate
from tasks.drivers.git.layout import lay_out

LEVELS = 10
FILE, FOLDER = "100644", "40000"
DEEP = 10_000
"""Levels at which every git ends: an 8 MB stack, or `core.maxTreeDepth` (2.43)."""


def git(folder: Path, *args: str, given: bytes = b"") -> str:
    """Run git as the attacker does, who prepares the repository."""
    return subprocess.run(
        ["git", "-C", str(folder), "-c", "user.name=T", "-c", "user.email=t@example.org", *args],
        check=True, capture_output=True, input=given,
    ).stdout.decode().strip()  # fmt: skip


def tree(folder: Path, *entries: tuple[str, str, str]) -> str:
    content = b"".join(
        f"{mode} {name}\0".encode() + bytes.fromhex(of) for mode, name, of in entries
    )
    return git(folder, "hash-object", "-t", "tree", "-w", "--stdin", given=content)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    folder = tmp_path / "hostile"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    return folder


def commit(folder: Path, root: str) -> None:
    made = git(folder, "commit-tree", root, "-m", "x")
    git(folder, "update-ref", "refs/heads/main", made)


def bring(folder: Path, mirrors: Path) -> Checkout:
    source = parse(str(folder))
    located = locate(source, "", mirrors, timeout_s=60, max_mb=100)
    return fetch(source, located, mirrors, timeout_s=60, max_mb=100)


@pytest.mark.parametrize("leaf", ["of files", "of empty folders"])
def test_a_tree_of_billions_is_given_up_and_its_mirror_kept(repository, tmp_path, leaf) -> None:
    blob = git(repository, "hash-object", "-w", "--stdin", given=b"x\n")
    files = [(FILE, str(n), blob) for n in range(10)] if leaf == "of files" else []
    root = tree(repository, (FILE, "a.py", blob))
    commit(repository, root)
    mirror = Path(bring(repository, tmp_path / "mirrors").mirror)
    (mirror / "mark").touch()
    root = tree(repository, *files)
    for _ in range(LEVELS):
        root = tree(repository, *((FOLDER, str(n), root) for n in range(10)))
    commit(repository, root)
    with pytest.raises(UserError, match="holds more files than 2,000,000"):
        bring(repository, tmp_path / "mirrors")
    assert (mirror / "mark").exists()


def test_folders_deeper_than_git_can_follow_are_named_as_that(repository, tmp_path) -> None:
    below = git(repository, "hash-object", "-w", "--stdin", given=b"x\n")
    mode = FILE
    objects = repository / ".git/objects"
    for _ in range(DEEP):
        below, mode = written_tree(objects, mode, below), FOLDER
    commit(repository, below)
    with pytest.raises(UserError, match="deep"):
        lay_out(bring(repository, tmp_path / "mirrors"), tmp_path / "repo")
    assert not (tmp_path / "repo").exists()


@pytest.mark.parametrize("content", [b"1x0644 a\0", b"100644 a\0too short", b"100644"])
def test_a_folder_that_git_cannot_parse_is_the_repositorys(repository, tmp_path, content) -> None:
    commit(repository, written(repository / ".git/objects", content))
    with pytest.raises(UserError):
        lay_out(bring(repository, tmp_path / "mirrors"), tmp_path / "repo")


def written_tree(objects: Path, mode: str, below: str) -> str:
    """Write a tree of one entry without git, which would be started once for each level."""
    return written(objects, f"{mode} d\0".encode() + bytes.fromhex(below))


def written(objects: Path, content: bytes) -> str:
    """Write a tree as git itself may refuse to write it."""
    whole = f"tree {len(content)}\0".encode() + content
    name = hashlib.sha1(whole, usedforsecurity=False).hexdigest()
    path = objects / name[:2] / name[2:]
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(zlib.compress(whole, 1))
    return name
