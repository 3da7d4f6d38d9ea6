"""Versions and scripts, the parts that the configuration files of all CI services share."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from paper2run.commands.command_facts import command_facts
from paper2run.formats.lined_text import line_of
from paper2run.formats.shell_words import MAX_VALUE_CHARS, logical_lines
from paper2run.formats.structured import texts
from paper2run.formats.version_ranges import listed_python
from paper2run.model.facts import Fact, PythonConstraint, SystemPackage
from paper2run.model.plan_text import DEBIAN_PACKAGE
from paper2run.model.value import Source

VERSION_VARIABLE: Final = re.compile(
    r"\b(?:TRAVIS_PYTHON_VERSION|PYTHON_VERSION|PYTHON|CONDA_PY|PYVER|PY)\s*[=:]\s*[\"']?([\w.-]+)"
)
TOX_VARIABLE: Final = re.compile(r"\bTOX_?ENV\s*[=:]\s*[\"']?([\w.,{}-]+)")
TOX_FACTOR: Final = re.compile(r"\bpy(\d)(\d{1,2})\b")
IMAGE_VERSION: Final = re.compile(r"(?:^|/)python:(\d\.\d+|\d)")
VARIABLE: Final = re.compile(r"\$\{\{\s*([\w.-]+)\s*\}\}|\$\(([\w.-]+)\)|\$\{(\w+)\}|\$(\w+)")
"""GitHub's, Azure's and the shell's ways to name a variable."""
FOLDED: Final = re.compile(r"\s\\\s")
CI_EXTRA: Final = "ci"
"""Extra of requirements that only a CI script installs: evidence, not the author's list of dependencies."""


@dataclass(frozen=True)
class CiFile:
    """One configuration file while it is read."""

    path: str
    own: frozenset[str]
    variables: Mapping[str, str] = field(default_factory=dict)
    """Names as written between the template's signs, to their literal values."""

    def source(self, text: str, note: str = "") -> Source:
        """Return the place of a text that `yaml_text` read."""
        return Source(kind="ci", path=self.path, line=line_of(text), note=note)

    def versions(self, value: object) -> Iterator[PythonConstraint]:
        """Yield the interpreters of a listed version or a list of them.

        Templates and the names of other interpreters give nothing.
        """
        for written in texts(value):
            specifier = listed_python(self.expanded(written))
            # `3.x` is whatever was newest on that day.
            if specifier and specifier != "==3.*":
                source = self.source(written)
                yield PythonConstraint(specifier=specifier, strength="tested", source=source)

    def image(self, image: str) -> Iterator[PythonConstraint]:
        """Yield the interpreter that a container image's name promises."""
        match = IMAGE_VERSION.search(self.expanded(image))
        if match:
            specifier = listed_python(match[1])
            yield PythonConstraint(
                specifier=specifier, strength="tested", source=self.source(image)
            )

    def variables_in(self, value: object) -> Iterator[PythonConstraint]:
        """Yield the interpreters that variables such as `PYTHON_VERSION=3.6` or `TOXENV=py36` name."""
        for written in texts(value):
            short = re.sub(r"(?<![\d.])([23])(\d)(?![\d.])", r"\1.\2", written)
            found = [match[1] for match in VERSION_VARIABLE.finditer(short)]
            for match in TOX_VARIABLE.finditer(written):
                found += [f"{major}.{minor}" for major, minor in TOX_FACTOR.findall(match[1])]
            for version in found:
                specifier = listed_python(version)
                if specifier:
                    source = self.source(written)
                    yield PythonConstraint(specifier=specifier, strength="tested", source=source)

    def apt(self, value: object) -> Iterator[SystemPackage]:
        """Yield a list of Debian packages."""
        for name in texts(value):
            if re.fullmatch(DEBIAN_PACKAGE, name):
                yield SystemPackage(name=name, source=self.source(name))

    def script(self, value: object, folder: str = "") -> Iterator[Fact]:
        """Yield the facts of a script's commands, templates expanded where they are literal."""
        prefix = f"cd {folder} && " if folder else ""
        for written in texts(value):
            for line, command in logical_lines(written, line_of(written)):
                source = Source(kind="ci", path=self.path, line=line)
                # YAML folds continued lines of a plain scalar into one and keeps the backslash.
                text = prefix + FOLDED.sub(" ", self.expanded(command).strip())
                yield from command_facts(text, source, own=self.own, group="extra", extra=CI_EXTRA)

    def expanded(self, text: str) -> str:
        """Return a text with the variables that have literal values replaced."""

        def value(match: re.Match[str]) -> str:
            name = next(group for group in match.groups() if group)
            return self.variables.get(name, match[0])[:MAX_VALUE_CHARS]

        return VARIABLE.sub(value, text)
