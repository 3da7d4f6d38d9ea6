"""Finds the folders of a checkout that an install takes its packages from."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from paper2run.formats.tree import RepoTree
from paper2run.python.empty_projects import finds_nothing
from paper2run.python.own_projects import is_fixture
from paper2run.python.python_modules import is_package_folder

SOURCE_FOLDERS: Final = ("src", "lib", "python")
"""Folders beside packaging metadata that commonly hold the packages."""
NOT_INSTALLED: Final = frozenset(
    {"test", "tests", "testing", "doc", "docs", "example", "examples", "script", "scripts", "benchmark",
     "benchmarks", "tools", "notebooks", "paper", "experiments", "build", "dist"}
)  # fmt: skip
"""Packages that an install should not and mostly does not carry (setuptools: FlatLayoutPackageFinder)."""
METADATA: Final = re.compile(r"^\[(?:project|build-system|tool\.poetry|metadata)\]", re.MULTILINE)
PACKAGE_DIR: Final = re.compile(r"""package_dir\s*=\s*\{\s*["']{2}\s*:\s*["']([\w/.]+)["']""")
LISTS_PACKAGES: Final = re.compile(r"packages|py[_-]modules|package[_-]dir")
"""Words of metadata that say what is installed; without any setuptools 61 takes all that lies below `src`."""


def install_roots_of(tree: RepoTree) -> Iterator[tuple[str, str]]:
    """Yield each folder that holds packages with the text of the metadata that makes it one."""
    described: dict[str, str] = {}
    for path in tree.matching("setup.py", "pyproject.toml", "setup.cfg"):
        text = tree.text(path)
        if path.endswith("setup.py") or METADATA.search(text):
            folder = path.rpartition("/")[0]
            if is_fixture(folder):
                continue
            described[folder] = described.get(folder, "") + text
    for folder, text in sorted(described.items()):
        is_side = is_package_folder(tree, folder) and folder.rpartition("/")[2] in NOT_INSTALLED
        if is_side or finds_nothing(tree, folder):
            continue
        source = f"{folder}/src".removeprefix("/")
        if takes_all(source, text) and tree.below(source):
            yield source, text
            continue
        named = [match[1].strip("./") for match in PACKAGE_DIR.finditer(text)]
        for inner in ("", *SOURCE_FOLDERS, *named):
            root = "/".join(part for part in (folder, inner) if part)
            if inner in named or not is_package_folder(tree, root):
                yield root, text


def project_folders(paths: Iterable[str]) -> frozenset[str]:
    """Return the folders whose code lies in `src`, with tests and examples beside it: no packages."""
    inside: dict[str, set[str]] = {}
    for path in paths:
        above, _, name = path.rpartition("/")
        while above and name not in inside.setdefault(above, set()):
            inside[above].add(name)
            above, _, name = above.rpartition("/")
    beside = {"setup.py", *SOURCE_FOLDERS, *NOT_INSTALLED}
    return frozenset(folder for folder, names in inside.items() if "src" in names <= beside)


def takes_all(root: str, text: str) -> bool:
    """Whether setuptools installs all that lies in the folder: its automatic discovery of a src layout.

    It came with the release that reads the table `project` of pyproject.toml.
    """
    is_source = root.rpartition("/")[2] == "src"
    is_read = "setuptools.build_meta" in text and "[project]" in text
    return is_source and is_read and LISTS_PACKAGES.search(text) is None
