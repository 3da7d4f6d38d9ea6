"""Tells which files only scripts that lie beside them, or below, import by a short name.

These are packages inside packages, and the files of pytest and setuptools: Python puts a script's folder on its path.
"""

import re
from collections.abc import Iterator


def beside_names(paths: list[str], packages: set[str]) -> Iterator[tuple[str, str, str]]:
    """Yield name, folder and path of each such file; `packages` are the folders with `__init__.py`."""
    for path in paths:
        folder, _, file = path.rpartition("/")
        above, _, name = folder.rpartition("/")
        if file == "__init__.py" and folder in packages and above in packages:
            yield name, above, path
        elif file in ("setup.py", "conftest.py"):
            yield file.removesuffix(".py"), folder, path


def defines(text: str, names: tuple[str, ...]) -> bool:
    """Whether code speaks of each name, so that an import of them may be of that code."""
    return all(re.search(rf"\b{re.escape(name)}\b", text) for name in names)
