"""Reads the bounded logs of failed builds and runs: which line tells what went wrong."""

import re
from typing import Final, NamedTuple

from paper2run.model.outcome import BuildFailed, Log, SmokeFailed
from paper2run.model.value import Source

ANSI: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
TAIL_LINES: Final = 4000
"""Lines from the end in which rules search: the cause stands near the end."""
LINE_CHARACTERS: Final = 2000
"""Characters read of each line: causes are short, and a hostile line must not cost the rules minutes."""
TELLING: Final = re.compile(
    r"^\s*+(?:E\s++)?(?:[\w.]*(?:Error|Exception|Interrupt|Exit)\b.*|(?:fatal|error)\b:?.*|.*\bfatal error:.*"
    r"|.*: (?:command )?not found|.*No such file or directory.*|Killed.*|Segmentation fault.*|ERROR:? .*|E: .*)$"
)
RAISED: Final = re.compile(
    r"^\s*(?:E\s+)?(?:(?:[A-Za-z_]\w*\.){0,8}\w*(?:Error|Exception|Exit|Interrupt)(?::|\s*$)"
    r"|error: command .* failed)|:\d+: fatal error: "
)
"""An exception's own line, distutils' word for a compiler that failed, and the compiler's own."""
PASSED_ON: Final = re.compile(r"CalledProcessError|SystemExit")
"""Exceptions that only say that another program failed."""
TRACEBACK: Final = "Traceback (most recent call last)"
CHAINED: Final = re.compile(
    r"During handling of the above exception|The above exception was the direct cause"
)
"""The line between the tracebacks of chained exceptions."""
FRAME: Final = re.compile(
    r"\s*(?:E\s+)?File \"(?:/repo/|(?:\./)?(?!/|<|[^\"]+\.pyx\"))(?P<path>[^\"]+)\", line (?P<line>\d+)"
)
"""A traceback's line for a file of the checkout, by its full path or relative to it; Cython's are of libraries."""

PYTEST_FRAME: Final = re.compile(r"(?P<path>(?![/.<])[\w./-]+\.py):(?P<line>\d+):(?: |$)")
"""A line of pytest's traceback for a file of the checkout; the line of code follows it, or stands above."""
FOREIGN_FRAME: Final = re.compile(
    r"\s*(?:E\s+)?File \"(?!<frozen)|(?:/|\.\./)[\w./-]+\.py:\d+:(?: |$)"
)
"""A traceback's line for any other file, where it is none of the checkout's."""
SOCKET_ERROR: Final = re.compile(r"(?:E\s++)?(?:socket\.\w+|OSError|TimeoutError): \[Errno")
"""A failed connection, not wrapped by a library's own exception."""
SOCKET_FRAME: Final = re.compile(r"/python[\d.]+/socket\.py\"")
IMPORTS: Final = re.compile(r"^\s*(?:>+\s+)?(?:from\s+[\w.]+\s+import|import)\s")

ENVIRONMENT: Final = re.compile(r"os\.environ\b|\benviron\[|/os\.py\"|\bos\.py:\d|<frozen os>")
"""Code that asks for an environment variable, and the library's own that raises where there is none."""


class Hit(NamedTuple):
    """A matched line of a log."""

    match: re.Match[str]
    line: str


def failure_lines(failure: BuildFailed | SmokeFailed) -> list[str]:
    """Return the last lines of both streams without colours, standard output first."""
    log: Log = failure.log
    text = ANSI.sub("", f"{log.stdout}\n{log.stderr}")
    return [line[:LINE_CHARACTERS] for line in text.splitlines()[-TAIL_LINES:]]


def last_hit(lines: list[str], *patterns: re.Pattern[str]) -> Hit | None:
    """Return the last line that one of the patterns matches anywhere; None if there is none."""
    for line in reversed(lines):
        for pattern in patterns:
            match = pattern.search(line)
            if match:
                return Hit(match, line.strip())
    return None


def all_hits(lines: list[str], pattern: re.Pattern[str]) -> list[Hit]:
    """Return all lines that the pattern matches, in order."""
    return [Hit(match, line.strip()) for line in lines if (match := pattern.search(line))]


def last_error(lines: list[str]) -> int:
    """Return the number of the line with the last error; 0 without any, so that all lines count.

    What was raised before was handled, or is noise of another step.
    """
    for number in range(len(lines) - 1, -1, -1):
        if RAISED.search(lines[number]) and not PASSED_ON.search(lines[number]):
            return number
    return 0


def last_traceback(lines: list[str]) -> list[str]:
    """Return the lines from the last traceback on, including exceptions that led to it; else all lines.

    Earlier tracebacks were handled or were only warnings.
    """
    starts = [number for number, line in enumerate(lines) if TRACEBACK in line]
    for number in reversed(starts):
        before = next((line for line in reversed(lines[:number]) if line.strip()), "")
        if not CHAINED.search(before):
            return lines[number:]
    return lines


def code_line(lines: list[str], said: str) -> Source | None:
    """Return the repository's own line of code that raised the last error with the words `said`.

    None if the log shows no file of the repository before that error.
    """
    ends = [number for number, line in enumerate(lines) if line.strip() == said]
    for line in reversed(lines[: ends[-1]] if ends else []):
        match = FRAME.match(line)
        if match:
            return Source(kind="file", path=match["path"], line=int(match["line"]), note=said[:200])
    return None


def is_own_work(lines: list[str], said: str) -> bool:
    """Whether the repository's own work raised the error with the words `said`.

    True also for words without any traceback: a program's own. False for what a library raises that own code only
    imports: another release of it may import.
    """
    if not any(TRACEBACK in line or PYTEST_FRAME.match(line) for line in lines):
        return True
    ends = [number for number, line in enumerate(lines) if line.strip() == said]
    end = ends[-1] if ends else len(lines)
    # pytest names the innermost place below the error.
    if any(map(PYTEST_FRAME.match, lines[end + 1 : end + 3])):
        return True
    innermost = True
    for number in range(end - 1, -1, -1):
        if FRAME.match(lines[number]) or PYTEST_FRAME.match(lines[number]):
            return innermost or not any(map(IMPORTS.match, lines[number + 1 : number + 2]))
        innermost &= FOREIGN_FRAME.match(lines[number]) is None
    return False


def connects_itself(traceback: list[str]) -> bool:
    """Whether own code opened the connection that failed: below its line stands the socket module at most."""
    if not any(map(SOCKET_ERROR.match, traceback)):
        return False
    for line in reversed(traceback):
        if FRAME.match(line):
            return True
        if FOREIGN_FRAME.match(line) and not SOCKET_FRAME.search(line):
            return False
    return False


def telling_line(failure: BuildFailed | SmokeFailed) -> str:
    """Return the last line that looks like an error, else the last line with text; empty for an empty log."""
    lines = failure_lines(failure)
    hit = last_hit(lines, TELLING)
    if hit is not None:
        return hit.line[:500]
    return next((line.strip()[:500] for line in reversed(lines) if line.strip()), "")
