"""Finds the first error of a failed build or run: what went wrong, not what passed it on.

Programs that call others repeat a failure in their own words (pip's `Failed building wheel`, make's `Error 1`,
distutils' `command 'gcc' failed`); a compiler that lost one declaration goes on with a hundred errors. Reads CPython,
pip 9 to 25, gcc, clang, gfortran, ld, rustc, go, javac, CMake, configure, npm, R and pytest.
"""

import re
from itertools import takewhile
from typing import Final

from paper2run.failures.failure_log import CHAINED, RAISED, TRACEBACK
from paper2run.model.outcome import BuildFailed, SmokeFailed

COMPILER: Final = re.compile(
    r"^\s*(?:(?:\[javac\]\s+)?[^\s:()]+:\d+:(?:\d+:)? ?(?:fatal )?error: |[^\s:]+\.go:\d+:\d+: |error\[E\d+\]: "
    r"|(?:Fatal )?Error: (?:Cannot open|Symbol|Type mismatch|Syntax error)"
    r"|\[ERROR\] \S+\.java:\[|[^\s:]+\.pyx:\d+:\d+: |CMake Error\b|.*undefined reference to |.*\bcannot find -l)"
)
"""The own line of a compiler, a linker or CMake: the first of a run of them counts."""
OTHER: Final = re.compile(
    r"^\s*(?:(?:fatal|error|Error|ERROR|E|configure: error|npm ERR!|npm error|\[ERROR\])(?::| )\s*\S"
    r"|(?:Execution halted|Segmentation fault|Killed|Aborted)\b|.*: (?:command )?not found$"
    r"|parse error\b"
    r"|.*\bfatal error: |.*\bERROR (?:404|410): |curl: \(\d+\) |ssh: |Error: "
    r"|.*[^\w'\"]No such file or directory\b|.*: can't open file |Error in "
    # R's warning names the file after the error, which does not.
    r"|.*cannot open compressed file '"
    # dash's, of a file that it is to read: `. $(SDK)/settings.sh`.
    r"|.*: cannot open \S+: No such file$"
    # GNU make's `$(error …)`.
    r"|[\w./-]+:\d+: \*\*\* \S)"
)
PASSED_ON: Final = re.compile(
    r"^error: called from$"
    r"|CalledProcessError|SystemExit|subprocess-exited-with-error|Failed building (?:wheel|editable)|[Ff]ailed to build"
    r"|metadata-generation-failed|Command errored out|Command \"?\S*python\S* .* failed"
    r"|did not (?:run|complete) successfully"
    r"|Could not build wheels|No matching distribution found|returned (?:a )?non-zero|returned \d exit status"
    r"|error: command .* failed|[Cc]ommand .* failed with exit status|could not compile|build stopped"
    r"|legacy-install-failure"
    r"|make(?:\[\d+\])?: \*\*\*|npm (?:ERR!|error) (?:code|errno|path|command|A complete|syscall)|failed to solve"
    r"|\[ERROR\] (?:To see|Re-run|For more|$|-> \[Help)|BUILD FAILURE|Configuring incomplete|Execution halted"
    r"|Could not read from remote repository|compilation terminated|ignoring const execution_exception"
    r"|This error originates|See above for output|Check the logs|discarding|Rolling back|exit code: \d+$"
)
"""What callers say of a failure below them."""
UNIT: Final = re.compile(
    r"\[\d+ lines of output\]|Command errored out|Running command |Complete output"
)
"""Where pip begins with the output of another package's build."""
FAILED_WHEEL: Final = re.compile(r"Failed building (?:wheel|editable) for (?P<name>[\w.-]+)")
ROOTS: Final = re.compile(
    r"(?:FileNotFound|NotADirectory|Permission|IO|OS|URL|HTTP|Connection\w*|gai)[Ee]rror\b|gaierror|socket\.error"
)
"""Errors from outside of the code: whoever handles one and raises another passes it on."""
PYTEST: Final = re.compile(
    r"^E\s{3,}(?!KeyError: (?:local|\w*Path)\()(?=[\w.]*(?:Error|Exception|Interrupt|Exit)\b|assert )"
)
"""pytest's own look into its memory of conftest files (`KeyError: local(…)`) comes before the error of the import."""
SYMBOL: Final = re.compile(r"cannot find symbol$")
SYMBOL_BELOW: Final = re.compile(r"\bsymbol:\s+(\w+ \w+)")
"""javac names what it does not find some lines below, as `symbol:   class Stock`."""
SIGNALS: Final = {134: "SIGABRT", 135: "SIGBUS", 136: "SIGFPE", 137: "SIGKILL", 139: "SIGSEGV"}
"""Exit codes of a shell whose program was ended by a signal."""
MAX_CHARACTERS: Final = 500
INDENTED: Final = re.compile(r"\s{2}")
SENTENCE_LINES: Final = 12
"""In which CMake says its first sentence, empty lines and paths between its words."""


def first_error(failure: BuildFailed | SmokeFailed, lines: list[str]) -> int:
    """Return the number of the log's line with the first error; -1 if no line looks like one."""
    if isinstance(failure, BuildFailed):
        lines = lines[: _first_failed_wheel(lines)]
    else:
        for number in (number for number, line in enumerate(lines) if PYTEST.match(line)):
            if not _was_handled(lines, number):
                return number
    telling = [number for number, line in enumerate(lines) if _tells(line)]
    plain = [number for number in telling if not PASSED_ON.search(lines[number])]
    if not (plain or telling):
        return -1
    last = (plain or telling)[-1]
    if COMPILER.match(lines[last]):
        return _first_of_run(lines, plain, last)
    return _root(lines, last) if RAISED.search(lines[last]) else last


def _was_handled(lines: list[str], number: int) -> bool:
    """Whether an exception in pytest's report is one that code handled before it raised the next one.

    pytest itself looks a `conftest.py` up (`KeyError: PosixPath(…)`) before it imports it.
    """
    after = (line for line in lines[number + 1 :] if CHAINED.search(line) or PYTEST.match(line))
    chained = "During handling" in next(after, "")
    return chained and not ROOTS.search(lines[number])


def words_of(failure: BuildFailed | SmokeFailed, lines: list[str], number: int) -> str:
    """Return the error at a line of the log; without one (-1) the last line with text, or how it ended."""
    if number >= 0:
        said = lines[number].strip().removeprefix("E ").strip()
        if said.endswith(":") and number + 1 < len(lines):
            said = f"{said} {_below(lines, number)}"
        if SYMBOL.search(said):
            below = "\n".join(lines[number + 1 : number + 6])
            named = SYMBOL_BELOW.search(below)
            said = f"{said}: {named[1]}" if named else said
        return said[:MAX_CHARACTERS]
    signal = SIGNALS.get(failure.exit_code or 0, "")
    if signal:
        return f"ended by the signal {signal}"
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return last[:MAX_CHARACTERS] or f"exit code {failure.exit_code}"


def _below(lines: list[str], number: int) -> str:
    """Return what CMake, gfortran and NLTK say in the lines below; of CMake's, all of its first sentence."""
    after = [
        line
        for line in lines[number + 1 : number + 1 + SENTENCE_LINES]
        if any(map(str.isalnum, line))
    ]
    if not lines[number].lstrip().startswith("CMake Error"):
        return after[0].strip() if after else ""
    said = " ".join(line.strip() for line in takewhile(INDENTED.match, after))
    return said.partition(". ")[0]


def _tells(line: str) -> bool:
    return any(pattern.search(line) for pattern in (RAISED, COMPILER, OTHER))


def _first_failed_wheel(lines: list[str]) -> int:
    """Return where the output of the first package ends whose wheel failed for good; else the log's end.

    pip goes on with the other packages, and its older versions install the first one in another way.
    """
    for number, line in enumerate(lines):
        match = FAILED_WHEEL.search(line)
        if match is None:
            continue
        done = re.compile(rf"install for {re.escape(match['name'])}\b.* status 'done'")
        if not any(map(done.search, lines)):
            return number + 1
    return len(lines)


def _first_of_run(lines: list[str], plain: list[int], last: int) -> int:
    starts = [number for number, line in enumerate(lines[:last]) if UNIT.search(line)]
    start = starts[-1] if starts else 0
    return next(number for number in plain if number >= start and COMPILER.match(lines[number]))


def _root(lines: list[str], last: int) -> int:
    """Return the exception that led to the others of its chain: the first, if it came from outside.

    Of exceptions that were handled by another way (`except ImportError: import …`) the last one counts.
    """
    found = last
    for number in range(last - 1, -1, -1):
        line = lines[number]
        if RAISED.search(line):
            between = lines[number + 1 : found]
            chained = any(map(CHAINED.search, between))
            if not chained or not any(TRACEBACK in inner for inner in between):
                return found
            direct = any("direct cause" in inner for inner in between)
            if not direct and not ROOTS.search(line):
                return found
            found = number
    return found
