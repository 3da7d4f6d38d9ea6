"""Splits shell commands into logical lines, joined parts and what they install.

No command is ever run.
"""

import re
import shlex
from collections.abc import Iterator
from typing import Final

from paper2run.model.plan_text import DEBIAN_PACKAGE

MAX_COMMAND_CHARS: Final = 4000
"""A longer command is generated text; it is read no further than this."""

MAX_VALUE_CHARS: Final = 200
"""Kept of a variable's value where it is filled in: variables that name each other double at every step."""

MAX_CONTINUED_LINES: Final = 200
"""Lines that one command is joined of."""

PROMPT: Final = re.compile(
    r"^\s*(?:\([\w.-]+\)\s*)?(?:[\w.-]+@[\w.-]+[:~/\w.-]*\s?[$#]\s|(?:[\w.-]+:)?~[\w./-]*\s?[$#]\s|>>>\s|\$\s|%\s|[!%](?=(?:pip|conda)\s)|!(?=\w)"
    r"|C:\\[^>]*>|>\s)\s*(?=[\w./~])"
)
TOKEN: Final = re.compile(r"""'[^']*'|"(?:[^"\\]|\\.)*"|&&|\|\||;|\n|.""")
LEADING: Final = re.compile(
    r"^(?:(?:sudo(?:\s+-\S+)*|env|exec|do|then|else|if|(?:poetry|uv|pipenv|pdm|hatch|conda)\s+run(?:\s+-n\s+\S+)?)\s+)+"
)
"""What may stand before a command without changing what it is."""
OPTION_FIRST: Final = re.compile(r"\s*--[a-z]")
PIP: Final = re.compile(
    r"(?:^|\s)(?:pip[\d.]*|uv\s+pip|python[\d.]*\s+-m\s+pip)\s+(?:-\S+\s+)*install\s"
)
CONDA: Final = re.compile(r"(?:^|\s)(?:conda|mamba|micromamba)\s+(?:install|create)\s")
APT: Final = re.compile(r"(?:^|\s)apt(?:-get|itude)?\s+(?:-\S+\s+)*install\s")

PIP_VALUE_OPTIONS: Final = frozenset(
    {"-r", "--requirement", "-c", "--constraint", "-e", "--editable", "-f", "--find-links", "-i", "--index-url",
     "--extra-index-url", "-t", "--target", "--prefix", "--root", "--trusted-host", "--upgrade-strategy",
     "--no-binary", "--only-binary", "--install-option", "--global-option", "--timeout", "--retries", "--cert",
     "--proxy", "--cache-dir", "--progress-bar", "--python", "--implementation", "--python-version", "--platform",
     "--abi", "--src", "--report", "--log", "--group", "--hash", "-C", "--config-settings", "--client-cert",
     "--exists-action", "--root-user-action", "--use-feature", "--use-deprecated", "--keyring-provider"}
)  # fmt: skip
CONDA_VALUE_OPTIONS: Final = frozenset(
    {"-n", "--name", "-p", "--prefix", "-c", "--channel", "--file", "-f"}
)
APT_VALUE_OPTIONS: Final = frozenset({"-o", "-t", "-c", "--option", "--target-release"})
INSTALLERS: Final = frozenset(
    {
        "pip",
        "wheel",
        "setuptools",
        "virtualenv",
        "twine",
        "pipenv",
        "poetry",
        "uv",
        "build",
        "flit",
        "hatch",
        "pdm",
    }
)
"""What people install in order to install: no dependency of theirs."""
PROSE: Final = re.compile(
    r"(?:and|or|to|for|the|in|into|inside|with|then|from|using|via|if|on|before|after|as|which|your|all|-{1,2})$|[(–—→]|//|->",
    re.IGNORECASE,
)
"""Words that no package has as its name, and signs: where people go on to explain the command."""
PLACEHOLDER: Final = re.compile(
    r"(?:your|my|some|the)?[-_]?(?:package|project|module|library|dependenc|requirement)(?:s|y|ies)?[-_]?(?:names?)?"
    r"|your[-_].*|.*\.\.\..*|.*\.(?:txt|lock)",
    re.IGNORECASE,
)
"""What stands for something that the reader has to fill in, or for a file that lacks its `-r`."""
REMARK: Final = re.compile(
    r"(?<=\S)\s{3,}(?:\(?[A-Za-z][\w,;()%–-]*\.?|\(?\d[\d.,–-]*%?[),;.]*)"
    r"(?: (?:\(?[A-Za-z][\w,;()%–-]*\.?|\(?\d[\d.,–-]*%?[),;.]*))+\s*$"
)
"""Words in a column of their own, of which none is an option or a path."""
BLANK: Final = re.compile(r"<[A-Za-z][^<>=]*>")
"""The same in the form `<library name>`, of several words as well."""


def without_remark(line: str) -> str:
    """Return a command without what a column beside it says: `fit.py all      the six scenarios`."""
    return REMARK.sub("", line)


def unprompted(line: str) -> tuple[str, bool]:
    """Return a line without its shell or notebook prompt, and whether it had one."""
    match = PROMPT.match(line)
    return (line[match.end() :].strip(), True) if match else (line.strip(), False)


def logical_lines(script: str, first_line: int = 1) -> Iterator[tuple[int, str]]:
    """Yield the line number and text of each command, continuation lines joined, comments left out."""
    pieces: list[str] = []
    start = first_line
    lines = script.split("\n")
    for number, (line, following) in enumerate(
        zip(lines, [*lines[1:], ""], strict=True), first_line
    ):
        if pieces and line.lstrip().startswith("#"):
            # Between the lines of one Dockerfile instruction comments are left out.
            continue
        start = start if pieces else number
        line = line[:MAX_COMMAND_CHARS]
        # No command starts with an option: people break lines in documents as they do in prose.
        broken = bool(line.strip()) and OPTION_FIRST.match(following) is not None
        continued = line.rstrip().endswith("\\") or broken
        pieces.append(
            line.strip().removesuffix("\\").rstrip() if pieces or continued else line.rstrip()
        )
        if not continued:
            yield from _command(start, pieces)
            pieces = []
    yield from _command(start, pieces)


def _command(line: int, pieces: list[str]) -> Iterator[tuple[int, str]]:
    text = " ".join(pieces[:MAX_CONTINUED_LINES])[:MAX_COMMAND_CHARS]
    if text.strip() and not text.lstrip().startswith("#"):
        yield line, re.sub(r"\s+#\s.*$", "", text)


def parts(command: str) -> Iterator[str]:
    """Yield the commands that `&&`, `||` and `;` join, without `sudo` and shell keywords.

    Quotes are respected.
    """
    for joined in joined_commands(command):
        yield LEADING.sub("", joined)


def joined_commands(command: str) -> Iterator[str]:
    """Yield the commands that `&&`, `||` and `;` join, as written; quotes are respected."""
    held = ""
    for token in TOKEN.finditer(command):
        if token[0] in {"&&", "||", ";", "\n"}:
            yield held.strip()
            held = ""
        else:
            held += token[0]
    yield held.strip()


def pip_arguments(command: str) -> tuple[str, ...]:
    """Return the requirements that the command's `pip install` parts name; local folders are none."""
    found = _arguments(command, PIP, PIP_VALUE_OPTIONS)
    return tuple(word for word in found if word not in INSTALLERS and not word.startswith("."))


def conda_arguments(command: str) -> tuple[str, ...]:
    """Return the packages that the command's `conda install` parts name, with their version parts."""
    return tuple(
        word for word in _arguments(command, CONDA, CONDA_VALUE_OPTIONS) if "/" not in word
    )


def apt_packages(command: str) -> tuple[str, ...]:
    """Return the Debian packages that the command's `apt-get install` parts name."""
    found = (word.split("=")[0] for word in _arguments(command, APT, APT_VALUE_OPTIONS))
    return tuple(word for word in found if re.fullmatch(DEBIAN_PACKAGE, word))


def _arguments(command: str, program: re.Pattern[str], value_options: frozenset[str]) -> list[str]:
    """Return the plain words behind `program` in each part.

    Options, their values and variables are left out.
    """
    found: list[str] = []
    for part in parts(command):
        match = program.search(f"{part} ")
        if match is None:
            continue
        words = iter(_split(BLANK.sub("<>", part[match.end() :])))
        listing = False
        for word in words:
            if word in value_options:
                next(words, "")
            elif listing and word == "and":
                continue
            elif word.startswith(("|", ">", "2>", "#")) or PROSE.match(word):
                break
            elif _is_plain(word.rstrip(",")):
                found.append(word.rstrip(","))
            listing = word.endswith(",")
    return found


def _is_plain(word: str) -> bool:
    """Whether a word can name a package: no option, variable, placeholder or remark."""
    variable = re.search(r"[$`{}*]|<(?![\d=])", word.partition(">")[0])
    return bool(word) and word[0] != "-" and not variable and not PLACEHOLDER.fullmatch(word)


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()
