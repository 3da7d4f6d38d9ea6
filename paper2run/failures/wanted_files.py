"""Finds the system files that a failed build or run asked for.

Reads gcc and clang (`fatal error: yaml.h: No such file or directory`), ld (`cannot find -lyaml`),
the dynamic loader (`libGL.so.1: cannot open shared object file`), dash and bash (`1: flex: not
found`), make, env, pkg-config, meson and CMake; and what Python code says of libraries that it opens by name, and of
programs that it starts (`FileNotFoundError: … 'samtools'` out of subprocess.py).
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final, Literal, NamedTuple

Kind = Literal["library", "header", "program", "pkgconfig", "link", "opened", "cmake"]

CANNOT_OPEN: Final = re.compile(
    r"(?<![\w+.-])(lib[\w+.-]+?\.so(?:\.\d+)*): cannot open shared object file"
)
SIGNS: Final[tuple[tuple[Kind, re.Pattern[str]], ...]] = (
    ("library", CANNOT_OPEN),
    ("header", re.compile(r"fatal error: ([\w./+-]+): No such file or directory")),
    ("header", re.compile(r"fatal error: '([\w./+-]+)' file not found")),
    ("link", re.compile(r"\bld(?:\.\w+)?: cannot find -l([\w.+-]+)(?::|\s|$)")),
    ("pkgconfig", re.compile(r"No package '([\w.+-]+)' found")),
    ("pkgconfig", re.compile(r"Package '?([\w.+-]+)'?,? (?:required by '[^']*', )?(?:was )?not found")),
    ("pkgconfig", re.compile(r'Dependency "?([\w.+-]+)"? not found, tried pkgconfig')),
    # CMake lists the names that it has looked for, one in a line.
    ("cmake", re.compile(r"^\s+([\w.+-]+(?:Config|-config)\.cmake)$")),
    ("program", re.compile(r"(?:^|\s|/)[\w.+-]+: (?:line )?\d+: ([\w.+-]+): (?:command )?not found")),
    ("program", re.compile(r"(?:^|\s|/)bash: ([\w.+-]+): command not found")),
    ("program", re.compile(r"^make(?:\[\d+\])?: ([\w.+-]+): (?:No such file or directory|Command not found)")),
    # CMake's ExternalProject and FetchContent.
    ("program", re.compile(r"^\s*error: could not find (git|svn|hg|cvs) for (?:clone|checkout) of ")),
    # distutils: before Python 3.10, and since.
    ("program", re.compile(r"^\s*unable to execute '?([\w.+-]+)'?: No such file or directory")),
    ("program", re.compile(r"^\s*error: command '([\w.+-]+)' failed: No such file or directory")),
    ("program", re.compile(r"\benv: [‘'`]?([\w.+-]+?)[’']?: No such file or directory")),
)  # fmt: skip
NOT_FOUND: Final = re.compile(r"^\s+Could NOT find (?P<name>[\w+-]+) \(missing: *(?P<what>\w*)")
"""CMake's error; of what a build can do without it says the same behind `-- `."""
SAID: Final = re.compile(
    r"^\s*(?:E\s+)?(?:[\w.]*(?:Error|Exception|NotFound|ImproperlyConfigured)\b|- couldn't import )"
)
"""An exception's own line, and psycopg's list of what it tried: only there words of Python code count."""
QUOTED: Final = r"['\"]?([\w.+-]{2,40})['\"]?"
IN_WORDS: Final[tuple[tuple[Kind, re.Pattern[str]], ...]] = (
    # CPython's ctypes.util.find_library gives None; cffi, python-magic, psycopg, shapely, cairocffi, sounddevice,
    # GeoDjango, pyzbar and eccodes say so in words of the same forms.
    ("opened", re.compile(r"\blibrary (?:called|named) ['\"]([\w.+-]{2,40})['\"]")),
    ("opened", re.compile(r"\bcannot load library ['\"]([\w.+-]{2,40})['\"]")),
    ("opened", re.compile(
        r"(?i:\b(?:find|locate|load|open) (?:the )?(?:lib |(?:shared )?library )?['\"]?)(?!library|shared)(?:lib)?"
        r"([\w+-]{2,40})(?:\.so)?(?i:['\"]? (?:(?:C |shared )*librar(?:y|ies)|or load any of)\b)")),
    ("opened", re.compile(
        r"(?i:\b(?:find|locate|load|open)(?: any)? ['\"]?lib)(?!rar(?:y|ies)\b)([\w+-]{2,40})\b")),
    ("opened", re.compile(
        r"\b(?!shared)(?:lib)?([\w+-]{2,40})['\"]? (?:C |shared )*library (?:was |is |could )?not (?:be )?"
        r"(?:found|installed|loaded)")),
    ("program", re.compile(
        rf"^\s*(?:E\s+)?[\w.]+: (?:\[Errno 2\] )?{QUOTED} (?:is )?not (?:installed|found)\b.*(?i:\bpath\b)")),
    ("program", re.compile(r"\bfailed to execute (?:\w+\()?\[?(?:\w+\()?['\"]([\w.+-]{2,40})['\"]")),
    ("program", re.compile(rf"(?i:\b(?:find|locate) (?:the )?(?:executable|program|command|binary)) {QUOTED}")),
    ("program", re.compile(
        r"(?i:\b(?:executable|program|command|binary)) ['\"]([\w.+-]{2,40})['\"] (?:was )?not (?:found|installed)")),
    ("program", re.compile(rf"(?i:\b(?:bad|missing|no)) {QUOTED} (?i:executable|binary)\b")),
)  # fmt: skip
NO_FILE: Final = re.compile(
    r"^\s*(?:E\s+)?FileNotFoundError: \[Errno 2\] No such file or directory: ['\"]([\w.+-]{1,40})['\"]$"
)
FRAME: Final = re.compile(r"^\s*File \"(?P<path>[^\"]+)\", line \d")
PYTEST_FRAME: Final = re.compile(r"^(?P<path>\S+\.py):\d+: ")
"""The place of an error: above it in a traceback, below it in pytest's report."""
FRAMES: Final = 4
"""Lines between that place and the error, with the lines of code and of carets that newer versions print."""
MAX_WANTED: Final = 50
"""More names than this are noise of one cause."""


class WantedFile(NamedTuple):
    """A file of the system that was not there."""

    kind: Kind
    name: str
    """`libGL.so.1`, `yaml.h`, `flex`, `BoostConfig.cmake`; for pkgconfig, link and opened without `.pc`, `-l`, `lib`
    and `.so`."""


def wanted_files(lines: Iterable[str]) -> dict[WantedFile, str]:
    """Return the files that the log's lines ask for, in order, each with the first line that does."""
    wanted: dict[WantedFile, str] = {}
    log = list(lines)
    for number, line in enumerate(log):
        signs = (*SIGNS, *IN_WORDS) if SAID.match(line) else SIGNS
        for kind, sign in signs:
            match = sign.search(line)
            if match and len(wanted) < MAX_WANTED:
                wanted.setdefault(WantedFile(kind, match[1]), line.strip())
        for file in _of_cmake(line):
            wanted.setdefault(file, line.strip())
        program = NO_FILE.match(line)
        if program and len(wanted) < MAX_WANTED and _was_started(log, number):
            wanted.setdefault(WantedFile("program", program[1]), line.strip())
    return wanted


def _of_cmake(line: str) -> Iterator[WantedFile]:
    """Yield what a module of CMake looks for: a program, else a library by the names that it may have."""
    match = NOT_FOUND.match(line)
    if match is None:
        return
    name = match["name"].lower()
    if match["what"].endswith("_EXECUTABLE"):
        yield WantedFile("program", name)
        return
    yield WantedFile("pkgconfig", name)
    yield WantedFile("pkgconfig", f"lib{name}")
    yield WantedFile("link", name)
    yield WantedFile("cmake", f"{match['name']}Config.cmake")


def _was_started(lines: list[str], number: int) -> bool:
    """Whether the missing file of a line is a program that was to be started, rather than data to be read."""
    above = map(FRAME.match, reversed(lines[max(0, number - FRAMES) : number]))
    below = map(PYTEST_FRAME.match, lines[number + 1 : number + FRAMES])
    place = next(filter(None, above), None) or next(filter(None, below), None)
    return place is not None and place["path"].endswith("/subprocess.py")
