"""Reads commands that install Python distributions: names, files, folders, extras and groups.

pip, uv, poetry, pdm, pipenv and setup.py; other programs and options of unknown effect are not understood.
"""

import re
import shlex
from typing import Final, NamedTuple

PIP: Final = re.compile(
    r"(?:\S*/)?(?:python[\d.]*\s+-m\s*|uv\s+)?pip[\d.]*\s+(?:-\S+\s+)*install\s"
)
TOOL: Final = re.compile(
    r"(?:python[\d.]*\s+-m\s+)?(?P<tool>uv|poetry|pdm|pipenv)\s+(?:-\S+\s+)*(?P<verb>sync|install)(?=\s|$)"
)
SETUP: Final = re.compile(r"(?:python[\d.]*\s+|\./)setup\.py\s+(?:-\S+\s+)*(?:install|develop)\b")
PLACE: Final = re.compile(
    r"(?P<folder>\.{1,2}(?:/[^\[\]]*)?|[\w./-]+/[\w.-]*)(?:\[(?P<extras>[^\]]*)\])?"
)
FILES: Final = frozenset({"-r", "--requirement", "--requirements"})
EXTRAS: Final = frozenset({"--extra", "-E", "--extras"})
GROUPS: Final = frozenset({"--group", "-G", "--with", "--only", "--only-group"})
ALL_EXTRAS: Final = frozenset({"--all-extras", "-G:all", "--all-groups"})
DEFAULT_GROUPS: Final = {
    "uv": ("dev",),
    "pipenv": ("dev",),
    "poetry": ("dev", "test", "tests", "testing"),
    "pdm": ("dev", "test", "tests", "testing"),
}
"""Groups that each tool installs unless told otherwise, by the names that projects give to those of tests."""
NO_DEFAULT_GROUPS: Final = frozenset(
    {"--no-dev", "--without-dev", "--only-group", "--only", "--prod", "--no-default-groups"}
)
SKIPPED: Final = frozenset(
    {"-c", "--constraint", "--constraints", "--without", "--no-group", "-p", "--python", "--upgrade-strategy",
     "--progress-bar", "--timeout", "--default-timeout", "--retries", "--no-binary", "--only-binary", "--cache-dir"}
)  # fmt: skip
"""Options whose value says nothing about what is wanted."""
ELSEWHERE: Final = frozenset(
    {"-i", "--index-url", "--extra-index-url", "-f", "--find-links", "-t", "--target", "--prefix", "--root",
     "--pre", "--index", "--default-index", "--global-option", "--install-option", "--config-settings"}
)  # fmt: skip
"""Options by which the same words mean other distributions, or another place."""


class PythonInstall(NamedTuple):
    """What one command installs."""

    requirements: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    """Requirements files, as written."""
    folders: tuple[str, ...] = ()
    """Local projects, without their extras."""
    extras: tuple[str, ...] = ()
    """Of the projects, and dependency groups."""
    every_extra: bool = False
    elsewhere: bool = False
    """It asks another index, for pre-releases, or into another folder."""


def python_install(command: str) -> PythonInstall | None:
    """Return what one command without `&&` and `;` installs; None if it installs nothing of Python's."""
    found = PIP.match(f"{command} ") or SETUP.match(command) or TOOL.match(command)
    if found is None:
        return None
    try:
        words = shlex.split(command[found.end() :])
    except ValueError:
        return None
    read = _read(words)
    tool = found.groupdict().get("tool")
    if tool or found.re is SETUP:
        # Words behind them are the tool's own, and it installs the project itself.
        read = read._replace(requirements=(), folders=(".",))
    groups = DEFAULT_GROUPS.get(tool or "", ())
    if NO_DEFAULT_GROUPS.isdisjoint(words) and (tool != "pipenv" or "--dev" in words):
        read = read._replace(extras=tuple(dict.fromkeys((*read.extras, *groups))))
    return read


def _read(words: list[str]) -> PythonInstall:
    requirements: list[str] = []
    files: list[str] = []
    folders: list[str] = []
    extras: list[str] = []
    remaining = iter(words)
    elsewhere = False
    for word in remaining:
        option, equals, value = word.partition("=") if word.startswith("--") else (word, "", "")
        if word.startswith("-r") and len(word) > 2:
            option, equals, value = "-r", "=", word[2:]
        if option in FILES | EXTRAS | GROUPS | SKIPPED | ELSEWHERE and option != "--pre":
            value = value if equals else next(remaining, "")
        if option in FILES:
            files.append(value)
        elif option in EXTRAS | GROUPS:
            extras += re.split(r"[\s,]+", value.strip())
        elif option in ELSEWHERE:
            elsewhere = True
        elif not word.startswith("-") and word not in {"|", ">"}:
            place = PLACE.fullmatch(word)
            if place is None:
                requirements.append(word)
                continue
            folders.append(place["folder"])
            extras += re.split(r"[\s,]+", (place["extras"] or "").strip())
    named = tuple(dict.fromkeys(extra for extra in extras if extra))
    every = not ALL_EXTRAS.isdisjoint(words)
    return PythonInstall(tuple(requirements), tuple(files), tuple(folders), named, every, elsewhere)
