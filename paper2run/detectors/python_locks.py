"""Reads lock files: uv.lock, poetry.lock, pdm.lock, pylock.toml. Exact versions, as the author had them.

All four keep an array of tables with name and version; https://peps.python.org/pep-0751/ is their common form.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from paper2run.manifest import Manifest
from paper2run.model.facts import Fact, Group, Unreadable
from paper2run.requirement_text import read_requirement
from paper2run.structured import read_toml, table, text
from paper2run.tree import RepoTree

NAME: Final = "python_locks"

LOCAL_SOURCES: Final = frozenset({"virtual", "editable", "directory", "path"})
"""Keys of a package's source in uv.lock that mean the project itself or a neighbour."""


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield each locked package as a requirement `name==version` with extra `lock`, in the file's order."""
    for path in tree.matching("uv.lock", "poetry.lock", "pdm.lock", "pylock.toml", "pylock.*.toml"):
        data = read_toml(tree, path)
        if isinstance(data, Unreadable):
            yield data
        else:
            yield from _packages(Manifest.of(tree, path), data)


def _packages(manifest: Manifest, data: dict[str, object]) -> Iterator[Fact]:
    python = text(data.get("requires-python")) or text(
        table(data, "metadata").get("python-versions")
    )
    yield from manifest.python(python, "lock")
    packages = data.get("package") or data.get("packages")
    for entry in packages if isinstance(packages, list) else []:
        package = table(entry)
        name, version = text(package.get("name")), text(package.get("version"))
        if not name or not version or LOCAL_SOURCES & set(table(package, "source")):
            continue
        source = manifest.source(f'name = "{name}"')
        line = f"{name}=={version}"
        yield from read_requirement(line, group=_group(package), source=source, extra="lock")


def _group(package: dict[str, object]) -> Group:
    """Return what poetry before 1.5 (`category`) and pdm (`groups`) say the package is for; else runtime."""
    groups = package.get("groups")
    named = [name for name in groups if isinstance(name, str)] if isinstance(groups, list) else []
    if package.get("category") == "dev" or (named and not {"default", "main"} & set(named)):
        return "test"
    return "runtime"
