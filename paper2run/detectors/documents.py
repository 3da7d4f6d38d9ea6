"""Reads commands in code blocks and Python versions in prose, from READMEs, INSTALL files and docs.

Blocks of shell and of unnamed languages give commands, told apart by their words; a line that tells nothing
gives nothing.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from paper2run.commands.command_facts import command_facts, distinct
from paper2run.commands.working_folder import WorkingFolder
from paper2run.detectors.own_programs import own_programs
from paper2run.formats.code_blocks import Block, read_document
from paper2run.formats.document_files import MAX_DOCUMENT_CHARS, documents_in, is_readme
from paper2run.formats.shell_words import logical_lines, unprompted, without_remark
from paper2run.formats.tree import RepoTree
from paper2run.formats.version_ranges import listed_python
from paper2run.knowledge.language_names import BLOCKS
from paper2run.model.facts import Fact, Group, PythonConstraint, Unreadable
from paper2run.model.value import Source
from paper2run.python.python_examples import example_commands
from paper2run.python.python_projects import own_names

NAME: Final = "documents"

SHELLS: Final = frozenset(
    {"", "sh", "bash", "shell", "zsh", "console", "shell-session", "shellsession", "sh-session", "terminal",
     "text", "txt", "none", "$", "cmd", "commandline", "command", "prompt", "ipython", "dosbatch", "csh", "fish"}
)  # fmt: skip
PYTHONS: Final = frozenset(
    {"python", "py", "python3", "pycon", "python-repl", "ipython", "ipython3", ""}
)
CALLS: Final = re.compile(
    r"\s*(?:[$>] ?)?(?:(?:python[23]?|pip3?|conda|git|cd|bash|sh|make)\s+[\w./~-]|\./\w)|\s*(?:#|$)"
)
"""A line of a shell, or of none: people mark calls of Python as Python, too."""
CALLED_BY: Final = {
    "lua": re.compile(r"\s*(?:[$>] ?)?(?:th|lua(?:jit)?)\s+[\w./-]+\.lua\b|\s*(?:#|$)"),
    "r": re.compile(r"\s*(?:[$>] ?)?Rscript\s+[\w./-]+\.[Rr]\b|\s*(?:#|$)"),
    "julia": re.compile(r"\s*(?:[$>] ?)?julia\s+(?:-\S+\s+)*[\w./-]+\.jl\b|\s*(?:#|$)"),
    "javascript": re.compile(r"\s*(?:[$>] ?)?node\s+[\w./-]+\.m?js\b|\s*(?:#|$)"),
}
"""By the label of a block: a line that starts a file of that language."""
INLINE: Final = re.compile(
    r"`{1,2}((?:sudo )?(?:pip3? install|conda (?:install|env|create)|python[23]? |apt-get install|make |git clone )"
    r"[^`<]{1,300})`{1,2}"
    r"|`{1,2}\$\s?([^`<]{3,300})`{1,2}"
)
"""What is known to be a command, or has a prompt before it."""
LITERAL: Final = re.compile(r"``\$?\s*([^`]+)``")
TYPED: Final = re.compile(
    r"(?<![\w./-])(?P<call>(?:python(?:[23](?:\.\d+)?)?|Rscript|julia|bash|sh)\s+(?:-u\s+)?"
    r"(?P<file>[\w./-]+\.(?:py|[Rr]|jl|sh)))(?![\w/])(?=(?P<rest>[^`'\"<]*))"
)
"""A call of a file in running text, up to a quote."""
MARKS: Final = re.compile(r"(?:[^`'\"]*:\s+)?\W*")
"""What stands before a command that ends its line: what it is for, the mark of a list, a prompt, a quote."""
OPTIONS: Final = re.compile(r"(?:\s+--?\w[\w-]*(?:[=\s](?!-)[\w./:,-]+)?)+")
WORDS: Final = re.compile(
    r"(?i)\s(?:to|in|on|for|with|will|and|or|the|is|from|which|where|file|script)\b"
)
"""A sentence goes on after the command."""

VERSION: Final = re.compile(
    r"\b[Pp]ython(?:\s+versions?)?\s*(>=|=>|≥|>)?\s*v?((?:2|3)(?:\.\d{1,2})?)(?:\.\d+|\.x)?(?![\w.]*\d)"
    r"(\+|\s+(?:and|or)\s+(?:above|later|newer|higher|greater|up)|\s*(?:or)?\s*>=?)?"
)
ALSO: Final = re.compile(r"\s*(?:,|/|and|or|&|\||%7C|%20)+\s*v?((?:2|3)\.\d{1,2})\b(?!\.?\d)")
BADGE: Final = re.compile(r"[Pp]ython-v?(\d\.\d{1,2})")
DENIAL: Final = re.compile(
    r"\b(?:not|no longer|drop\w*|without|except|unlike|deprecat\w*|instead of|end of life|unsupported)\b",
    re.I,
)
DENIAL_REACH_CHARS: Final = 60
"""How far before a version a denial still means it."""


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Return the facts of each document, those nearest to the root first, each fact once per document."""
    return tree.once(_read_all)


def _read_all(tree: RepoTree) -> tuple[Fact, ...]:
    found: list[Fact] = []
    for path in documents_in(tree):
        text = tree.read(path)
        if isinstance(text, Unreadable):
            found.append(text)
        else:
            found += distinct(document_facts(tree, path, text[:MAX_DOCUMENT_CHARS]))
    return tuple(found)


def document_facts(tree: RepoTree, path: str, text: str) -> Iterator[Fact]:
    """Yield the facts of one document in its order."""
    document = read_document(path, text)
    reader = _Reader(tree, path)
    for block in document.blocks:
        yield from reader.block(block)
    for number, line in document.prose:
        yield from reader.prose(number, line)


class _Reader:
    """What is known while one document is read."""

    def __init__(self, tree: RepoTree, path: str) -> None:
        self._tree = tree
        self._path = path
        self._own = tree.once(own_names)
        self._programs = own_programs(tree)
        # A page of the documentation explains; only what stands before a user at once says what is needed.
        first = is_readme(path) and "/" not in path
        self._group: Group = "runtime" if first else "extra"
        self._extra = "" if first else "documentation"

    def block(self, block: Block) -> Iterator[Fact]:
        """Yield the commands of a block, and its Python example where it is one."""
        of_shell = all(map(CALLS.match, block.text.splitlines()))
        # Editors write labels of their own behind a fence (`angular2html`); the words tell what it is. And people label
        # a call by the language of what it calls.
        unknown = block.language not in BLOCKS
        of_program = CALLED_BY.get(block.language)
        calls = of_program and all(map(of_program.match, block.text.splitlines()))
        if (
            block.language in SHELLS
            or ((unknown or block.language in PYTHONS) and of_shell)
            or calls
        ):
            yield from self._commands(block)
        if block.language in PYTHONS and not (block.language and of_shell):
            source = self._source(block.line, "python example")
            yield from example_commands(block.text, source, own=self._own)

    def _commands(self, block: Block) -> Iterator[Fact]:
        folder = WorkingFolder(self._tree, self._path)
        lines = [
            (number, *unprompted(line)) for number, line in logical_lines(block.text, block.line)
        ]
        # In a session, lines without a prompt are what the program answered.
        session = any(prompted for _, _, prompted in lines)
        for number, line, prompted in lines:
            if session and not prompted:
                continue
            # An indented literal of reStructuredText, which is no code block to docutils.
            literal = LITERAL.fullmatch(line)
            command = folder.follow(literal[1] if literal else line)
            if command:
                source = self._source(number)
                yield from self._facts(command, source)

    def prose(self, number: int, line: str) -> Iterator[Fact]:
        """Yield the commands in inline code and the interpreters that a line mentions."""
        source = self._source(number)
        folder = WorkingFolder(self._tree, self._path)
        for match in INLINE.finditer(line):
            yield from self._facts(folder.follow((match[1] or match[2]).strip()), source)
        for match in TYPED.finditer(INLINE.sub("", line)):
            if folder.place_of(match["file"]) is not None:
                yield from self._facts(folder.follow(_typed(match)), source)
        yield from _mentioned(line, source)

    def _facts(self, line: str, source: Source) -> Iterator[Fact]:
        return command_facts(
            line,
            source,
            own=self._own,
            programs=self._programs,
            group=self._group,
            extra=self._extra,
        )

    def _source(self, line: int, note: str = "") -> Source:
        kind = "readme" if is_readme(self._path) else "file"
        return Source(kind=kind, path=self._path, line=line, note=note)


def _typed(match: re.Match[str]) -> str:
    """Return the call with what belongs to it: options, and all words where it has its line to itself."""
    rest = without_remark(match["call"] + match["rest"]).removeprefix(match["call"])
    rest = rest.rstrip().rstrip(".,;:)")
    alone = MARKS.fullmatch(match.string, 0, match.start()) and not WORDS.search(rest)
    return match["call"] + (rest if alone or OPTIONS.fullmatch(rest) else "")


def _mentioned(line: str, source: Source) -> Iterator[PythonConstraint]:
    """Yield `Python 2.7`, `Python 3.6+`, `Python 2.7 and 3.4`, and badges; what is denied is left out."""
    for match in VERSION.finditer(line):
        if DENIAL.search(line[max(match.start() - DENIAL_REACH_CHARS, 0) : match.start()]):
            continue
        if match[0].startswith(("python2", "python3")):
            # A program's name in running text.
            continue
        open_ended = bool(match[1] or match[3])
        specifier = f">={match[2]}" if open_ended else listed_python(match[2])
        yield PythonConstraint(specifier=specifier, strength="mentioned", source=source)
        also = ALSO.match(line, match.end())
        while also:
            yield PythonConstraint(
                specifier=listed_python(also[1]), strength="mentioned", source=source
            )
            also = ALSO.match(line, also.end())
    for match in BADGE.finditer(line):
        yield PythonConstraint(
            specifier=listed_python(match[1]), strength="mentioned", source=source
        )
