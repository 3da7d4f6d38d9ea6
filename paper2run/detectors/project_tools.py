"""Reads what build tools of their own kind keep in pyproject.toml: poetry, flit, pdm, hatch, uv.

https://python-poetry.org/docs/pyproject/, https://flit.pypa.io/en/stable/pyproject_toml.html,
https://pdm-project.org/latest/usage/dependency/, https://hatch.pypa.io/latest/config/environment/overview/,
https://docs.astral.sh/uv/concepts/projects/dependencies/.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from paper2run.formats.manifest import Manifest
from paper2run.formats.other_indexes import addresses_in, other_index
from paper2run.formats.requirement_text import group_of, read_requirement
from paper2run.formats.structured import read_toml, table, text
from paper2run.formats.tree import RepoTree
from paper2run.formats.version_ranges import pep440
from paper2run.model.facts import Fact, Group, PipInclude, Requirement, Unreadable

NAME: Final = "project_tools"


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield the requests of the tools' tables in each pyproject.toml.

    The detector `pyproject` reports unreadable files.
    """
    for path in tree.matching("pyproject.toml"):
        data = read_toml(tree, path)
        if isinstance(data, Unreadable):
            continue
        manifest, tools = Manifest.of(tree, path), table(data, "tool")
        yield from _poetry(manifest, table(tools, "poetry"))
        yield from _flit(manifest, table(tools, "flit"))
        for name, wanted in table(tools, "pdm", "dev-dependencies").items():
            yield from manifest.requirements(wanted, name, group_of(name, "test"), name)
        for name, environment in table(tools, "hatch", "envs").items():
            yield from _hatch(manifest, name, table(environment))
        wanted = table(tools, "uv").get("dev-dependencies")
        yield from manifest.requirements(wanted, "dev-dependencies", "test", "dev")
        for name, source in table(tools, "uv", "sources").items():
            # A name of `dependencies` that is a folder here; several for several markers are a list.
            for entry in source if isinstance(source, list) else [source]:
                if place := _address(name, table(entry)):
                    yield PipInclude(text=place, group="runtime", source=manifest.key(name))
        for address in addresses_in(tools):
            yield from other_index(address, manifest.source(address))


def poetry_requirements(
    manifest: Manifest, wanted: dict[str, object], group: Group, extra: str = ""
) -> Iterator[Fact]:
    """Yield the requirements of a table of poetry's or pipenv's form: name to range, or to a table."""
    for name, value in wanted.items():
        if name == "python":
            yield from manifest.python(text(value))
            continue
        # Several constraints for several markers are a list of tables.
        for entry in value if isinstance(value, list) else [value]:
            yield from _entry(manifest, name, entry, group, extra)


def _entry(
    manifest: Manifest, name: str, entry: object, group: Group, extra: str
) -> Iterator[Fact]:
    details = table(entry)
    source = manifest.key(name)
    if place := _address(name, details):
        yield PipInclude(text=place, group=group, source=source)
        return
    specifier = pep440(text(entry) or text(details.get("version")))
    extras = details.get("extras")
    brackets = f"[{','.join(map(str, extras))}]" if isinstance(extras, list) and extras else ""
    marker = text(details.get("markers")) or _python_marker(text(details.get("python")))
    line = f"{name}{brackets}{specifier}" + (f"; {marker}" if marker else "")
    if details.get("optional") is True and group == "runtime":
        group, extra = "extra", extra or "optional"
    for fact in read_requirement(line, group=group, source=source, extra=extra):
        yield fact if isinstance(fact, Requirement) else fact.changed(source=source)


def _address(name: str, details: dict[str, object]) -> str:
    """Return the place that a package comes from, as PEP 508 writes it; empty for the index."""
    for key in ("git", "url", "path", "file", "hg"):
        if address := text(details.get(key)):
            refs = (text(details.get(at)) for at in ("rev", "ref", "tag", "branch"))
            ref = next(filter(None, refs), "")
            folder = text(details.get("subdirectory"))
            prefix = f"{key}+" if key in {"git", "hg"} and not address.startswith(f"{key}+") else ""
            at, inside = f"@{ref}" if ref else "", f"#subdirectory={folder}" if folder else ""
            return f"{name} @ {prefix}{address}{at}{inside}"
    return ""


def _python_marker(python: str) -> str:
    """Return poetry's `python = "<3.8"` of one dependency as an environment marker."""
    clauses = [clause.strip() for clause in pep440(python).split(",") if clause.strip()]
    split = [(clause.rstrip("0123456789.*"), clause.lstrip("<>=!~")) for clause in clauses]
    return " and ".join(
        f'python_version {operator} "{version}"' for operator, version in split if operator
    )


def _poetry(manifest: Manifest, poetry: dict[str, object]) -> Iterator[Fact]:
    yield from manifest.classifiers(poetry.get("classifiers"))
    manifest.places.line("poetry.dependencies")
    yield from poetry_requirements(manifest, table(poetry, "dependencies"), "runtime")
    for key in ("dev-dependencies", "dev_dependencies"):
        manifest.places.line(key)
        yield from poetry_requirements(manifest, table(poetry, key), "test", "dev")
    for name in table(poetry, "group"):
        manifest.places.line(f"group.{name}.dependencies")
        wanted = table(poetry, "group", name, "dependencies")
        yield from poetry_requirements(manifest, wanted, group_of(name), name)
    yield from manifest.console_scripts(table(poetry, "scripts"))


def _flit(manifest: Manifest, flit: dict[str, object]) -> Iterator[Fact]:
    metadata = table(flit, "metadata")
    yield from manifest.python(text(metadata.get("requires-python")), "requires-python")
    yield from manifest.classifiers(metadata.get("classifiers"))
    yield from manifest.requirements(metadata.get("requires"), "requires", "runtime")
    for name, wanted in table(metadata, "requires-extra").items():
        yield from manifest.requirements(wanted, name, group_of(name), name)
    yield from manifest.console_scripts(table(flit, "scripts"))


def _hatch(manifest: Manifest, name: str, environment: dict[str, object]) -> Iterator[Fact]:
    """Yield an environment's dependencies; the default one is the developer's."""
    group = group_of(name, "extra") if name != "default" else "test"
    manifest.places.line(f"envs.{name}")
    for key in ("dependencies", "extra-dependencies"):
        yield from manifest.requirements(environment.get(key), key, group, name)
