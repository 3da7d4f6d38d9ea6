"""Reads one dependency as people write it.

Repairs what installers would refuse but a reader understands. Grammar:
https://packaging.python.org/en/latest/specifications/dependency-specifiers/ and pip's requirements file format
(https://pip.pypa.io/en/stable/reference/requirements-file-format/).
"""

import re
from collections.abc import Iterator
from typing import Final

from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as Pep508
from packaging.utils import InvalidName, canonicalize_name

from paper2run.formats.conda_build_paths import is_conda_build
from paper2run.formats.other_indexes import index_options
from paper2run.formats.shell_words import conda_arguments, pip_arguments
from paper2run.formats.version_ranges import conda, pep440, python_range
from paper2run.model.facts import (
    Group,
    OtherIndex,
    PipInclude,
    PythonConstraint,
    Requirement,
    Unreadable,
)
from paper2run.model.value import Source
from paper2run.text_gate import UNPLANNED

MAX_LINE_CHARS: Final = 2000
"""A longer line is no requirement that people write."""

MAX_BRACKETS: Final = 50
"""The parser nests with them, down to a RecursionError."""

PREFIX: Final = re.compile(
    r"^(?:[$!%>]\s*)?(?:sudo\s+)?(?:python[\d.]*\s+-m\s+)?(?:pip[\d.]*|conda)\s+install\s"
)
COMMENT: Final = re.compile(r"(?:^|\s)#.*$")
OPTIONS: Final = re.compile(r"\s--?[a-z].*$|\s*\\$")
EDITABLE: Final = re.compile(r"^(?:-e|--editable)[\s=]+")
ADDRESS: Final = re.compile(
    r"^(?:(?:git|hg|svn|bzr)\+|https?://|ftp://|file:|ssh://|git@|git://|\.{1,2}(?:/|$)|/|~/)|^[^;\s]+\.(?:whl|zip|tar\.gz|tgz)$"
)
NAMED: Final = re.compile(r"^([A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)\s*(\[[\w\s,.-]*\])?\s*(.*)$")
UNQUOTED_MARKER: Final = re.compile(r"(python_version\s*(?:[<>=!]=?|===?)\s*)(\d[\d.]*)")

GROUP_WORDS: Final[dict[Group, frozenset[str]]] = {
    "test": frozenset({"test", "tests", "testing", "dev", "develop", "development", "devel", "ci", "check", "qa",
                       "pytest", "nose", "tox"}),
    "docs": frozenset({"doc", "docs", "documentation", "sphinx", "rtd", "readthedocs", "mkdocs"}),
    "build": frozenset({"build", "setup"}),
    "runtime": frozenset({"requirements", "requires", "require", "base", "common", "core", "default", "install",
                          "main", "min", "minimal", "minimum", "prod", "production", "run", "runtime", "freeze",
                          "frozen", "lock", "pip", "pypi", "python", "req", "reqs"}),
}  # fmt: skip
"""Words of file names, extras and dependency groups that tell what the dependencies are for."""


def group_of(name: str, otherwise: Group = "extra") -> Group:
    """Return what a group, extra or file of this name is for; `otherwise` where no word of it tells."""
    words = set(re.split(r"[\W_]+", re.sub(r"py\d+|\d", "", name.lower()))) - {""}
    for group, known in GROUP_WORDS.items():
        if words & known and (group != "runtime" or words <= known):
            return group
    return otherwise


def read_requirement(
    line: str, *, group: Group, source: Source, extra: str = ""
) -> Iterator[Requirement | PipInclude | PythonConstraint | OtherIndex | Unreadable]:
    """Yield what one line of a manifest asks for; nothing for blanks, comments and most options of pip.

    An option that names an index is an `OtherIndex`; `pip install a b` is two requirements; `python>=3.6` is a
    constraint. A part that no rule reads is `Unreadable`; a version that no standard knows is left out and noted in
    the source.
    """
    line = COMMENT.sub("", line[:MAX_LINE_CHARS]).strip().removeprefix("- ")
    yield from index_options(line, source)
    if PREFIX.match(line):
        for argument in pip_arguments(line) or conda_arguments(line):
            yield from read_requirement(argument, group=group, source=source, extra=extra)
        return
    editable = EDITABLE.match(line)
    body = (
        OPTIONS.sub("", line[editable.end() :] if editable else line).strip().rstrip(",;").strip()
    )
    if not body or (line.startswith("-") and not editable):
        return
    if editable or ADDRESS.match(body):
        yield PipInclude(text=f"-e {body}" if editable else body, group=group, source=source)
        return
    yield _named(body, group, source, extra)


def distribution_name(written: str) -> str:
    """Return the normalised name of a distribution; empty where none can be called so, such as `A_`."""
    try:
        # `packaging` reads a requirement `A_`, and refuses its normal form `a-`.
        return canonicalize_name(written, validate=True)
    except InvalidName:
        return ""


def _named(
    body: str, group: Group, source: Source, extra: str
) -> Requirement | PipInclude | PythonConstraint | Unreadable:
    body = UNQUOTED_MARKER.sub(r'\1"\2"', body)
    parsed, note = _parsed(body)
    name = "" if parsed is None else distribution_name(parsed.name)
    if parsed is None or not name:
        return _malformed(f"not a requirement: {body[:120]!r}", source)
    if parsed.url and not (parsed.url.startswith("file:") and is_conda_build(parsed.url)):
        return PipInclude(text=body, group=group, source=source)
    if name == "python":
        specifier = python_range(str(parsed.specifier))
        return PythonConstraint(specifier=specifier, strength="mentioned", source=source)
    if parsed.url:
        parsed.url, note = None, "version unknown: a path of another machine"
    parsed.name = name
    if UNPLANNED.search(str(parsed)):
        return _malformed(f"control characters: {body[:120]!r}", source)
    where = source.changed(note=note) if note else source
    return Requirement(text=str(parsed), name=name, group=group, extra=extra, source=where)


def _malformed(why: str, source: Source) -> Unreadable:
    return Unreadable(path=source.path, cause="malformed", why=why, source=source)


def _parsed(body: str) -> tuple[Pep508 | None, str]:
    """Return the requirement and a note on what had to be left out; None if no name can be read."""
    if body.count("(") > MAX_BRACKETS:
        return None, ""
    try:
        return Pep508(body), ""
    except InvalidRequirement:
        match = NAMED.match(body)
    if match is None:
        return None, ""
    written, _, marker = match[3].partition(";")
    specifier = _repaired(written.strip())
    if specifier is None:
        return None, ""
    marker = f"; {marker.strip()}" if marker.strip() else ""
    note = "" if specifier or not written else f"version not understood: {written.strip()[:80]}"
    for text in (f"{match[1]}{match[2] or ''}{specifier}{marker}", f"{match[1]}{specifier}"):
        try:
            return Pep508(text), note
        except InvalidRequirement:
            note = note or f"marker not understood: {marker[2:82]}"
    return None, ""


def _repaired(written: str) -> str | None:
    """Return a PEP 440 specifier for a version part that is not one; None if it is no version part at all."""
    written = written.strip("() ")
    if not written:
        return ""
    if re.fullmatch(r"=[^=<>].*", written):
        return conda(written)
    if re.fullmatch(r"v?\d[\w.]*", written):
        return pep440(written)
    if re.fullmatch(r"[<>=!~^][\w\s.,<>=!~^*+|-]*", written):
        return pep440(written)
    return None
