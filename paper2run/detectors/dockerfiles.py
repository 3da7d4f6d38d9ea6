"""Reads Dockerfiles and devcontainers: base image, packages, commands.

They are evidence only and are never built.

https://docs.docker.com/reference/dockerfile/, https://containers.dev/implementors/json_reference/
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from paper2run.commands.command_facts import command_facts, distinct
from paper2run.formats.shell_words import MAX_COMMAND_CHARS, MAX_VALUE_CHARS, logical_lines, parts
from paper2run.formats.structured import table, text, texts, unreadable
from paper2run.formats.tree import RepoTree
from paper2run.formats.version_ranges import listed_python
from paper2run.model.facts import (
    BuildFile,
    Command,
    ContainerRecipe,
    Fact,
    PythonConstraint,
    Unreadable,
)
from paper2run.model.value import Source
from paper2run.python.python_projects import own_names

NAME: Final = "dockerfiles"

DOCKERFILE: Final = re.compile(
    r"(?:^|/)(?:Dockerfile|Containerfile)(?:[._-][\w.-]+)?$|\.[Dd]ockerfile$"
)
DEVCONTAINER: Final = re.compile(r"(?:^|/)\.?devcontainer(?:/devcontainer)?\.json$")
INSTRUCTION: Final = re.compile(r"^\s*([A-Za-z]+)\s+(.*)$", re.DOTALL)
RUN_FLAGS: Final = re.compile(r"^(?:--\w+(?:=\S+)?\s+)+")
STAGE: Final = re.compile(r"^(?:--platform=\S+\s+)?(\S+)(?:\s+[Aa][Ss]\s+(\S+))?")
VARIABLE: Final = re.compile(r"\$\{(\w+)(?::?[-+]([^}]*))?\}|\$(\w+)")
PYTHON_IMAGE: Final = re.compile(r"(?:^|/)python:(\d\.\d+|\d)|python:\d*-?(\d\.\d+)")
JSON_COMMENT: Final = re.compile(
    r'("(?:[^"\\\n]|\\.)*+"?)|//[^\n]*|/\*.*?(?:\*/|\Z)|,(?=\s*[}\]])', re.DOTALL
)
"""Strings are matched first and kept; comments and trailing commas are not JSON. An unclosed string or comment
is read to the end of the text in one step, so that hostile input costs linear time."""


class Instruction(NamedTuple):
    """One instruction of a Dockerfile, with the variables that ARG and ENV gave before it."""

    name: str
    value: str
    line: int


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield what each recipe says, in path order, each fact once per file."""
    for path in tree.files:
        if DOCKERFILE.search(path):
            content = tree.read(path)
            if isinstance(content, Unreadable):
                yield content
            else:
                yield BuildFile(system="docker", path=path, source=Source(kind="file", path=path))
                yield from distinct(_dockerfile(path, content, tree.once(own_names)))
        elif DEVCONTAINER.search(path):
            yield from distinct(_devcontainer(tree, path))


def _dockerfile(path: str, content: str, own: frozenset[str]) -> Iterator[Fact]:
    stages: set[str] = set()
    for instruction in _instructions(content):
        source = Source(kind="file", path=path, line=instruction.line)
        if instruction.name == "FROM":
            match = STAGE.match(instruction.value)
            if match and match[1] not in stages and match[1] != "scratch":
                yield from base_image(match[1], source)
            if match and match[2]:
                stages.add(match[2])
        elif instruction.name == "RUN":
            # An instruction is often a whole script: what each part installs is told apart.
            for part in parts(_command(RUN_FLAGS.sub("", instruction.value))):
                yield from command_facts(part, source, own=own)
        elif instruction.name in {"CMD", "ENTRYPOINT"}:
            line = _command(instruction.value).strip()
            # Options alone are for the entry point.
            if line and not line.startswith("-"):
                yield Command(purpose="run", line=line, source=source)


def base_image(image: str, source: Source) -> Iterator[Fact]:
    """Yield the recipe's base image, and the interpreter that its name promises."""
    yield ContainerRecipe(base_image=image, source=source)
    match = PYTHON_IMAGE.search(image)
    specifier = listed_python(match[1] or match[2]) if match else ""
    if specifier:
        yield PythonConstraint(specifier=specifier, strength="tested", source=source)


def _instructions(content: str) -> Iterator[Instruction]:
    """Yield the instructions in order, literal ARG and ENV values filled in."""
    variables: dict[str, str] = {}
    for number, line in logical_lines(content):
        match = INSTRUCTION.match(line)
        if match is None:
            continue
        name, value = match[1].upper(), _expanded(match[2].strip(), variables)
        if name in {"ARG", "ENV"}:
            for key, literal in re.findall(r"(\w+)[= ]\"?([^\s\"]+)", value):
                variables[key] = literal[:MAX_VALUE_CHARS]
        yield Instruction(name, value, number)


def _expanded(value: str, variables: dict[str, str]) -> str:
    return VARIABLE.sub(
        lambda match: variables.get(match[1] or match[3], match[2] or match[0]), value
    )[:MAX_COMMAND_CHARS]


def _command(value: str) -> str:
    """Return the shell form of an instruction's value, whichever form it was written in."""
    if not value.lstrip().startswith("["):
        return value
    try:
        words = json.loads(value)
    except (ValueError, RecursionError):
        return value
    words = [word for word in words if isinstance(word, str)] if isinstance(words, list) else []
    shell = len(words) == 3 and words[0].endswith("sh") and words[1].startswith("-")
    return words[2] if shell else " ".join(words)


def _devcontainer(tree: RepoTree, path: str) -> Iterator[Fact]:
    content = tree.read(path)
    if isinstance(content, Unreadable):
        yield content
        return
    try:
        config: object = json.loads(JSON_COMMENT.sub(lambda match: match[1] or "", content))
    except (ValueError, RecursionError) as error:
        yield unreadable(path, f"not JSON: {error}")
        return
    image = text(table(config).get("image"))
    if image:
        yield from base_image(image, Source(kind="file", path=path, note="image"))
    for key in ("onCreateCommand", "updateContentCommand", "postCreateCommand"):
        value = table(config).get(key)
        for command in texts(list(value.values()) if isinstance(value, dict) else value):
            source = Source(kind="file", path=path, note=key)
            yield from command_facts(command, source, own=tree.once(own_names))
