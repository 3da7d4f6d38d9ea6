"""Runs notebooks from their first to their last cell, without Jupyter.

IPython executes each code cell in one shell, as a kernel would. What a cell raises ends the run, except where it raised
something for its author, too: the file keeps what came of each cell. Charts go where the
image's own backend puts them: `%matplotlib` would ask for a display or a kernel.
"""

import re
import shlex
from typing import Final

from paper2run.model.facts import EntryPoint, RepoFacts
from paper2run.python.own_projects import is_aside, own_projects

RUNNER: Final = (
    "import io, json, sys; "
    "from IPython.terminal.interactiveshell import TerminalInteractiveShell as Shell; "
    'run = Shell.instance(colors="NoColor").run_cell; '
    'book = json.load(io.open(sys.argv[1], encoding="utf-8")); '
    'code = lambda cell: "".join(cell.get("source", cell.get("input"))).replace("%matplotlib", "#"); '
    'failed = lambda cell: any(out["output_type"] in ("error", "pyerr") for out in cell.get("outputs", [])); '
    "[failed(cell) or result.raise_error()"
    ' for part in book.get("worksheets", [book]) for cell in part["cells"] if cell["cell_type"] == "code"'
    " for result in [run(code(cell), store_history=True)]]"
)
"""Reads notebooks of format 3, too: https://nbformat.readthedocs.io/en/latest/format_description.html."""
MAX_NOTEBOOKS: Final = 3
MAIN: Final = re.compile(r"(?i)(?:^|/)(?:main|demo|index|quick_?start|example|run|readme)\b[^/]*$")
"""Names of what a reader opens first."""


def started_notebooks(facts: RepoFacts) -> list[EntryPoint]:
    """Return the Python notebooks that are the work itself, what a reader opens first before others.

    None where a package is installed: beside it they are examples.
    """
    if own_projects(facts):
        return []
    found = [
        fact
        for fact in facts.of(EntryPoint)
        if fact.form == "notebook"
        and fact.language == "python"
        and not is_aside(fact.name.rpartition("/")[0])
    ]
    found.sort(key=lambda fact: (fact.name.count("/"), not MAIN.search(fact.name), fact.name))
    return found[:MAX_NOTEBOOKS]


def run_command(path: str) -> str:
    """Return the command that runs a notebook in its own folder."""
    folder, _, name = path.rpartition("/")
    command = shlex.join(["python", "-c", RUNNER, name])
    return f"cd {shlex.quote(folder)} && {command}" if folder else command


def notebook_in(command: str) -> str:
    """Return the notebook, below the checkout, that a command of `run_command` runs; empty for any other."""
    if RUNNER not in command.replace("'\"'\"'", "'"):
        return ""
    words = shlex.split(command)
    folder = words[1] if words[0] == "cd" else ""
    return f"{folder}/{words[-1]}".lstrip("/")
