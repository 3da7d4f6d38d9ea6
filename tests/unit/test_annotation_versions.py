"""Type hints that a file evaluates, and the versions of Python that they need."""

from pathlib import Path

import pytest

from paper2run.detectors.python_syntax import detect
from paper2run.formats.tree import RepoTree
from paper2run.model.facts import PythonSyntax
from paper2run.python.python_source import parse

NEED_39 = [
    "def rows(path: str) -> list[str]: ...",
    "def rows(names: dict[str, int]): ...",
    "class A:\n    rows: tuple[int, ...] = ()",
    "Rows = list[str]",
    "from collections.abc import Set\ndef f(names: list, found: Set[str]): ...",
    "from collections import OrderedDict\nx: OrderedDict[str, int] = OrderedDict()",
    "from os import PathLike\ndef f(path: PathLike[str]): ...",
]
NEED_310 = [
    "def f(x: int | None = None): ...",
    "def f() -> np.ndarray | float: ...",
    "isinstance(x, int | str)",
    "class A:\n    x: 'B'\n    y: B | None = None",
]
ANY = [
    "from __future__ import annotations\ndef f(x: list[str] | None) -> dict[str, int]: ...",
    "def f():\n    x: list[str] = []\n    y: int | None = None",
    "class A:\n    def f(self):\n        self.x: list[str] = []",
    "def f(list):\n    return list[0]",
    "set = {}\nprint(set['a'])",
    "def f(x: 'list[str] | None'): ...",
    "import typing\nif typing.TYPE_CHECKING:\n    Rows = list[str]",
    "import sys\nif sys.version_info >= (3, 9):\n    Rows = list[str]\nelse:\n    Rows = object",
    "flags = re.I | re.M",
    "from typing import Set\ndef f(x: Set[str]): ...",
    "a = b | c",
]


@pytest.mark.parametrize(("code", "minor"), [(c, 9) for c in NEED_39] + [(c, 10) for c in NEED_310])
def test_a_hint_that_is_evaluated_needs_a_version(code: str, minor: int) -> None:
    hints = [found.minor for found in parse(code).syntax if found.is_hint]
    assert max(hints) == minor


@pytest.mark.parametrize("code", ANY)
def test_what_is_never_evaluated_needs_none(code: str) -> None:
    assert not [found for found in parse(code).syntax if found.is_hint]


HINTED = "def rows(path: str) -> list[str]:\n    return []\n"
PLAIN = "import os\nprint(os.name)\n"


@pytest.mark.parametrize(
    ("files", "needs"),
    [
        (
            {
                "pkg/__init__.py": "",
                "pkg/rows.py": HINTED,
                "setup.py": "from setuptools import setup\n",
            },
            9,
        ),
        ({"a.py": HINTED, "b.py": PLAIN}, 9),
        ({"a.py": HINTED, "b.py": PLAIN, "c.py": PLAIN}, None),
        ({"pkg/__init__.py": "", "pkg/x.py": PLAIN, "examples/a.py": HINTED}, None),
    ],
    ids=["package", "half of the scripts", "one script of three", "an example"],
)
def test_side_files_do_not_decide(files: dict[str, str], needs: int | None, tmp_path: Path) -> None:
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    found = [
        fact
        for fact in detect(RepoTree.of(tmp_path))
        if isinstance(fact, PythonSyntax) and fact.minor
    ]
    assert [fact.minor for fact in found] == ([needs] if needs else [])
