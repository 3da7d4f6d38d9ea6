"""Lists of packages that something names are read, whatever they are called."""

from pathlib import Path

import pytest

from paper2run.detectors import read_facts
from paper2run.formats.tree import RepoTree
from paper2run.model.facts import CondaEnvironment, Requirement

SETUPTOOLS = (
    "[build-system]\nrequires = ['setuptools']\n[project]\nname = 'x'\ndynamic = ['dependencies']\n"
)
HATCH = "[tool.hatch.metadata.hooks.requirements_txt]\nfiles = ['needs/deps.txt']\n"
TABLE = f"{SETUPTOOLS}[tool.setuptools.dynamic]\ndependencies = {{file = ['needs/deps.txt']}}\n"
EXTRA = f"{SETUPTOOLS}[tool.setuptools.dynamic.optional-dependencies]\ntest = {{file = ['needs/deps.txt']}}\n"
PLAIN = "[metadata]\nname = x\n[options]\ninstall_requires =\n    file: needs/deps.txt\n"


def tree_of(folder: Path, **files: str) -> RepoTree:
    """Return a checkout with these files; a `__` of a name is a slash, a `_` a dot."""
    for name, text in {"needs__deps_txt": "attrs==20.1\n", **files}.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return RepoTree.of(folder)


@pytest.mark.parametrize(
    ("files", "group"),
    [
        ({"README_md": "# X\n\n    pip install -r needs/deps.txt\n"}, "runtime"),
        ({"Dockerfile": "FROM python:3.9\nRUN pip install -r needs/deps.txt\n"}, "runtime"),
        ({"pyproject_toml": TABLE}, "runtime"),
        ({"pyproject_toml": SETUPTOOLS + HATCH}, "runtime"),
        ({"setup_cfg": PLAIN}, "runtime"),
        ({"setup_cfg": PLAIN.replace("\n    file:", " file:")}, "runtime"),
        ({"pyproject_toml": EXTRA}, "test"),
        ({"README_md": "# X\n\nThe file needs/deps.txt is old.\n"}, None),
        ({"pyproject_toml": "[tool.other]\nfiles = ['needs/deps.txt']\n"}, None),
    ],
)
def test_a_list_that_something_hands_to_pip_is_read(tmp_path, files, group):
    found = [
        fact
        for fact in read_facts(tree_of(tmp_path, **files)).of(Requirement)
        if fact.name == "attrs"
    ]

    assert [fact.group for fact in found] == ([group] if group else [])


@pytest.mark.parametrize(
    ("said", "is_read"),
    [
        ("conda env create -f needs/all.yaml", True),
        ("mamba env update --file needs/all.yaml", True),
        ("cat needs/all.yaml", False),
    ],
)
def test_an_environment_that_something_hands_to_conda_is_read(tmp_path, said, is_read):
    environment = "dependencies:\n - python=3.6\n - scipy=1.5\n"
    tree = tree_of(tmp_path, README_md=f"# X\n\n    {said}\n", needs__all_yaml=environment)

    found = [fact.specs for fact in read_facts(tree).of(CondaEnvironment)]

    assert found == ([("python=3.6", "scipy=1.5")] if is_read else [])
