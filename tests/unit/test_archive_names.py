"""Whether an archive has a module or a name, told by the words of its members."""

import pytest

from paper2run.index.archive_names import has_name

WHEEL = {
    "lab/__init__.py": b"from .core import *\nfrom lab.io import (\n    load,\n    save as store,\n)\n",
    "lab/core.py": b"class Grid(object):\n    pass\n\nSIZE: int = 3\n# def gone(): was here until 2.0\n",
    "lab/io/__init__.py": b"def load(path):\n    if load == 1:\n        use(hidden == 2)\n",
    "lab/fast.cpython-39-x86_64-linux-gnu.so": b"\x7fELF\0\0total\0",
    "lab/lazy.py": b"_import_structure = {'models': ['AutoGrid']}\n",
    "lab/words.py": b"NOTE = 'AutoGrid'\n",
    "lab-1.0.dist-info/RECORD": b"",
}
SOURCE = {f"lab-1.0/src/{name}": content for name, content in WHEEL.items()}
OLD_PYTHON = {
    "mod-1/mod/__init__.py": b"from core import *\n",
    "mod-1/mod/core.py": b"def run(): pass\n",
}


@pytest.mark.parametrize("members", [WHEEL, SOURCE], ids=["wheel", "source"])
@pytest.mark.parametrize(
    ("dotted", "is_there"),
    [
        ("lab.core", True),
        ("lab.io", True),
        ("lab.fast", True),
        ("lab.Grid", True),
        ("lab.core.SIZE", True),
        ("lab.load", True),
        ("lab.store", True),
        ("lab.save", False),
        ("lab.core.gone", False),
        ("lab.io.hidden", False),
        ("lab.fast.total", True),
        ("lab.fast.tot", False),
        ("lab.lazy.AutoGrid", True),
        ("lab.words.AutoGrid", False),
        ("lab.net.Grid", False),
        ("core.SIZE", False),
    ],
)
def test_a_name_is_found_where_a_module_brings_it(
    members: dict[str, bytes], dotted: str, is_there: bool
) -> None:
    def texts(wanted):
        return {name: members[name] for name in wanted}

    if dotted.startswith("core."):
        # A path's end is no module: the package above it has another name.
        members = {name.replace("lab/core", "lab/hardcore"): members[name] for name in members}
    assert has_name(members, dotted, texts) is is_there


def test_comments_and_texts_are_told_apart_in_one_pass() -> None:
    text = b'''"""Fixes #12, and
def listed(): in words."""
COLOUR = "#fff"; size = 1
def drawn(): return 'it"s'  # def noted():
'''
    found = {name: has_name(["lab/a.py"], f"lab.a.{name}", lambda _: {"lab/a.py": text})
             for name in ("listed", "size", "drawn", "noted", "COLOUR")}  # fmt: skip

    assert found == {"listed": False, "size": True, "drawn": True, "noted": False, "COLOUR": True}
    endless = b'"""\\' * 40_000
    assert not has_name(["lab/a.py"], "lab.a.x", lambda _: {"lab/a.py": endless})


def test_star_imports_of_python_2_are_followed_beside_the_module() -> None:
    assert has_name(
        OLD_PYTHON, "mod.run", lambda wanted: {name: OLD_PYTHON[name] for name in wanted}
    )
