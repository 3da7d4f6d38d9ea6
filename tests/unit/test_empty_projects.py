"""Where a build backend finds nothing to install, and where it does."""

from pathlib import Path

import pytest

from paper2run.formats.tree import RepoTree
from paper2run.python.empty_projects import finds_nothing

PROJECT = "[project]\nname = 'Ice-Cores'\n"


def backend(name: str) -> str:
    return f"[build-system]\nrequires = ['x']\nbuild-backend = '{name}'\n"


FLIT, HATCH = backend("flit_core.buildapi"), backend("hatchling.build")
POETRY = backend("poetry.core.masonry.api") + "[tool.poetry]\nname = 'ice-cores'\n"


@pytest.mark.parametrize(
    ("pyproject", "files", "nothing"),
    [
        (FLIT + "[project]\nname = 'Ice Cores pipeline'\n", ["src/watch.py"], True),
        (FLIT + PROJECT, ["src/ice_cores/__init__.py"], False),
        (FLIT + PROJECT + "[tool.flit.module]\nname = 'cores'\n", ["cores.py"], False),
        (POETRY, ["app/main.py"], True),
        (POETRY + "packages = [{include = 'app'}]\n", ["app/main.py"], False),
        (POETRY + "package-mode = false\n", ["ice_cores/__init__.py"], True),
        (HATCH + PROJECT, ["app/main.py"], True),
        (HATCH + PROJECT + "[tool.hatch.build]\npackages = ['app']\n", ["app/main.py"], False),
        (HATCH + PROJECT, ["ice/cores/__init__.py"], False),
        (PROJECT, ["model/a.py", "data/b.csv"], True),
        (PROJECT, ["model/a.py", "docs/b.md", "tests/c.py"], False),
        (PROJECT, ["model/a.py", "data/b.csv", "src/d.py"], False),
        (PROJECT, ["model/a.py", "data/b.csv", "setup.py"], False),
        (PROJECT + "[tool.setuptools]\npy-modules = []\n", ["a/a.py", "data/b.csv"], False),
        (PROJECT, ["a.py", "b.py", "noxfile.py"], True),
        (PROJECT, ["a.py", "noxfile.py"], False),
        (PROJECT + "[tool.uv]\npackage = false\n", ["ice_cores/__init__.py"], True),
    ],
)
def test_a_backend_refuses_where_it_finds_no_package_or_several(
    tmp_path: Path, pyproject: str, files: list[str], nothing: bool
) -> None:
    (tmp_path / "pyproject.toml").write_text(pyproject)
    for name in files:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("X = 1\n")
    assert finds_nothing(RepoTree.of(tmp_path), "") is nothing
