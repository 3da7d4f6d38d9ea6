"""Compares what a notebook prints with the outputs that its file keeps.

Format: https://nbformat.readthedocs.io/en/latest/format_description.html. Text of `print` and of a cell's last value is
compared line by line; pictures, tables of HTML and widgets are not judged.
"""

import json
import posixpath
import re
import shlex
from collections.abc import Collection
from pathlib import PurePosixPath
from typing import Any, Final, NamedTuple

from paper2run.claims.answers import MARK
from paper2run.claims.numbers import logical_lines, numbers_in, skeleton

MAX_LINES: Final = 60
"""Lines with numbers of one notebook: a log of a training has thousands that say the same."""
MAX_LINE_CHARS: Final = 2_000
"""A longer line is data."""
MAX_CODE_CHARS: Final = 20_000
"""Of a cell, in which files are looked for."""
FILE: Final = re.compile(r"[\"'](?P<path>(?:[\w.-]+/)*[\w-]+\.\w{1,8})[\"']")
VOLATILE: Final = re.compile(
    # How long it took, and how far a progress bar had come.
    r"(?i)\b(?:wall time|cpu times|elapsed|it/s|s/it|eta|µs|ms|secs?|seconds|minutes|hours)\b|\d%\||\[\d\d:\d\d"
    # Where it ran, and on what: addresses of objects, folders, versions, dates.
    r"|\b0x[0-9a-f]{4,}|/(?:home|Users|usr|opt|tmp|content|kaggle)/|\bversion\b|\b(?:19|20)\d\d-\d\d-\d\d"
)
"""Words of lines that come out differently each time."""
RUNNER: Final = f"""\\
import ast, io, json, os, re, sys
try:
    from StringIO import StringIO
except ImportError:
    from io import StringIO
names = {{"__name__": "__main__"}}
def plainly(code):
    tree = ast.parse(re.sub(r"(?m)^[ \\t]*[%!].*$", "pass", code))
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "<cell>", "exec"), names)
    value = eval(compile(ast.Expression(last.value), "<cell>", "eval"), names) if last else None
    if value is not None:
        print(repr(value))
try:
    from IPython.terminal.interactiveshell import TerminalInteractiveShell as Shell
    shell = Shell.instance(colors="NoColor")
    def do(code):
        ended = shell.run_cell(code, store_history=True)
        if ended.error_before_exec or ended.error_in_exec:
            raise ended.error_before_exec or ended.error_in_exec
except ImportError:
    do = plainly
book = json.load(io.open(sys.argv[1], encoding="utf-8"))
cells = [cell for part in book.get("worksheets", [book]) for cell in part["cells"] if cell["cell_type"] == "code"]
sys.path.insert(1, os.path.dirname(sys.argv[1]) or ".")
shown = sys.stdout
def keep_figures(number):
    plots = sys.modules.get("matplotlib.pyplot")
    for index, figure in enumerate(plots.get_fignums() if plots else []):
        if not os.path.isdir(sys.argv[3]):
            os.makedirs(sys.argv[3])
        place = os.path.join(sys.argv[3], "cell-%d-%d.png" % (number, index))
        plots.figure(figure).savefig(place, bbox_inches="tight")
        plots.close(figure)
numbered = list(enumerate(cells, 1))
if sys.argv[2] == "stored":
    counts = [cell.get("execution_count", cell.get("prompt_number")) for cell in cells]
    numbered.sort(key=lambda one: counts[one[0] - 1] or len(cells) * 1000)
for number, cell in numbered:
    code = "".join(cell.get("source", cell.get("input"))).replace("%matplotlib", "#")
    kept = any(out["output_type"] in ("error", "pyerr") for out in cell.get("outputs", []))
    sys.stdout, said = StringIO(), ""
    try:
        do(code)
        keep_figures(number)
    except BaseException as error:
        said = type(error).__name__ + ": " + str(error)
    printed, sys.stdout = re.sub(r"(?m)^Out\\[\\d+\\]: ?", "", sys.stdout.getvalue()), shown
    print("{MARK}" + json.dumps([number, printed[:20000], said[:300]]))
    sys.stdout.flush()
    if said and not kept:
        sys.exit(1)
"""
"""Executes the cells from the first to the last in one shell, IPython's where the image has it. For Python 2.7, too.
With `stored` in the order in which their author executed them, and those that were not last. The figures of matplotlib
that a cell leaves open are what it shows; they are written into the folder of the third argument."""


DAMAGE: Final = (ValueError, KeyError, TypeError, AttributeError, RecursionError)
"""What reading raises where a file is no notebook."""


class Line(NamedTuple):
    """A line of a stored output with numbers."""

    cell: int
    """1-based among the code cells."""
    code: str
    """The last line of the cell's code."""
    text: str
    before: int
    """Lines of the cell before it that say the same with other numbers."""


def cells_of(text: str) -> list[tuple[str, str]]:
    """Return code and stored text of each code cell; none for what is no notebook."""
    try:
        return [
            (_joined(cell["source"] if "source" in cell else cell["input"]), _told(cell))
            for cell in code_cells(text)
        ]
    except DAMAGE:
        return []


def has_another_order(text: str) -> bool:
    """Whether its author executed the cells in another order than from the first to the last."""
    try:
        counts = [
            cell.get("execution_count", cell.get("prompt_number")) for cell in code_cells(text)
        ]
        executed = [int(count) for count in counts if count]
    except DAMAGE:
        return False
    return executed != sorted(executed)


def code_cells(text: str) -> list[dict[str, Any]]:
    """Return the cells of a notebook that hold code; one of `DAMAGE` for what is none."""
    book = json.loads(text)
    cells = (cell for part in book.get("worksheets", [book]) for cell in part["cells"])
    return [cell for cell in cells if cell["cell_type"] == "code"]


def stored_lines(text: str) -> list[Line]:
    """Return the lines of a notebook's stored outputs that can be compared."""
    found: list[Line] = []
    for number, (code, output) in enumerate(cells_of(text), 1):
        seen: dict[str, int] = {}
        for line in logical_lines(output):
            if len(line) > MAX_LINE_CHARS or VOLATILE.search(line) or not numbers_in(line):
                continue
            count = seen.setdefault(skeleton(line), 0)
            seen[skeleton(line)] += 1
            last = code.strip().splitlines()[-1:] or [""]
            found.append(Line(number, last[0].strip()[:120], line, count))
    return found[:MAX_LINES]


def _told(cell: dict[str, Any]) -> str:
    """Return the text of a cell's output: what it printed, then its value."""
    found = []
    for out in cell.get("outputs", []):
        if out["output_type"] == "stream" and out.get("name", out.get("stream")) == "stdout":
            found.append(_joined(out["text"]))
        elif out["output_type"] in ("execute_result", "pyout"):
            found.append(_joined(out.get("data", {}).get("text/plain", out.get("text", ""))))
    return "\n".join(found)


def _joined(text: str | list[str]) -> str:
    return text if isinstance(text, str) else "".join(text)


def working_folder(path: str, text: str, files: Collection[str]) -> str:
    """Return the folder in which a notebook finds most of the files that it names: its own, or above.

    Some were moved since their author executed them, or are executed from the root.
    """
    named = {
        match["path"]
        for code, _ in cells_of(text)
        for match in FILE.finditer(code[:MAX_CODE_CHARS])
    }
    above = [str(folder) for folder in PurePosixPath(path).parents]
    folders = ["" if folder == "." else folder for folder in above]

    def found(folder: str) -> int:
        return sum(posixpath.normpath(posixpath.join(folder, name)) in files for name in named)

    return max(folders, key=found)


def command_for(path: str, figures: str, *, folder: str = "", as_stored: bool = False) -> str:
    """Return the command that runs a notebook in a folder, and prints a line for each cell.

    `figures` is the folder for what it draws; `as_stored`: in the order in which its author executed the cells.
    """
    name = path.removeprefix(f"{folder}/") if folder else path
    order = "stored" if as_stored else "down"
    command = shlex.join(["python", "-c", RUNNER, name, order, figures])
    return f"cd {shlex.quote(folder)} && {command}" if folder else command
