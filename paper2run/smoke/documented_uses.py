"""Finds the commands and examples of READMEs that need nothing but the checkout."""

import re
import shlex
from collections.abc import Collection, Iterable
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Final, NamedTuple

from paper2run.commands.plain_commands import ACCELERATED, STAND_IN, folder_and_line, plain_words
from paper2run.formats.shell_words import LEADING
from paper2run.model.environment import SmokeChoice
from paper2run.model.facts import Command, EntryPoint, OwnModule, Purpose, RepoFacts
from paper2run.model.image import OUTSIDE
from paper2run.planning.plan_builder import choice
from paper2run.python.own_projects import is_installed, own_projects
from paper2run.python.readme_commands import readme_commands
from paper2run.smoke.program_smoke import reads_the_checkout

FROM_ELSEWHERE: Final = re.compile(
    r"urlopen|requests\.|download|from_pretrained|from_hub|hf_hub|load_dataset|open\(|read_csv|imread|loadtxt|\.load\(|cuda"
    r"|https?://|(?i:api_?key)|\.completions\b|\bgpt-\d|\bclaude-"
    r"|[\"']<[^<>|]*(?i:path|root|dir|folder|file|checkpoint|weights|your|name|type)\b[^<>|]*>\\?[\"']"
)
"""Examples that read files, use the network or a service, or leave a word in angle brackets to their reader."""
QUOTED_FILE: Final = re.compile(r"""['"]([\w.-]+(?:/[\w.-]+)*\.\w+)['"]""")
PYTHON: Final = re.compile(r"i?python[23]?(?:\.\d+)?")
MODULE: Final = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
PATTERN: Final = re.compile(r"(?<!\S)[\w./-]*\*[\w./*-]*(?!\S)")
"""A word that stands for files: `samples/*`, `data/*.csv`."""
BUILDS: Final = "setup.py"
"""Builds, installs and tests, and computes nothing."""
MAX_FILES: Final = 20
"""Files that one pattern may stand for; more are a data set."""


class Place(NamedTuple):
    """Where a command starts."""

    files: frozenset[str]
    """Paths below the folder."""
    modules: frozenset[str]
    """Files of modules that Python finds there, from the folder of `sys.path` that they are below."""
    made: frozenset[str]
    """Words of commands before it, whose outputs are no part of the checkout."""


def programs(facts: RepoFacts) -> list[EntryPoint]:
    """Return the console scripts of what will be installed."""
    return [
        fact
        for fact in facts.of(EntryPoint)
        if fact.form == "console-script"
        and is_installed(facts, fact.source.path.rpartition("/")[0])
    ]


def documented_uses(
    facts: RepoFacts, files: frozenset[str], *, all_in_order: bool = False
) -> list[SmokeChoice]:
    """Return the READMEs' examples and run commands that need nothing but the checkout, and no GPU.

    `files` are the paths of the checkout. With `all_in_order` a command may also read what one before it wrote, and a
    program of the package's own nothing at all; a script is one of them whatever its name says of tests.
    """
    found = []
    own = {fact.name for fact in programs(facts)}
    roots = {fact.root for fact in facts.of(OwnModule) if is_installed(facts, fact.root)}
    installed = frozenset(path for root in roots for path in _below(root, files))
    before: set[str] = set()
    purposes: set[Purpose] = {"run", "test"} if all_in_order else {"run"}
    for fact in readme_commands(facts.of(Command), purposes):
        if fact.form == "python-example":
            if not ACCELERATED.search(fact.line) and not FROM_ELSEWHERE.search(fact.line):
                inside = not own_projects(facts) or _names_a_file(fact.line, files)
                command = fact.line if inside else f"cd {OUTSIDE} && {fact.line}"
                proves = "a documented example runs"
                found.append(choice("example", command, proves, fact.source))
            continue
        folder, line = folder_and_line(fact.line)
        here = _below(folder, files)
        words = _words(_with_files(LEADING.sub("", line), here), own)
        place = Place(here, here | installed, frozenset() if all_in_order else frozenset(before))
        if words and _is_complete(words, place, may_read_nothing=all_in_order):
            start = f"cd {shlex.quote(folder)} && " if folder else ""
            command = start + shlex.join(words)
            found.append(choice("documented", command, "a documented command runs", fact.source))
        before.update(line.split())
    return found


def _below(folder: str, files: Iterable[str]) -> frozenset[str]:
    """Return the paths below a folder, from there; all of them without a folder."""
    start = f"{folder}/" if folder else ""
    return frozenset(path.removeprefix(start) for path in files if path.startswith(start))


def _names_a_file(line: str, files: frozenset[str]) -> bool:
    """Whether an example names a file of the checkout: it is meant to run there."""
    return any(name in files for name in QUOTED_FILE.findall(line))


def _with_files(line: str, files: frozenset[str]) -> str:
    """Return a line with the files that its patterns stand for; a pattern of none or of many stays."""

    def named(match: re.Match[str]) -> str:
        pattern = match[0]
        depth = pattern.count("/")
        alike = sorted(
            path for path in files if path.count("/") == depth and fnmatchcase(path, pattern)
        )
        return shlex.join(alike) if 0 < len(alike) <= MAX_FILES else pattern

    return PATTERN.sub(named, line)


def _words(line: str, own: Collection[str]) -> list[str]:
    """Return the words of `python SCRIPT …`, `python -m MODULE …` or of an `own` program; else none."""
    words = plain_words(line)
    if not words:
        return []
    if words[0] in own:
        return words
    is_python = PYTHON.fullmatch(words[0]) is not None
    rest = words[1:] if is_python else words
    if is_python and len(rest) > 1 and rest[0] == "-m":
        return ["python", *rest]
    is_script = rest and rest[0].endswith(".py") and PurePosixPath(rest[0]).name != BUILDS
    return ["python", *rest] if is_script else []


def _is_complete(words: list[str], place: Place, *, may_read_nothing: bool) -> bool:
    """Whether the script or module and every argument that looks like a path stand in the checkout.

    A path whose folder is there counts: it may be an output; not so one that a command before made. A program of the
    package's own, which `python -m PACKAGE` starts too, shows something only where it is given a file.
    """
    if words[0] != "python":
        return reads_the_checkout(words[1:], place.files, may_read_nothing=may_read_nothing)
    if words[1] == "-m" and _is_package(words[2], place.modules) and not may_read_nothing:
        return reads_the_checkout(words[3:], place.files)
    if words[1] == "-m":
        is_known, arguments = _is_module(words[2], place.modules), words[3:]
    else:
        is_known, arguments = str(PurePosixPath(words[1])) in place.files, words[2:]
    folders = {str(parent) for path in place.files for parent in PurePosixPath(path).parents}
    values = (word.split("=", 1)[-1] for word in arguments)
    return is_known and all(_is_there(value, place, folders) for value in values)


def _is_module(name: str, files: frozenset[str]) -> bool:
    """Whether one of the files is the module, or what starts the package, of a name."""
    is_name = MODULE.fullmatch(name) is not None
    return is_name and (f"{name.replace('.', '/')}.py" in files or _is_package(name, files))


def _is_package(name: str, files: frozenset[str]) -> bool:
    return f"{name.replace('.', '/')}/__main__.py" in files


def _is_there(value: str, place: Place, folders: Collection[str]) -> bool:
    """Whether an argument is no path, one of the checkout, or one that may be written."""
    path = PurePosixPath(value)
    if value.startswith(("/", "~")):
        return False
    if str(path) in place.files or str(path) in folders:
        return True
    looks_like_path = "/" in value or (path.suffix and not re.fullmatch(r"-?[\d.eE+-]+", value))
    may_be_written = value not in place.made and str(path.parent) in folders
    return not STAND_IN.search(value) and (not looks_like_path or may_be_written)
