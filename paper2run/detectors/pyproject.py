"""Reads pyproject.toml's standard tables: metadata, build requirements, dependency groups.

PEPs 518, 621, 735; https://packaging.python.org/en/latest/specifications/pyproject-toml/.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from paper2run.formats.manifest import Manifest
from paper2run.formats.requirement_text import group_of
from paper2run.formats.structured import read_toml, table, text
from paper2run.formats.tree import RepoTree
from paper2run.model.facts import Fact, Unreadable

NAME: Final = "pyproject"


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield the facts of each pyproject.toml, `[project]` first; a file that is not TOML is `Unreadable`."""
    for path in tree.matching("pyproject.toml"):
        data = read_toml(tree, path)
        if isinstance(data, Unreadable):
            yield data
            continue
        manifest = Manifest.of(tree, path)
        yield from _project(manifest, table(data, "project"))
        manifest.places.line("[build-system]")
        requires = table(data, "build-system").get("requires")
        yield from manifest.requirements(requires, "requires", "build")
        for name, group in table(data, "dependency-groups").items():
            yield from _dependency_group(manifest, name, group)


def _project(manifest: Manifest, project: dict[str, object]) -> Iterator[Fact]:
    yield from manifest.python(text(project.get("requires-python")), "requires-python")
    yield from manifest.classifiers(project.get("classifiers"))
    yield from manifest.requirements(project.get("dependencies"), "dependencies", "runtime")
    for name, wanted in table(project, "optional-dependencies").items():
        yield from manifest.requirements(wanted, name, group_of(name), name)
    scripts = {**table(project, "scripts"), **table(project, "gui-scripts")}
    yield from manifest.console_scripts(scripts)


def _dependency_group(manifest: Manifest, name: str, group: object) -> Iterator[Fact]:
    """Yield the requirements that a dependency group lists itself.

    Groups named by `{include-group = …}` tables are read on their own.
    """
    own = [item for item in group if isinstance(item, str)] if isinstance(group, list) else group
    yield from manifest.requirements(own, name, group_of(name), name)
