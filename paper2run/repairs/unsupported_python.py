"""Moves the plan to an older or newer Python of the same major version.

The present one is too new or too old for the code. Reads pip (`requires a different Python: 3.11.4 not in '<3.9'`;
`(from versions: 2.2.0, …)` before `No matching distribution found for x==1.15.0`; `Ignored the following versions
that require a different python version`), CPython's errors for names that the standard library has lost or does not
have yet (data/standard_library_changes.json, https://docs.python.org/3/whatsnew/), and syntax newer than the
interpreter.
"""

import json
import re
from functools import cache
from importlib import resources
from typing import Final, NamedTuple

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from paper2run.failures.failed_attempt import FailedAttempt, repaired
from paper2run.failures.failure_log import Hit, last_hit
from paper2run.failures.gone_names import last_gone
from paper2run.failures.other_python import with_python, within
from paper2run.knowledge.distributions import OF_WINDOWS, is_known, stdlib_span
from paper2run.model.diagnosis import Diagnosis
from paper2run.rendering.pip_steps import image_python

NAME: Final = "unsupported_python"
TABLE: Final = "standard_library_changes.json"
OTHER_WANTED: Final = re.compile(
    r"requires (?:a different Python: [\d.]+ not in|Python) '(?P<range>[^']+)'"
)
OFFERED: Final = re.compile(
    r"requirement (?P<name>[\w.-]+)(?:\[[^\]]*\])?==(?P<version>[\w.]+) .*\(from versions: (?P<list>[^)]+)\)"
)
IGNORED: Final = re.compile(
    r"Ignored the following versions that require a different python version: (?P<list>.+)"
)
IGNORED_ONE: Final = re.compile(r"(?P<version>\S+) Requires-Python (?P<range>[^;]+)")
WANTED: Final = re.compile(r"satisfies the requirement \S+?==(?P<version>[\w.]+)")
SYNTAX_ERROR: Final = re.compile(r"SyntaxError: (?:invalid syntax|expected ':')")
NEW_SYNTAX: Final = (
    (re.compile(r"^\s*type\s+\w+\s*(?:\[.*\])?\s*=|\b(?:def|class)\s+\w+\["), "3.12"),
    (re.compile(r"""\b[rR]?f(?:"[^"{]*\{(?!\{)[^}"]*"|'[^'{]*\{(?!\{)[^}']*')"""), "3.12"),
    (re.compile(r"\bexcept\s*\*"), "3.11"),
    (re.compile(r"^\s*match\s+[^=]+:\s*$"), "3.10"),
    (re.compile(r"\(.*:=|\b(?:if|while)\b.*:="), "3.8"),
    (re.compile(r"""(?<![\w"'])[rR]?f["']"""), "3.6"),
)
"""Code as the traceback shows it, and the first version that reads it."""
NEW_TYPES: Final = (
    (re.compile(r"TypeError: '(?:type|ABCMeta)' object is not subscriptable"), "3.9"),
    (re.compile(r"TypeError: unsupported operand type\(s\) for \|: '(?:type|ABCMeta)' and"), "3.10"),
    (re.compile(r"SyntaxError: future feature annotations is not defined"), "3.7"),
)  # fmt: skip
PIP_TELLS_FROM: Final = Version("3.7")
"""The first interpreter whose official image has such a pip (23.0)."""
CODE_IS_WITHIN_LINES: Final = 3
"""Between the line of code and the error stands at most a line of carets."""


class SuitablePythons(NamedTuple):
    """Interpreters that would do, and the log line that says so."""

    versions: SpecifierSet
    line: str


def repair(failed: FailedAttempt) -> Diagnosis | None:
    """Return the plan on another Python; None where nothing asks for one or the repository allows none."""
    present = image_python(failed.plan.base_image)
    if not present:
        return None
    for wanted in suitable_pythons(failed.lines, present):
        pythons = within(failed, wanted.versions)
        if pythons:
            return repaired(
                failed,
                NAME,
                with_python(failed.plan, pythons[0]),
                reason=f"Python {present} does not fit; trying {pythons[0]} (by the log: {wanted.versions})",
                evidence=wanted.line,
                cause="unsupported_python",
                pythons=pythons,
            )
    return None


def suitable_pythons(lines: list[str], present: str) -> list[SuitablePythons]:
    """Return what the log says of the interpreters that would do, the plainest words first."""
    found = (
        _asked(lines),
        _ignored(lines),
        _gone(lines),
        _too_old(lines),
        _offered(lines, present),
    )
    return [wanted for wanted in found if wanted is not None]


def _asked(lines: list[str]) -> SuitablePythons | None:
    hit = last_hit(lines, OTHER_WANTED)
    try:
        return SuitablePythons(SpecifierSet(hit.match["range"]), hit.line) if hit else None
    except InvalidSpecifier:
        return None


def _ignored(lines: list[str]) -> SuitablePythons | None:
    """Return the interpreters that the wanted release requires.

    If pip does not list that release, those of the last release that pip ignored.
    """
    hit, wanted = last_hit(lines, IGNORED), last_hit(lines, WANTED)
    found = (
        {one["version"]: one["range"] for one in IGNORED_ONE.finditer(hit.match["list"])}
        if hit
        else {}
    )
    offered = last_hit(lines, OFFERED)
    if offered and offered.match["version"] in re.split(r"[,\s]+", offered.match["list"]):
        # pip tried it, and it failed from something else.
        return None
    if hit is None or not found:
        return None
    needed = found.get(wanted.match["version"]) if wanted else None
    try:
        return SuitablePythons(SpecifierSet((needed or list(found.values())[-1]).strip()), hit.line)
    except InvalidSpecifier:
        return None


def _gone(lines: list[str]) -> SuitablePythons | None:
    gone = last_gone(lines)
    if gone is None:
        return None
    last, first = _changes()
    if gone.dotted in last:
        return SuitablePythons(SpecifierSet(f"<={last[gone.dotted]}"), gone.line)
    if gone.dotted in first:
        return SuitablePythons(SpecifierSet(f">={first[gone.dotted]}"), gone.line)
    if gone.dotted in OF_WINDOWS:
        return None
    # A backport on the index (dataclasses) is nearer than another interpreter.
    span = None if gone.owner or is_known(gone.name) else stdlib_span(gone.name)
    return SuitablePythons(SpecifierSet(f">={span[0]},<={span[1]}"), gone.line) if span else None


def _too_old(lines: list[str]) -> SuitablePythons | None:
    for pattern, first in NEW_TYPES:
        if hit := last_hit(lines, pattern):
            return SuitablePythons(SpecifierSet(f">={first}"), hit.line)
    for number in range(len(lines) - 1, -1, -1):
        if SYNTAX_ERROR.search(lines[number]):
            shown = lines[max(0, number - CODE_IS_WITHIN_LINES) : number]
            first = next((since for code, since in NEW_SYNTAX if any(map(code.search, shown))), "")
            return (
                SuitablePythons(SpecifierSet(f">={first}"), lines[number].strip())
                if first
                else None
            )
    return None


def _offered(lines: list[str], present: str) -> SuitablePythons | None:
    """Return older interpreters if pip offers only later releases, newer ones if only earlier ones.

    A newer pip names the releases that want a newer interpreter itself, so where it does not there are none.
    """
    hit = last_hit(lines, OFFERED)
    try:
        side = _side(hit) if hit else ""
    except InvalidVersion:
        return None
    if side == ">" and Version(present) >= PIP_TELLS_FROM:
        return None
    return SuitablePythons(SpecifierSet(f"{side}{present}"), hit.line) if hit and side else None


def _side(hit: Hit) -> str:
    wanted = Version(hit.match["version"])
    offered = [Version(text) for text in hit.match["list"].split(", ") if text != "none"]
    if not offered or min(offered) <= wanted <= max(offered):
        return ""
    return "<" if wanted < min(offered) else ">"


@cache
def _changes() -> tuple[dict[str, str], dict[str, str]]:
    text = resources.files("paper2run").joinpath("data", TABLE).read_text("utf-8")
    table = json.loads(text)
    return table["last"], table["first"]
