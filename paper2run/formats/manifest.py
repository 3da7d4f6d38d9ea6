"""A manifest file while it is read: where values stand, and the facts that all manifests share."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from paper2run.formats.lined_text import line_of
from paper2run.formats.requirement_text import read_requirement
from paper2run.formats.structured import Places, texts, unreadable
from paper2run.formats.tree import RepoTree
from paper2run.formats.version_ranges import listed_python, python_range
from paper2run.model.facts import EntryPoint, Fact, Group, PythonConstraint
from paper2run.model.value import Source

CLASSIFIER = "Programming Language :: Python ::"


def assigned(lines: Iterable[str]) -> dict[str, str]:
    """Return the names and values of `name = value` lines."""
    pairs = (line.partition("=") for line in lines)
    return {name.strip(): value.strip() for name, _, value in pairs if name.strip()}


@dataclass(frozen=True)
class Manifest:
    """A manifest's path, and the places of what stands in it."""

    path: str
    places: Places

    @classmethod
    def of(cls, tree: RepoTree, path: str) -> "Manifest":
        """Return the manifest at `path`."""
        return cls(path, Places(tree.text(path)))

    def source(self, needle: str, note: str = "") -> Source:
        """Return the place where `needle` stands, searching on from the place found before."""
        line = line_of(needle) or self.places.line(needle)
        return Source(kind="file", path=self.path, line=line, note=note)

    def key(self, name: str) -> Source:
        """Return the place of a key of a TOML or JSON table, rather than of its name in a comment."""
        written = (f"{name} =", f"{name}=", f'"{name}"', name)
        line = next((line for line in map(self.places.line, written) if line), 0)
        return Source(kind="file", path=self.path, line=line)

    def requirements(
        self, value: object, key: str, group: Group, extra: str = ""
    ) -> Iterator[Fact]:
        """Yield the requirements of a list of PEP 508 texts.

        An absent list (None) gives nothing, another shape `Unreadable`.
        """
        if value is None or value == "":
            return
        line = self.places.line(key)
        if not isinstance(value, list | str):
            yield unreadable(self.path, f"{key} is no list of requirements", line)
        for written in texts(value):
            source = self.source(written)
            yield from read_requirement(written, group=group, source=source, extra=extra)

    def python(self, written: str, note: str = "") -> Iterator[PythonConstraint]:
        """Yield the interpreters that an installer would accept; nothing for an empty or unreadable range."""
        specifier = python_range(written)
        if specifier:
            source = self.source(written, note)
            yield PythonConstraint(specifier=specifier, strength="required", source=source)

    def classifiers(self, value: object) -> Iterator[PythonConstraint]:
        """Yield the interpreters that trove classifiers mention; majors count only where no minor is named."""
        named = [text for text in texts(value) if text.startswith(CLASSIFIER)]
        versions = [(text, text.removeprefix(CLASSIFIER).split("::")[0].strip()) for text in named]
        minors = any("." in version for _, version in versions)
        for text, version in versions:
            specifier = listed_python(version)
            if specifier and ("." in version or text.endswith("Only") or not minors):
                source = self.source(text)
                yield PythonConstraint(specifier=specifier, strength="mentioned", source=source)

    def console_scripts(self, declared: Mapping[str, object]) -> Iterator[EntryPoint]:
        """Yield one entry point per console script, from its name and its `module:function`."""
        for name, called in declared.items():
            target = called.partition(":")[0].strip() if isinstance(called, str) else ""
            yield EntryPoint(
                name=name, form="console-script", target=target, source=self.source(name)
            )
