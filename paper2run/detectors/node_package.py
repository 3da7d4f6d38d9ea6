"""Reads package.json: dependencies, scripts, and what `require` and the package's own commands start.

https://docs.npmjs.com/cli/configuring-npm/package-json
"""

from collections.abc import Iterable, Iterator
from typing import Final, Literal

from paper2run.formats.manifest import Manifest
from paper2run.formats.structured import read_json, table, text
from paper2run.formats.tree import RepoTree
from paper2run.model.facts import (
    BuildFile,
    Command,
    EntryPoint,
    Fact,
    ForeignRequirement,
    Purpose,
    Unreadable,
)
from paper2run.model.value import Source

NAME: Final = "node_package"

NO_TEST: Final = "no test specified"
"""npm init writes a test script that only fails with these words."""
SCRIPTS: Final[tuple[tuple[str, str, Purpose], ...]] = (
    ("build", "npm run build", "install"),
    ("test", "npm test", "test"),
    ("start", "npm start", "run"),
)


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield the facts of each package.json in path order."""
    for path in tree.matching("package.json"):
        package = read_json(tree, path)
        if isinstance(package, Unreadable):
            yield package
        else:
            yield from _package(tree, path, table(package))


def _package(tree: RepoTree, path: str, package: dict[str, object]) -> Iterator[Fact]:
    manifest = Manifest.of(tree, path)
    place = Source(kind="file", path=path)
    yield BuildFile(system="npm", path=path, name=text(package.get("name")), source=place)
    for key in ("dependencies", "devDependencies"):
        for name, version in table(package, key).items():
            yield ForeignRequirement(
                ecosystem="npm",
                name=name,
                version=text(version),
                development=key == "devDependencies",
                source=manifest.key(name),
            )
    yield from _entries(tree, path, package, manifest)
    scripts = table(package, "scripts")
    for name, command, purpose in SCRIPTS:
        if text(scripts.get(name)) and NO_TEST not in text(scripts.get(name)):
            yield Command(purpose=purpose, line=command, source=manifest.key(name))


def _entries(
    tree: RepoTree, path: str, package: dict[str, object], manifest: Manifest
) -> Iterator[EntryPoint]:
    """Yield the module and the programs whose files are in the checkout, not those that a build makes."""
    folder = path.rpartition("/")[0]
    programs = package.get("bin")
    named = [programs] if isinstance(programs, str) else table(package, "bin").values()
    entries: list[tuple[Literal["node-module", "node-program"], str]] = [
        ("node-module", text(package.get("main")) or "index.js"),
        *(("node-program", text(file)) for file in named),
    ]
    for form, name in entries:
        parts = (part for part in f"{folder}/{name}".split("/") if part not in {"", "."})
        place = "/".join(parts)
        found = (file for file in (place, f"{place}.js", f"{place}/index.js") if tree.has(file))
        for file in list(found)[:1]:
            yield EntryPoint(name=file, form=form, source=manifest.source(name))
