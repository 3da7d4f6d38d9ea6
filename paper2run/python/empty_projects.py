"""Tells where a build backend finds nothing to install: many a pyproject.toml serves tools alone.

Where each backend looks: https://setuptools.pypa.io/en/latest/userguide/package_discovery.html,
https://flit.pypa.io/en/stable/pyproject_toml.html, https://python-poetry.org/docs/pyproject/#packages and
https://hatch.pypa.io/latest/plugins/builder/wheel/#default-file-selection.
"""

import re
from typing import Final

from paper2run.formats.structured import read_toml, table, text
from paper2run.formats.tree import RepoTree
from paper2run.model.facts import Unreadable

NO_PACKAGES: Final = frozenset(
    {"ci", "bin", "debian", "doc", "docs", "documentation", "manpages", "news", "newsfragments", "changelog", "test",
     "tests", "unit_test", "unit_tests", "example", "examples", "scripts", "tools", "util", "utils", "python", "build",
     "benchmark", "benchmarks", "exercise", "exercises", "htmlcov", "tasks", "fabfile", "site_scons"}
)  # fmt: skip
"""setuptools' FlatLayoutPackageFinder passes over these folders."""
NO_MODULES: Final = frozenset(
    {"setup", "conftest", "test", "tests", "example", "examples", "build", "toxfile", "noxfile", "pavement", "dodo",
     "tasks", "fabfile", "conanfile", "manage", "benchmark", "benchmarks", "exercise", "exercises"}
)  # fmt: skip
"""setuptools' FlatLayoutModuleFinder passes over these files."""


def finds_nothing(tree: RepoTree, folder: str) -> bool:
    """Whether the build backend of a project finds no package: it refuses, or installs nothing.

    `folder` is empty for the root. False where a setup.py, or a setting of the backend, says what is installed.
    """
    prefix = f"{folder}/" if folder else ""
    if tree.has(f"{prefix}setup.py") or not tree.has(f"{prefix}pyproject.toml"):
        return False
    data = read_toml(tree, f"{prefix}pyproject.toml")
    if isinstance(data, Unreadable):
        return False
    backend = text(table(data, "build-system").get("build-backend"))
    name = text(table(data, "project").get("name"))
    tools = table(data, "tool")
    poetry = table(tools, "poetry")
    if table(tools, "uv").get("package") is False or poetry.get("package-mode") is False:
        return True
    if backend.startswith("poetry"):
        is_told = "packages" in poetry or "include" in poetry
        return not is_told and not _holds(tree, prefix, text(poetry.get("name")) or name)
    if backend.startswith("flit"):
        named = text(table(tools, "flit", "module").get("name"))
        named = named or text(table(tools, "flit", "metadata").get("module")) or name
        return not _holds(tree, prefix, named)
    if backend.startswith("hatchling"):
        settings = table(tools, "hatch", "build")
        listed = table(settings, "targets", "wheel").get("packages")
        if isinstance(listed, list) and listed:
            # It installs what is there of them, and be it nothing.
            return not any(tree.below(f"{prefix}{text(folder)}".rstrip("/")) for folder in listed)
        return not settings and not _holds(tree, prefix, name)
    if backend in {"", "setuptools.build_meta"} and name and not tree.has(f"{prefix}setup.cfg"):
        return not table(tools, "setuptools") and _is_ambiguous(tree, prefix)
    return False


def _holds(tree: RepoTree, prefix: str, name: str) -> bool:
    """Whether a package or module of the project's name is there; upper case and separators may differ."""
    wanted = re.sub(r"[-_.\s]+", "_", name).lower()
    for path in tree.below(prefix.rstrip("/")) if prefix else tree.files:
        parts = path.removeprefix(prefix).split("/")
        tops = parts[1:3] if parts[0] in {"src", "lib"} else parts[:2]
        names = {part.removesuffix(".py").lower().replace("-", "_") for part in tops}
        # A namespace package: `sphinxcontrib/trees` for `sphinxcontrib-trees`.
        if wanted in names or "_".join(part.lower() for part in tops) == wanted:
            return True
    return False


def _is_ambiguous(tree: RepoTree, prefix: str) -> bool:
    """Whether setuptools finds more than one top-level name beside the metadata, and no folder `src`."""
    packages: set[str] = set()
    modules: set[str] = set()
    for path in tree.below(prefix.rstrip("/")) if prefix else tree.files:
        top, _, rest = path.removeprefix(prefix).partition("/")
        if rest and top == "src":
            return False
        stem = top.removesuffix(".py")
        if rest and top.isidentifier() and not top.startswith("_") and top not in NO_PACKAGES:
            packages.add(top)
        elif not rest and top != stem and stem.isidentifier() and not stem.startswith("_"):
            modules.add(stem)
    return len(packages or modules - NO_MODULES) > 1
