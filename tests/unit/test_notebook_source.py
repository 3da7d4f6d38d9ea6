"""What a notebook says of the Python that ran it."""

import json
from pathlib import Path

import pytest

from paper2run.formats.tree import RepoTree
from paper2run.python.notebook_source import Notebook, notebooks_of


@pytest.mark.parametrize(
    ("kernel", "written", "read"),
    [
        ("python3", "3.8.10", "3.8.10"),
        ("python3", "2.7.6", "3"),  # what JetBrains' editors write into each new notebook
        ("python2", "3.9.1", "2.7"),
        ("python3", "", "3"),
        ("my-env", "2.7.6", "2.7.6"),
        ("", "", ""),
    ],
)
def test_a_version_of_another_major_than_the_kernel_is_not_believed(
    tmp_path: Path, kernel: str, written: str, read: str
) -> None:
    metadata = {"kernelspec": {"name": kernel}, "language_info": {"version": written}}
    document = {"cells": [], "metadata": metadata, "nbformat": 4}
    (tmp_path / "a.ipynb").write_text(json.dumps(document))
    (found,) = notebooks_of(RepoTree.of(tmp_path))
    assert isinstance(found, Notebook)
    assert found.version == read
