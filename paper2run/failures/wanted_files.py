"""Finds the system files that a failed build or run asked for.

Reads gcc and clang (`fatal error: yaml.h: No such file or directory`), ld (`cannot find -lyaml`),
the dynamic loader (`libGL.so.1: cannot open shared object file`), dash and bash (`1: flex: not
found`), make, env, pkg-config and meson.
"""

import re
from collections.abc import Iterable
from typing import Final, Literal, NamedTuple

Kind = Literal["library", "header", "program", "pkgconfig", "link"]

CANNOT_OPEN: Final = re.compile(
    r"(?<![\w+.-])(lib[\w+.-]+?\.so(?:\.\d+)*): cannot open shared object file"
)
SIGNS: Final[tuple[tuple[Kind, re.Pattern[str]], ...]] = (
    ("library", CANNOT_OPEN),
    ("header", re.compile(r"fatal error: ([\w./+-]+): No such file or directory")),
    ("header", re.compile(r"fatal error: '([\w./+-]+)' file not found")),
    ("link", re.compile(r"\bld(?:\.\w+)?: cannot find -l([\w.+-]+)(?::|\s|$)")),
    ("pkgconfig", re.compile(r"No package '([\w.+-]+)' found")),
    ("pkgconfig", re.compile(r"Package '?([\w.+-]+)'?,? (?:required by '[^']*', )?(?:was )?not found")),
    ("pkgconfig", re.compile(r'Dependency "?([\w.+-]+)"? not found, tried pkgconfig')),
    ("program", re.compile(r"(?:^|\s|/)[\w.+-]+: (?:line )?\d+: ([\w.+-]+): (?:command )?not found")),
    ("program", re.compile(r"(?:^|\s|/)bash: ([\w.+-]+): command not found")),
    ("program", re.compile(r"^make(?:\[\d+\])?: ([\w.+-]+): (?:No such file or directory|Command not found)")),
    ("program", re.compile(r"\benv: [‘'`]?([\w.+-]+?)[’']?: No such file or directory")),
)  # fmt: skip
MAX_WANTED: Final = 50
"""More names than this are noise of one cause."""


class WantedFile(NamedTuple):
    """A file of the system that was not there."""

    kind: Kind
    name: str
    """`libGL.so.1`, `yaml.h`, `flex`; for pkgconfig and link without `.pc` and `-l`."""


def wanted_files(lines: Iterable[str]) -> dict[WantedFile, str]:
    """Return the files that the log's lines ask for, in order, each with the first line that does."""
    wanted: dict[WantedFile, str] = {}
    for line in lines:
        for kind, sign in SIGNS:
            match = sign.search(line)
            if match and len(wanted) < MAX_WANTED:
                wanted.setdefault(WantedFile(kind, match[1]), line.strip())
    return wanted
