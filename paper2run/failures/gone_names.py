"""Reads Python's own errors: which module, name, attribute or method is missing, as one dotted name.

`ImportError: cannot import name 'y'` of 3.6 and older does not say from where: the line of code
above it in the traceback does.
"""

import re
from typing import Final, NamedTuple

START: Final = r"(?:^|\s)(?:builtins\.)?"
NO_ATTRIBUTE: Final = re.compile(
    START + r"AttributeError: module '(?P<owner>[\w.]+)' has no attribute '(?P<name>\w+)'"
)
NO_METHOD: Final = re.compile(
    START
    + r"AttributeError: (?:type object )?'(?P<owner>\w+)' object has no attribute '(?P<name>\w+)'"
)
NO_NAME: Final = re.compile(
    START
    + r"ImportError: cannot import name '?(?P<name>\w+)'?(?: from '(?P<owner>[\w.]+)')?(?P<rest>.*)"
)
NO_MODULE: Final = re.compile(
    r"(?:ModuleNotFoundError|ImportError): No module named (?P<quote>'?)(?P<name>[A-Za-z_][\w.]*)"
)
IMPORTED: Final = re.compile(
    r"^\s*(?:>+\s+)?(?:from\s+(?P<owner>[A-Za-z_][\w.]*)\s+import\s|import\s+(?P<modules>[\w., ]+))"
)
CODE: Final = re.compile(r"^\s*(?:>+\s+)?from\s+(?P<owner>[A-Za-z_][\w.]*)\s+import\s")
COMMAND_FRAME: Final = 'File "<string>"'
"""Of what stands behind `python -c`."""
TYPED: Final = re.compile(r"\bfrom\s+(?P<owner>[A-Za-z_][\w.]*)\s+import\s+(?P<names>[\w., ]+)")
"""An import among the words of such a command."""
CIRCULAR: Final = "circular import"
CODE_IS_WITHIN_LINES: Final = 4
"""The line of code stands just above the error, with at most carets between."""
REAL_NAMES: Final = {"tensorflow._api.v2": "tensorflow", "tensorflow._api.v1": "tensorflow"}
"""Modules that users know, and import, by another name."""


class Gone(NamedTuple):
    """What is missing, and the line that says so."""

    owner: str
    """Module (dotted) or class that was asked; empty if a whole module is missing."""
    name: str
    """The name in it; the dotted module itself where a whole module is missing."""
    is_class: bool
    line: str

    @property
    def dotted(self) -> str:
        """`scipy.misc.imread`, `DataFrame.ix`, `sklearn.externals.joblib`."""
        return f"{self.owner}.{self.name}" if self.owner else self.name


def with_typed_import(lines: list[str], command: str) -> list[str]:
    """Return the lines with the import that failed below the frame of a `python -c` command.

    Python 3.13 shows that line itself; 3.6 and older name neither it nor the module that lacks the name.
    """
    typed = [(m["owner"], m["names"].replace(",", " ").split()) for m in TYPED.finditer(command)]
    shown: list[str] = []
    for line in lines:
        match = NO_NAME.search(line)
        if match and not match["owner"] and shown and COMMAND_FRAME in shown[-1]:
            name = match["name"]
            owners = (owner for owner, names in typed if name in names)
            shown.extend(f"    from {owner} import {name}" for owner in [*owners][:1])
        shown.append(line)
    return shown


def last_gone(lines: list[str]) -> Gone | None:
    """Return what the last such error misses; None if there is none, or for a circular import."""
    for number in range(len(lines) - 1, -1, -1):
        found = _gone(lines, number)
        if found is not None:
            return None if CIRCULAR in found.line else found
    return None


def all_gone(lines: list[str]) -> list[Gone]:
    """Return what all such errors miss, in the order of the log, each once; none of circular imports."""
    found = (_gone(lines, number) for number in range(len(lines)))
    named = {gone.dotted: gone for gone in found if gone and CIRCULAR not in gone.line}
    return list(named.values())


def _gone(lines: list[str], number: int) -> Gone | None:
    line = lines[number]
    if match := NO_ATTRIBUTE.search(line):
        return Gone(_real(match["owner"]), match["name"], False, line.strip())
    if match := NO_METHOD.search(line):
        return Gone(match["owner"], match["name"], True, line.strip())
    if match := NO_NAME.search(line):
        owner = match["owner"] or _owner_above(lines, number)
        return Gone(_real(owner), match["name"], False, line.strip()) if owner else None
    return _module(lines, number)


def gone_modules(lines: list[str]) -> list[Gone]:
    """Return the whole modules that are not there, in the order of the log."""
    found = (_module(lines, number) for number in range(len(lines)))
    return [gone for gone in found if gone is not None]


def _module(lines: list[str], number: int) -> Gone | None:
    match = NO_MODULE.search(lines[number])
    if match is None:
        return None
    # Python 2 has no quotes, and names the last part only: of `import urllib.request` it is `request`.
    name = match["name"] if match["quote"] else _whole_name(lines, number, match["name"])
    return Gone("", _real(name), False, lines[number].strip())


def _whole_name(lines: list[str], number: int, last: str) -> str:
    for line in reversed(lines[max(0, number - CODE_IS_WITHIN_LINES) : number]):
        if match := IMPORTED.match(line):
            named = match["owner"] or match["modules"]
            for parts in (words.strip().partition(" ")[0].split(".") for words in named.split(",")):
                if last in parts[1:]:
                    return ".".join(parts[: parts.index(last, 1) + 1])
            return last
    return last


def _owner_above(lines: list[str], number: int) -> str:
    for line in reversed(lines[max(0, number - CODE_IS_WITHIN_LINES) : number]):
        if match := CODE.match(line):
            return match["owner"]
    return ""


def _real(module: str) -> str:
    for shown, real in REAL_NAMES.items():
        if module == shown or module.startswith(f"{shown}."):
            return real + module.removeprefix(shown)
    return module
