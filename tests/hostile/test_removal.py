"""What a stranger nested deeply is removed like all else."""

import os
from pathlib import Path

import pytest

from tasks.drivers.host.removal import remove_tree


@pytest.mark.parametrize("depth", [1, 3_000])
def test_a_folder_of_any_depth_is_removed(tmp_path: Path, depth: int) -> None:
    root = tmp_path / "deep"
    root.mkdir()
    before = Path.cwd()
    try:
        os.chdir(root)
        for _ in range(depth):
            # One name at a time: the whole path is longer than the kernel takes.
            os.mkdir("d")  # noqa: PTH102
            os.chdir("d")
    finally:
        os.chdir(before)

    remove_tree(root)

    assert not root.exists()
