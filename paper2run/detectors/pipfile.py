"""Reads Pipfile and Pipfile.lock. https://pipenv.pypa.io/en/latest/pipfile.html"""

from collections.abc import Iterable, Iterator
from typing import Final

from paper2run.detectors.project_tools import poetry_requirements
from paper2run.formats.lock_entries import locked_version
from paper2run.formats.manifest import Manifest
from paper2run.formats.other_indexes import entries, other_index
from paper2run.formats.requirement_text import group_of
from paper2run.formats.structured import read_json, read_toml, table, text
from paper2run.formats.tree import RepoTree
from paper2run.model.facts import Fact, Group, Unreadable

NAME: Final = "pipfile"

NOT_PACKAGES: Final = frozenset({"source", "requires", "scripts", "pipenv"})
"""Tables of a Pipfile that are no categories of packages."""


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield what each Pipfile asks for, then the versions that each Pipfile.lock names."""
    for path in tree.matching("Pipfile"):
        data = read_toml(tree, path)
        if isinstance(data, Unreadable):
            yield data
        else:
            yield from _pipfile(Manifest.of(tree, path), data)
    for path in tree.matching("Pipfile.lock"):
        locked = read_json(tree, path)
        if isinstance(locked, Unreadable):
            yield locked
        else:
            yield from _lock(Manifest.of(tree, path), locked)


def _pipfile(manifest: Manifest, data: dict[str, object]) -> Iterator[Fact]:
    requires = table(data, "requires")
    version = text(requires.get("python_version")) or text(requires.get("python_full_version"))
    yield from manifest.python(version, "python_version")
    for category in data:
        if category not in NOT_PACKAGES:
            yield from poetry_requirements(manifest, table(data, category), *_purpose(category))
    for address in entries(data.get("source")):
        yield from other_index(address, manifest.source(address))


def _purpose(category: str) -> tuple[Group, str]:
    if category == "packages":
        return "runtime", ""
    name = category.removesuffix("-packages")
    return group_of(name), name


def _lock(manifest: Manifest, locked: object) -> Iterator[Fact]:
    requires = table(locked, "_meta", "requires")
    yield from manifest.python(text(requires.get("python_version")), "lock")
    group: Group
    for section, group in (("default", "runtime"), ("develop", "test")):
        for name, entry in table(locked, section).items():
            details = table(entry)
            version, marker = text(details.get("version")), text(details.get("markers"))
            source = manifest.source(f'"{name}"')
            yield from locked_version(name, version.removeprefix("=="), marker, group, source)
