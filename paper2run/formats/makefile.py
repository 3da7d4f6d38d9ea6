"""Reads what a Makefile's default goal links, without running make.

Simple variables are replaced by their values; functions are not evaluated.
https://www.gnu.org/software/make/manual/html_node/Rules.html
"""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

MAX_CHARS: Final = 200_000
"""A longer Makefile is generated."""
MAX_VALUE_CHARS: Final = 20_000
"""A longer value is cut: it is a list of files, of which the first tell enough."""
MAX_NEEDS: Final = 50_000
"""Goals that rules may name in all: a value that stands in every rule multiplies."""
ASSIGNMENT: Final = re.compile(
    r"^\s*(?:export\s+|override\s+)?([\w.-]+)\s*(\+|[:?!]{0,3})=\s*(.*)$"
)
REFERENCE: Final = re.compile(r"\$(?:\(([\w.-]+)\)|\{([\w.-]+)\}|([@<^]))")
LINKS: Final = re.compile(
    r"\$[({](?:CC|CXX|LD|FC|F90|F77|CPP|LINK|MPICC|MPICXX|NVCC)\w*[)}]"
    r"|(?<![^\s@/-])(?:gcc|g\+\+|cc|c\+\+|clang|clang\+\+|gfortran|f77|ifort|icc|icpc|ld|mpi(?:cc|cxx|f90))"
    r"[\w.-]{0,60}\s"
)
"""A recipe line that calls a compiler or the linker."""
OUTPUT: Final = re.compile(r"(?:^|\s)-o\s*([^\s;&|]+)")
OBJECT: Final = (".o", ".obj", ".lo", ".d", ".mod", ".i", ".s", ".c", ".h", ".cc", ".cpp")
WORD: Final = re.compile(r"[\w./+-]+")


class Linked(NamedTuple):
    """A file that a recipe links or archives."""

    path: str
    """Below the Makefile's folder."""
    line: int


@dataclass
class _Rule:
    line: int
    needs: list[str] = field(default_factory=list)
    recipe: list[str] = field(default_factory=list)


def products(text: str) -> list[Linked]:
    """Return what the default goal makes, in the order of the goals; nothing where that cannot be told."""
    variables, rules, first = _parse(text[:MAX_CHARS])
    found: dict[str, int] = {}
    for target in _reached(rules, first):
        rule = rules[target]
        made = list(_made(target, rule, variables))
        for path in made:
            found.setdefault(path, rule.line)
    return [Linked(path, line) for path, line in found.items()]


def default_recipes(text: str) -> str:
    """Return the recipe lines that the default goal runs, known variables put in."""
    variables, rules, first = _parse(text[:MAX_CHARS])
    lines = [line for target in _reached(rules, first) for line in rules[target].recipe]
    return "\n".join(_expand(line, variables) for line in lines)[:MAX_CHARS]


def recipe_of(text: str, goal: str) -> tuple[str, ...]:
    """Return the lines that `make GOAL` runs, those of what it needs first; none if it cannot be told."""
    variables, rules, _ = _parse(text[:MAX_CHARS])
    if goal not in rules:
        return ()
    lines = []
    for target in reversed(list(_reached(rules, goal))):
        rule = rules[target]
        known = {**variables, "@": target, "<": rule.needs[0] if rule.needs else ""}
        known["^"] = " ".join(rule.needs)
        lines += [_expand(line, known).lstrip("@-+ ") for line in rule.recipe]
    return tuple(lines) if not any("$(" in line or "${" in line for line in lines) else ()


def _parse(text: str) -> tuple[dict[str, str], dict[str, _Rule], str]:
    """Return the variables, the rules by target, and the default goal's name."""
    variables: dict[str, str] = {}
    rules: dict[str, _Rule] = {}
    first = ""
    current: list[_Rule] = []
    named = 0
    for number, line in _logical_lines(text):
        if line.startswith("\t"):
            for rule in current:
                rule.recipe.append(line.strip())
            continue
        assignment = ASSIGNMENT.match(line)
        if assignment:
            _assign(variables, *assignment.groups())
            continue
        targets, colon, rest = line.partition(":")
        if not colon or line[:1].isspace():
            continue
        needs, _, command = rest.lstrip(":").partition("#")[0].partition(";")
        current = []
        goals, wanted = (_expand(part, variables).split() for part in (targets, needs))
        named += len(goals) * (len(wanted) + 1)
        if named > MAX_NEEDS:
            break
        for target in goals:
            rule = rules.setdefault(target, _Rule(number))
            rule.needs += wanted
            rule.recipe += [command.strip()] if command else []
            current.append(rule)
            if not first and not target.startswith(".") and "%" not in target:
                first = target
    return variables, rules, variables.get(".DEFAULT_GOAL", first)


def _assign(variables: dict[str, str], name: str, operator: str, value: str) -> None:
    value = _expand(value.partition("#")[0].strip(), variables)
    if operator == "+":
        variables[name] = f"{variables.get(name, '')} {value}".strip()[:MAX_VALUE_CHARS]
    # Of the branches of a condition the first one counts, which is mostly Linux or the plain case.
    elif name not in variables:
        variables[name] = value


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield lines with their numbers, continued ones joined, comments of a whole line left out."""
    pending, start = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        start = start if pending else number
        pending += line
        if pending.endswith("\\"):
            pending = pending[:-1] + " "
            continue
        if pending.strip() and not pending.lstrip().startswith("#"):
            yield start, pending
        pending = ""


def _expand(text: str, variables: dict[str, str]) -> str:
    """Return the text with known variables put in; unknown ones and functions are left as they are."""

    def value(match: re.Match[str]) -> str:
        return variables.get(match[1] or match[2] or match[3], match[0])

    return REFERENCE.sub(value, text[:MAX_VALUE_CHARS])[:MAX_VALUE_CHARS] if "$" in text else text


def _reached(rules: dict[str, _Rule], goal: str) -> Iterator[str]:
    """Yield the targets that the goal needs, itself first, in the order in which they are named."""
    pending = deque([goal])
    seen: set[str] = set()
    while pending:
        target = pending.popleft()
        if target in rules and target not in seen:
            seen.add(target)
            yield target
            pending += rules[target].needs


def _made(target: str, rule: _Rule, variables: dict[str, str]) -> Iterator[str]:
    """Yield the files that a rule links.

    A rule without a recipe links if it names objects (make's own rule).
    """
    if not rule.recipe and any(need.endswith(".o") for need in rule.needs):
        yield from _plain(target)
    for line in rule.recipe:
        if target.endswith(".a") and re.search(r"\bar\b|\$[({]AR\w*[)}]|libtool", line):
            yield from _plain(target)
        elif LINKS.search(line):
            output = OUTPUT.search(line)
            named = _expand(output[1], {**variables, "@": target}) if output else ""
            if named:
                yield from _plain(named)


def _plain(path: str) -> Iterator[str]:
    path = path.strip("'\"").removeprefix("./")
    if WORD.fullmatch(path) and not path.endswith(OBJECT) and ".." not in path and path[0] != "/":
        yield path
