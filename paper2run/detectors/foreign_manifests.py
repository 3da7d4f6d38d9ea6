"""Reads manifests of other languages' package managers: Cargo, Go, R, renv, Julia, Maven.

https://doc.rust-lang.org/cargo/reference/manifest.html,
https://go.dev/ref/mod, https://cran.r-project.org/doc/manuals/r-release/R-exts.html#The-DESCRIPTION-file,
https://rstudio.github.io/renv/, https://pkgdocs.julialang.org/v1/toml-files/, https://maven.apache.org/pom.html
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from paper2run.formats.manifest import Manifest
from paper2run.formats.structured import read_json, read_toml, table, text, unreadable
from paper2run.formats.tree import RepoTree
from paper2run.model.facts import BuildFile, Fact, ForeignRequirement, Unreadable
from paper2run.model.value import Source

NAME: Final = "foreign_manifests"

R_FIELDS: Final = ("Depends", "Imports", "LinkingTo", "Suggests")
R_PACKAGE: Final = re.compile(r"^([A-Za-z][\w.]*)\s*(?:\(([^)]*)\))?$")
GO_REQUIRE: Final = re.compile(r"^\s*(?:require\s+)?([\w.-]+\.[\w.-]+/[\w./~-]+)\s+(v\S+)")
GO_MODULE: Final = re.compile(r"^module\s+\"?([\w./~-]+)", re.MULTILINE)
JULIA_LINE: Final = re.compile(r"^([A-Za-z]\w*)(?:\s+([\d.]+.*))?$")


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield a build file and its requirements for each manifest, in path order."""
    for path in tree.files:
        name = path.rpartition("/")[2]
        if name in READERS:
            yield from READERS[name](tree, path)


def _build_file(system: str, path: str, name: str = "") -> BuildFile:
    return BuildFile(system=system, path=path, name=name, source=Source(kind="file", path=path))


def _cargo(tree: RepoTree, path: str) -> Iterator[Fact]:
    data = read_toml(tree, path)
    if isinstance(data, Unreadable):
        yield data
        return
    manifest = Manifest.of(tree, path)
    yield _build_file("cargo", path)
    for key in ("dependencies", "dev-dependencies", "build-dependencies"):
        manifest.places.line(f"[{key}]")
        for name, value in table(data, key).items():
            version = text(value) or text(table(value).get("version"))
            source = manifest.key(name)
            yield ForeignRequirement(ecosystem="cargo", name=name, version=version, source=source)


def _go(tree: RepoTree, path: str) -> Iterator[Fact]:
    content = tree.read(path)
    if isinstance(content, Unreadable):
        yield content
        return
    module = GO_MODULE.search(content)
    yield _build_file("go", path, module[1] if module else "")
    for number, line in enumerate(content.split("\n"), 1):
        match = GO_REQUIRE.match(line[:500])
        if match:
            source = Source(kind="file", path=path, line=number)
            yield ForeignRequirement(ecosystem="go", name=match[1], version=match[2], source=source)


def _r(tree: RepoTree, path: str) -> Iterator[Fact]:
    """Yield the needs of an R package, or of a compendium, whose file has no `Package:` field."""
    content = tree.read(path)
    if isinstance(content, Unreadable):
        yield content
        return
    fields = _control_fields(content)
    if "Package" in fields:
        name = fields["Package"][0][1] if fields["Package"] else ""
        yield _build_file("r-package", path, name)
    for field in R_FIELDS:
        for number, item in fields.get(field, []):
            match = R_PACKAGE.match(item)
            if match:
                source = Source(kind="file", path=path, line=number, note=field)
                yield ForeignRequirement(
                    ecosystem="r",
                    name=match[1],
                    version=match[2] or "",
                    development=field == "Suggests",
                    source=source,
                )


def _control_fields(content: str) -> dict[str, list[tuple[int, str]]]:
    """Return the comma-separated items of each field with their lines; indented lines continue a field."""
    fields: dict[str, list[tuple[int, str]]] = {}
    name = ""
    for number, line in enumerate(content.split("\n"), 1):
        if line[:1].strip():
            name, _, line = line.partition(":")
        items = [(number, item.strip()) for item in line.split(",") if item.strip()]
        fields.setdefault(name, []).extend(items)
    return fields


def _renv(tree: RepoTree, path: str) -> Iterator[Fact]:
    locked = read_json(tree, path)
    if isinstance(locked, Unreadable):
        yield locked
        return
    manifest = Manifest.of(tree, path)
    yield _build_file("renv", path)
    r_version = text(table(locked, "R").get("Version"))
    if r_version:
        yield ForeignRequirement(
            ecosystem="r", name="R", version=r_version, source=manifest.key("R")
        )
    for name, entry in table(locked, "Packages").items():
        version = text(table(entry).get("Version"))
        source = manifest.key(name)
        yield ForeignRequirement(ecosystem="r", name=name, version=version, source=source)


def _julia(tree: RepoTree, path: str) -> Iterator[Fact]:
    data = read_toml(tree, path)
    if isinstance(data, Unreadable):
        yield data
        return
    manifest, limits = Manifest.of(tree, path), table(data, "compat")
    yield _build_file("julia", path, text(data.get("name")))
    for name in ["julia", *table(data, "deps")]:
        version = text(limits.get(name))
        if name != "julia" or version:
            source = manifest.key(name)
            yield ForeignRequirement(ecosystem="julia", name=name, version=version, source=source)


def _julia_require(tree: RepoTree, path: str) -> Iterator[Fact]:
    """Yield the needs of a Julia package from before Project.toml (Julia 0.7, 2018)."""
    if not any(other.endswith(".jl") for other in tree.files):
        return
    yield _build_file("julia", path)
    for number, line in enumerate(tree.text(path).splitlines(), 1):
        match = JULIA_LINE.match(line.strip()[:200])
        if match:
            source = Source(kind="file", path=path, line=number)
            yield ForeignRequirement(
                ecosystem="julia", name=match[1], version=match[2] or "", source=source
            )


def _maven(tree: RepoTree, path: str) -> Iterator[Fact]:
    """Yield the dependencies of a pom.xml; it is cut at its tags, not parsed, so that no entity expands."""
    content = tree.read(path)
    if isinstance(content, Unreadable):
        yield content
        return
    if "<project" not in content:
        yield unreadable(path, "no Maven project")
        return
    manifest = Manifest.of(tree, path)
    for part in content.split("<dependency>")[1:]:
        entry = part.partition("</dependency>")[0]
        group, artifact, version = (
            _tag(entry, tag) for tag in ("groupId", "artifactId", "version")
        )
        if artifact:
            source = manifest.source(artifact)
            name = f"{group}:{artifact}"
            yield ForeignRequirement(ecosystem="maven", name=name, version=version, source=source)


def _tag(entry: str, tag: str) -> str:
    return entry.partition(f"<{tag}>")[2].partition(f"</{tag}>")[0].strip()


READERS: Final[dict[str, Callable[[RepoTree, str], Iterator[Fact]]]] = {
    "Cargo.toml": _cargo,
    "go.mod": _go,
    "DESCRIPTION": _r,
    "renv.lock": _renv,
    "Project.toml": _julia,
    "REQUIRE": _julia_require,
    "pom.xml": _maven,
}
"""By exact file name."""
