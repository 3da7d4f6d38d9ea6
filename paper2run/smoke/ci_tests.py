"""Turns a CI file's test command into a smoke command that needs only the image and the checkout.

It drops coverage, style checks and parallel runs: they do not show whether code works, and need
plug-ins. Runs stop at the first failure, so that a run still alive at the timeout has not failed
yet. A run without tests fails: pytest says so itself (status 5), nose and unittest are asked for
it.
"""

import re
import shlex
from collections.abc import Iterator
from itertools import takewhile
from pathlib import PurePosixPath
from typing import Final

from paper2run.commands.plain_commands import folder_and_line, plain_words
from paper2run.formats.shell_words import LEADING
from paper2run.model.environment import SmokeChoice
from paper2run.model.facts import Command, RepoFacts

PROVES: Final = "the tests that its CI runs pass"
ELSEWHERE: Final = {"tox": "tox.ini", "nox": "noxfile.py"}
"""Programs that make environments of their own, and the file whose commands they run there."""
ASSIGNMENT: Final = re.compile(r"[A-Za-z_]\w*=")
VALUED: Final = re.compile(
    r"--(?:cov(?:-report|-config|-fail-under)?|numprocesses|maxprocesses|dist|junit-?xml|junit-prefix|html"
    r"|timeout|timeout-method|reruns|reruns-delay|cover-package|cover-min-percentage|cover-html-dir|xunit-file"
    r"|processes|process-timeout)$|-n$"
)
"""Options of plug-ins whose value is the next word."""
BESIDES: Final = re.compile(
    r"--(?:(?:no-)?cov|numprocesses|maxprocesses|dist|junit|html|self-contained-html|timeout|reruns|benchmark"
    r"|black|isort|flake8|flakes|pylint|mypy|pep8|pycodestyle|codestyle|ruff|pydocstyle|docstyle"
    r"|with-cov|cover-|with-xunit|xunit|process|with-timer|rednose)|-n\S*$"
)
"""How options of plug-ins begin that do not decide which tests are run."""
MEASURES: Final = {
    "coverage": frozenset({"--source", "--omit", "--include", "--rcfile", "--data-file"})
}
"""Programs that start Python and watch it, with their options whose value is the next word."""
RESULT: Final = "/tmp/tested"
RAN: Final = "^Ran [1-9]"
"""What unittest and nose print at the end if they found any test; without one both may end with status 0."""


def tested_by_ci(facts: RepoFacts, files: frozenset[str]) -> SmokeChoice | None:
    """Return the CI's first test command that can run alone; `files` are the paths of the checkout."""
    for fact in _commands(facts):
        folder, line = folder_and_line(fact.line)
        command = _stand_alone(plain_words(LEADING.sub("", line)), folder, files)
        if command:
            start = f"cd {shlex.quote(folder)} && " if folder else ""
            return SmokeChoice(
                kind="ci-tests", command=start + command, proves=PROVES, source=fact.source
            )
    return None


def _commands(facts: RepoFacts) -> Iterator[Command]:
    """Yield the CI's test commands in order, tox and nox replaced by what they run."""
    tests = [fact for fact in facts.of(Command) if fact.purpose == "test"]
    for fact in tests:
        if fact.source.kind != "ci":
            continue
        file = ELSEWHERE.get(fact.line.removeprefix("python -m ").partition(" ")[0])
        if file is None:
            yield fact
        else:
            yield from (other for other in tests if other.source.path == file)


def _stand_alone(words: list[str], folder: str, files: frozenset[str]) -> str:
    """Return the test command in these words without irrelevant options; empty if it runs no tests."""
    # Of the words behind a program such a one is the value of an option: `pytest -o junit_family=legacy`.
    settings = list(takewhile(ASSIGNMENT.match, words))
    program, arguments = _program(words[len(settings) :])
    if not program or not _are_there([program[-1], *arguments], folder, files):
        return ""
    kept = [*settings, *program]
    match program[-1]:
        case "pytest":
            return shlex.join([*kept, "-x", *_without_plugins(arguments)])
        case "nosetests" | "nose":
            return _counted(shlex.join([*kept, "-x", *_without_plugins(arguments)]))
        case "unittest":
            first, rest = arguments[:1], arguments[1:]
            # `discover` must come before all options.
            goal = first if first == ["discover"] else []
            return _counted(shlex.join([*kept, *goal, "-f", *(rest if goal else arguments)]))
        case _:
            return shlex.join([*kept, *arguments])


def _program(words: list[str]) -> tuple[list[str], list[str]]:
    """Return the words that start a test runner or test script, and its arguments; empty for others."""
    if not words:
        return [], []
    name = words[0].rpartition("/")[2]
    if name in MEASURES and words[1:2] == ["run"]:
        return _program(["python", *_after_options(words[2:], MEASURES[name])])
    if re.fullmatch(r"pytest|py\.test(?:-3)?", name):
        return ["pytest"], words[1:]
    if re.fullmatch(r"nosetests[\d.-]*", name):
        return ["nosetests"], words[1:]
    if not re.fullmatch(r"python[\d.]*", name) or len(words) < 2:
        return [], []
    if words[1] == "-m" and words[2:3]:
        if words[2] in MEASURES:
            return _program(words[2:])
        module = {"py.test": "pytest"}.get(words[2], words[2])
        known = module in {"pytest", "nose", "unittest"}
        return (["python", "-m", module], words[3:]) if known else ([], [])
    is_script = words[1].endswith(".py") and words[1] != "setup.py"
    return (["python", words[1]], words[2:]) if is_script else ([], [])


def _after_options(words: list[str], valued: frozenset[str]) -> list[str]:
    """Return the words after the program's own options; `-m` is Python's."""
    while words and words[0].startswith("-") and words[0] != "-m":
        words = words[2:] if words[0] in valued else words[1:]
    return words


def _without_plugins(arguments: list[str]) -> list[str]:
    kept: list[str] = []
    before = ""
    for word in arguments:
        # A bare `--cov` may stand before the next option.
        is_value = VALUED.match(before) is not None and not word.startswith("-")
        before = "" if is_value else word
        if is_value or VALUED.match(word):
            continue
        if not BESIDES.match(word) and word not in {"-x", "--exitfirst"}:
            kept.append(word)
    return kept


def _are_there(words: list[str], folder: str, files: frozenset[str]) -> bool:
    """Whether all words that look like paths are files or folders of the checkout."""
    known = files | {str(parent) for path in files for parent in PurePosixPath(path).parents}
    for word in words:
        path = word.partition("::")[0]
        if word.startswith("-") or not ("/" in path or path.endswith(".py")):
            continue
        if str(PurePosixPath(folder, path)) not in known:
            return False
    return True


def _counted(command: str) -> str:
    """Return a command that ends like the given one, but with status 1 if it ran no test."""
    return (
        f"{{ {command} 2>&1; echo $? > {RESULT}.status; }} | tee {RESULT}.log;"
        f" grep -q '{RAN}' {RESULT}.log && exit $(cat {RESULT}.status)"
    )
