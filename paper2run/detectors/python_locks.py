"""Reads lock files: uv.lock, poetry.lock, pdm.lock, pylock.toml.

They hold the exact versions that the author had. All four keep an array of tables with name and version;
https://peps.python.org/pep-0751/ is their common form.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from paper2run.formats.lock_entries import either, locked_version
from paper2run.formats.manifest import Manifest
from paper2run.formats.structured import read_toml, table, text, texts
from paper2run.formats.tree import RepoTree
from paper2run.model.facts import Fact, Group, Unreadable

NAME: Final = "python_locks"

OTHER_SOURCES: Final = frozenset(
    {"virtual", "editable", "directory", "path", "git", "vcs", "url", "archive"}
)
"""Keys of a package, or of its source, that mean the project itself, a neighbour, or no release of an index."""
OTHER_TYPES: Final = frozenset({"directory", "file", "git", "url"})
"""The same in the words of poetry: `type` of a package's source."""


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield the locked version of each package that comes from an index, in the file's order."""
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
        if not name or not version or _is_elsewhere(package):
            continue
        source = manifest.source(f'name = "{name}"')
        # Of two versions of one package the second stands below the first's version.
        manifest.places.line(f'version = "{version}"')
        yield from locked_version(name, version, _marker(package), _group(package), source)


def _is_elsewhere(package: dict[str, object]) -> bool:
    source = table(package, "source")
    return bool(
        OTHER_SOURCES & (set(source) | set(package)) or text(source.get("type")) in OTHER_TYPES
    )


def _marker(package: dict[str, object]) -> str:
    """Return the marker under which the locked version counts.

    Keys: uv `resolution-markers`, pdm and pylock `marker`, poetry 2 `markers`. uv has alternatives; poetry a text for
    all groups, or a table with one for each.
    """
    markers = package.get("markers")
    written = [
        *texts(package.get("resolution-markers")),
        *texts(package.get("marker")),
        *(texts(list(markers.values())) if isinstance(markers, dict) else texts(markers)),
    ]
    return either(written)


def _group(package: dict[str, object]) -> Group:
    """Return what poetry before 1.5 (`category`) and pdm (`groups`) say the package is for; else runtime."""
    groups = package.get("groups")
    named = [name for name in groups if isinstance(name, str)] if isinstance(groups, list) else []
    if package.get("category") == "dev" or (named and not {"default", "main"} & set(named)):
        return "test"
    return "runtime"
