"""What README and docs tell people to type is what the command lines understand.

Nothing is started: each line of a shell block, and each command in a sentence, is parsed by the program that it names.
"""

import io
import re
import shlex
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
import typer
from cyclopts.exceptions import CycloptsError, MissingArgumentError
from prefect.cli._app import _app as prefect_app

from flows.cli import app

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = (
    ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", ROOT / "deployments" / "README.md",
    ROOT / "benchmarks" / "README.md", *sorted((ROOT / "docs").glob("*.md")),
)  # fmt: skip
BLOCK: Final = re.compile(r"^```(?:sh|bash|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)
IN_A_SENTENCE: Final = re.compile(r"(?<!`)`((?:paper2run|prefect|make) [^`\n]+)`")
ENDS: Final = {"&&", "||", "|", ";", "&", ">", "(", ")"}
PROGRAMS: Final = ("paper2run", "prefect", "make")
IMAGE: Final = "paper2run/paper2run"
"""The image whose entry point is the command line: `docker run … IMAGE run REPO`."""


def commands(line: str) -> Iterator[tuple[str, ...]]:
    """Yield the commands of a line of shell that start a program of PROGRAMS, that name first.

    Brackets around what may be left out are removed, and so are remarks.
    """
    plain = re.sub(r"\.\.\.|…|(?<=\s)\[|\](?=\s|$|\.\.\.)", "", line)
    plain = re.sub(r'"\$\(([^()]*)\)"', r" ; \1 ; ", plain)
    lexer = shlex.shlex(plain, posix=True, punctuation_chars=True)
    lexer.whitespace_split, lexer.commenters = True, "#"
    command: list[str] = []
    for token in [*lexer, ";"]:
        if token not in ENDS:
            command.append(token)
            continue
        while command and re.match(r"\w+=", command[0]):
            command.pop(0)
        if command[:2] == ["docker", "run"] and IMAGE in command:
            command = ["paper2run", *command[command.index(IMAGE) + 1 :]]
        if command and (name := command[0].rpartition("/")[2]) in PROGRAMS:
            yield (name, *command[1:])
        command = []


def told(page: Path) -> Iterator[tuple[tuple[str, ...], bool]]:
    """Yield each command of a page, and whether it is complete: one in a sentence may lack its arguments."""
    text = page.read_text("utf-8")
    for block in BLOCK.findall(text):
        begun = ""
        for line in block.replace("\\\n", " ").splitlines():
            begun += line
            # A quoted text may go on in the next line.
            if begun.count("'") % 2 == 0:
                yield from ((command, True) for command in commands(begun))
                begun = ""
    for line in IN_A_SENTENCE.findall(BLOCK.sub("", text)):
        yield from ((command, False) for command in commands(line))


def refusal(command: tuple[str, ...], *, complete: bool) -> str:
    """Return why the program would not understand the command; empty if it would."""
    name, *words = command
    if name == "make":
        targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
        unknown = [word for word in words if "=" not in word and word not in targets]
        return f"no target {unknown}" if unknown else ""
    return _of_paper2run(words, complete) if name == "paper2run" else _of_prefect(words, complete)


@cache
def _paper2run() -> Any:
    """Return the command line with commands that do nothing."""
    line = typer.main.get_command(app)
    waiting = [line]
    while waiting:
        command = waiting.pop()
        waiting += getattr(command, "commands", {}).values()
        command.callback = None
    return line


def _of_paper2run(words: list[str], complete: bool) -> str:
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()) as said:
        try:
            _paper2run().main(words, prog_name="paper2run")
        except SystemExit as ended:
            failed = ended.code
    why = " ".join(said.getvalue().split()) if failed else ""
    return why if complete or "Missing" not in why else ""


def _of_prefect(words: list[str], complete: bool) -> str:
    words = [word for word in words if word != "--no-prompt"]
    try:
        prefect_app.parse_args(words, exit_on_error=False, print_error=False)
    except MissingArgumentError as error:
        return str(error) if complete else ""
    except CycloptsError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_that_a_page_tells_people_to_type_is_understood(page):
    refused = {
        shlex.join(command): why
        for command, complete in told(page)
        if (why := refusal(command, complete=complete))
    }

    assert refused == {}


def test_the_pages_tell_many_commands_of_each_program():
    found = [command for page in PAGES for command, _ in told(page)]

    assert {command[0] for command in found} == set(PROGRAMS)
    assert len([command for command in found if command[0] == "paper2run"]) > 50


@pytest.mark.parametrize(
    "line",
    [
        "paper2run run REPO --timout 5",
        "paper2run nothing",
        "cd x && .venv/bin/paper2run run a b c",
        "docker run --rm paper2run/paper2run run REPO --nothing",
        'eval "$(paper2run server nothing)"',
        "make nothing",
        "PREFECT_API_URL=x prefect work-pool create p --typ process",
        "paper2run batch",
        "paper2run run REPO --target everything",
    ],
)
def test_a_command_that_no_program_understands_is_seen(line):
    [command] = commands(line)

    assert refusal(command, complete=True)
