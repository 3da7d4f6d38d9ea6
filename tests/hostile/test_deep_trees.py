"""Repositories of folders without end: what is not looked at is named, and nothing recurses over it."""

import os
from pathlib import Path

import pytest

from paper2run.detectors import read_facts
from paper2run.errors import UserError
from paper2run.formats.tree import MAX_DEPTH, MAX_REPORTED, RepoTree
from paper2run.model.facts import Requirement, Unreadable
from paper2run.source import parse
from tasks.drivers.git.git import fetch, locate


@pytest.fixture
def deep(tmp_path: Path):
    """Make nested folders below a root, deeper than any path can name; remove them from the inside out."""
    made: list[tuple[Path, int]] = []

    def make(levels: int) -> Path:
        root = tmp_path / "root"
        root.mkdir()
        made.append((root, levels))
        handle = os.open(root, os.O_RDONLY)
        for _ in range(levels):
            os.mkdir("d", dir_fd=handle)
            below = os.open("d", os.O_RDONLY, dir_fd=handle)
            os.close(handle)
            handle = below
        file = os.open("requirements.txt", os.O_CREAT | os.O_WRONLY, dir_fd=handle)
        os.write(file, b"numpy\n")
        os.close(file)
        os.close(handle)
        return root

    yield make
    for root, levels in made:
        handle = os.open(root, os.O_RDONLY)
        for _ in range(levels):
            below = os.open("d", os.O_RDONLY, dir_fd=handle)
            os.close(handle)
            handle = below
        os.unlink("requirements.txt", dir_fd=handle)
        for _ in range(levels):
            above = os.open("..", os.O_RDONLY, dir_fd=handle)
            os.rmdir("d", dir_fd=above)
            os.close(handle)
            handle = above
        os.close(handle)


@pytest.mark.parametrize("levels", [1_500, 2_500])
def test_folders_without_end_are_named_and_not_walked(deep, levels: int) -> None:
    root = deep(levels)
    (root / "setup.cfg").write_text("[options]\ninstall_requires =\n    scipy\n")
    facts = read_facts(RepoTree.of(root))
    (unread,) = facts.of(Unreadable)
    assert unread.path == "/".join("d" * (MAX_DEPTH + 1))
    assert unread.why == f"deeper than {MAX_DEPTH} folders"
    assert [fact.name for fact in facts.of(Requirement)] == ["scipy"]


def test_a_file_at_the_last_level_is_still_read(deep) -> None:
    facts = read_facts(RepoTree.of(deep(MAX_DEPTH)))
    assert [fact.name for fact in facts.of(Requirement)] == ["numpy"]
    assert facts.of(Unreadable) == ()


def test_folders_with_names_too_long_for_a_path_are_named(tmp_path: Path) -> None:
    handle = os.open(tmp_path, os.O_RDONLY)
    for _ in range(20):
        os.mkdir("d" * 250, dir_fd=handle)
        handle = os.open("d" * 250, os.O_RDONLY, dir_fd=handle)
    tree = RepoTree.of(tmp_path)
    assert tree.files == ()
    assert [unread.why for unread in tree.not_walked] == ["File name too long"]


def test_many_folders_that_are_too_deep_are_counted_and_not_all_named(tmp_path: Path) -> None:
    deepest = tmp_path.joinpath(*"d" * MAX_DEPTH)
    for number in range(MAX_REPORTED + 10):
        (deepest / f"{number:03}").mkdir(parents=True)
    tree = RepoTree.of(tmp_path)
    assert len(tree.not_walked) == MAX_REPORTED
    assert tree.truncated


def test_a_folder_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    tree = RepoTree.of(tmp_path / "absent")
    assert (tree.files, [unread.path for unread in tree.not_walked]) == ((), ["."])


@pytest.mark.parametrize(("levels", "words"), [(1_200, ""), (2_500, "File name too long")])
def test_a_plain_folder_of_folders_without_end_is_taken_or_refused_in_words(
    deep, tmp_path: Path, levels: int, words: str
) -> None:
    source = parse(str(deep(levels)))
    mirrors = tmp_path / "mirrors"
    try:
        located = locate(source, "", mirrors, timeout_s=60, max_mb=10)
        assert fetch(source, located, mirrors, timeout_s=60, max_mb=10).commit
    except UserError as error:
        assert words
        assert words in error.what
    else:
        assert not words
