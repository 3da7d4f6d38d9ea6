"""Reads tox.ini and noxfile.py: interpreters, what the tests need, how they are started.

https://tox.wiki/en/latest/config.html, https://nox.thea.codes/en/stable/config.html. A noxfile is parsed, not run.
"""

import ast
import configparser
import re
import shlex
from collections.abc import Iterable, Iterator
from typing import Final

from paper2run.commands.command_facts import distinct
from paper2run.commands.command_purpose import purpose_of
from paper2run.formats.ini_text import lines_of, read_config
from paper2run.formats.lined_text import line_of
from paper2run.formats.manifest import Manifest
from paper2run.formats.requirement_text import read_requirement
from paper2run.formats.shell_words import pip_arguments
from paper2run.formats.structured import texts, unreadable
from paper2run.formats.tree import RepoTree
from paper2run.formats.version_ranges import listed_python
from paper2run.model.facts import Command, Fact, Group, PythonConstraint, Unreadable
from paper2run.model.value import Source
from paper2run.python.literal_values import Evaluator
from paper2run.python.python_imports import dotted_name
from paper2run.python.setup_script import flattened, parse_leniently

NAME: Final = "tox_and_nox"

FACTOR: Final = re.compile(r"(?<![\w.])py-?(\d)\.?(\d{0,2})(?![\w])|(?<=[{,])(\d)(\d{1,2})(?=[,}])")
"""`py36`, and the `36` of `py{27,36}`."""
SESSIONS: Final = frozenset({"nox.session", "session", "nox_poetry.session"})
CONDITION: Final = re.compile(r"^[!\w,{}.-]+:\s+")
INSTALLED: Final = {"extras": ".[{}]", "dependency_groups": "--group {}"}
"""What the keys of an environment mean to pip."""
SUBSTITUTIONS: Final = (
    (re.compile(r"\{posargs[^{}]*\}|\[\]"), ""),
    (re.compile(r"\{envpython\}"), "python"),
    (re.compile(r"\{(?:toxinidir|tox_root)\}/?"), ""),
)


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield what each tox.ini, then each noxfile.py says, each fact once per file."""
    for path in tree.matching("tox.ini"):
        config = read_config(tree, path)
        if isinstance(config, Unreadable):
            yield config
        else:
            yield from distinct(_tox(Manifest.of(tree, path), config))
    for path in tree.matching("noxfile.py"):
        yield from distinct(_nox(tree, path))


def _tox(manifest: Manifest, config: configparser.ConfigParser) -> Iterator[Fact]:
    for key in ("envlist", "env_list"):
        for line in lines_of(config, "tox", key):
            for specifier in _factors(line):
                source = manifest.source(line)
                yield PythonConstraint(specifier=specifier, strength="tested", source=source)
    sections = [name for name in config.sections() if name.startswith("testenv")]
    for section in sections:
        # Environments of their own are for style, documentation and releases.
        is_test = section == "testenv" or re.search(r"py|test", section.removeprefix("testenv"))
        for line in lines_of(config, section, "deps") if is_test else []:
            wanted = CONDITION.sub("", line)
            if wanted.startswith("-r"):
                yield from _install(wanted, manifest.source(line))
            if not wanted.startswith(("-r", "-c")) and "{" not in wanted:
                # Named environments try one set of versions against another: no set holds them all.
                group: Group = "test" if section == "testenv" and wanted == line else "extra"
                source = manifest.source(wanted)
                yield from read_requirement(wanted, group=group, source=source, extra="tox")
        for key, form in INSTALLED.items():
            for line in lines_of(config, section, key) if is_test else []:
                names = ",".join(re.split(r"[\s,]+", CONDITION.sub("", line).strip()))
                yield from _install(form.format(names), manifest.source(line))
        for line in lines_of(config, section, "commands") if is_test else []:
            yield from _command(CONDITION.sub("", line), manifest.source(line))


def _factors(line: str) -> Iterator[str]:
    for match in FACTOR.finditer(line):
        major, minor = match[1] or match[3], match[2] or match[4]
        specifier = listed_python(f"{major}.{minor}") if minor else ""
        if specifier:
            yield specifier


def _command(line: str, source: Source) -> Iterator[Command]:
    """Yield a command that tests, without tox's substitutions; one that keeps any is left out."""
    line = _substituted(line)
    if "{" not in line and purpose_of(line) == "test":
        yield Command(purpose="test", line=line, source=source)


def _install(words: str, source: Source) -> Iterator[Command]:
    """Yield what an environment for tests installs beside names, as pip's command."""
    line = f"pip install {_substituted(words)}"
    if "{" not in line:
        yield Command(purpose="install", line=line, source=source)


def _substituted(line: str) -> str:
    for pattern, replacement in SUBSTITUTIONS:
        line = pattern.sub(replacement, line)
    return " ".join(line.split()).removeprefix("- ").rstrip(" \\")


def _nox(tree: RepoTree, path: str) -> Iterator[Fact]:
    content = tree.read(path)
    if isinstance(content, Unreadable):
        yield content
        return
    try:
        module = parse_leniently(content)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        yield unreadable(path, f"not Python: {type(error).__name__}")
        return
    evaluator = Evaluator()
    for node in module.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            evaluator.names[node.targets[0].id] = evaluator.value(node.value)
        elif isinstance(node, ast.FunctionDef):
            yield from _session(path, node, evaluator)


def _session(path: str, function: ast.FunctionDef, evaluator: Evaluator) -> Iterator[Fact]:
    """Yield the facts of one nox session; nothing if the function is not a session.

    Only sessions that run tests tell what tests need.
    """
    sessions = [node for node in function.decorator_list if _decorator(node) in SESSIONS]
    if not sessions:
        return
    for node in sessions:
        for keyword in node.keywords if isinstance(node, ast.Call) else []:
            if keyword.arg == "python":
                yield from _interpreters(path, evaluator.value(keyword.value), keyword.value.lineno)
    calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
    found: list[Fact] = []
    for node in sorted(calls, key=lambda call: (call.lineno, call.col_offset)):
        name = dotted_name(node.func).rpartition(".")[2]
        words = list(texts([evaluator.value(argument) for argument in node.args]))
        source = Source(kind="file", path=path, line=node.lineno)
        if name == "install":
            # The value of an option is no package: `install("-r", "requirements-dev.lock")`.
            named = set(pip_arguments(f"pip install {shlex.join(words)}"))
            for word in words:
                if word in named and line_of(word):
                    found += read_requirement(word, group="test", source=source, extra="nox")
            if any(word.startswith(("-r", ".", "--group")) for word in words):
                found += _install(shlex.join(words), source)
        elif name == "run":
            found += _command(" ".join(words), source)
    if any(isinstance(fact, Command) and fact.purpose == "test" for fact in found):
        yield from found


def _decorator(node: ast.expr) -> str:
    return dotted_name(node.func if isinstance(node, ast.Call) else node)


def _interpreters(path: str, versions: object, line: int) -> Iterator[PythonConstraint]:
    for version in flattened(versions):
        specifier = listed_python(version) if isinstance(version, str) else ""
        if specifier:
            source = Source(kind="file", path=path, line=line)
            yield PythonConstraint(specifier=specifier, strength="tested", source=source)
