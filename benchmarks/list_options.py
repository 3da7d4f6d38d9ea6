"""Writes the tables of flags, of settings, and of what a line of a batch file may set, into docs/.

Run `python -m benchmarks.list_options` after a change of `paper2run/request.py` or `paper2run/settings.py`, where their
words stand. Everything outside the markers is left as it is.
"""

import inspect
import re
from pathlib import Path
from typing import Final

from pydantic import AliasChoices
from pydantic.fields import FieldInfo

from flows.batch_command import batch
from flows.cli import run
from paper2run.batches.rows import OF_A_LINE
from paper2run.request import BatchRequest, Option, Request, options_of, unset_of, written
from paper2run.settings import Settings

ROOT: Final = Path(__file__).parents[1]
BY: Final = "python -m benchmarks.list_options"
START: Final = "<!-- {name}: written by `{by}` -->"
END: Final = "<!-- end of {name} -->"
PAGES: Final = {
    "flags": ROOT / "docs" / "command-line.md",
    "settings": ROOT / "docs" / "settings.md",
    "line options": ROOT / "docs" / "batches.md",
}
"""By table: the page that holds it between its markers."""


def page(name: str) -> str:
    """Return the text of the page that holds the table, with the table as it should be."""
    start, end = START.format(name=name, by=BY), END.format(name=name)
    table = {"flags": flags, "settings": settings, "line options": line_options}[name]()
    text = PAGES[name].read_text("utf-8")
    around = re.fullmatch(rf"(.*{re.escape(start)}\n).*?({re.escape(end)}.*)", text, re.DOTALL)
    if around is None:
        raise ValueError(f"{PAGES[name]} has no markers of the {name}")
    return f"{around[1]}\n{table}\n{around[2]}"


def flags() -> str:
    """Return the table of the flags of `run` and `batch`; a flag with one meaning in both is listed once."""
    commands: dict[tuple[str, str, str], list[str]] = {}
    for name, command, model in (("run", run, Request), ("batch", batch, BatchRequest)):
        taken = inspect.signature(command).parameters
        for option in options_of(model):
            if option.name in taken and not option.field.is_required():
                row = (option.flag, _default_of(option), option.written)
                commands.setdefault(row, []).append(f"`{name}`")
    rows = [
        f"| `{flag}` | {', '.join(names)} | {default} | {words} |"
        for (flag, default, words), names in commands.items()
    ]
    return _table("| flag | of | default | meaning |", rows)


def settings() -> str:
    """Return the table of the environment variables."""
    rows = []
    for name, field in Settings.model_fields.items():
        variable, *others = _variables(name, field)
        also = f" Also read from {', '.join(f'`{other}`' for other in others)}." if others else ""
        rows.append(f"| `{variable}` | {unset_of(field) or 'none'} | {written(field)}{also} |")
    return _table("| variable | default | meaning |", rows)


def line_options() -> str:
    """Return the table of what a line of a batch file may set."""
    options = {option.name: option for option in options_of(Request)}
    return _table(
        "| option | meaning |", [f"| `{name}` | {options[name].written} |" for name in OF_A_LINE]
    )


def _default_of(option: Option) -> str:
    if option.schema["type"] == "boolean":
        return "off"
    return option.unset or "none"


def _variables(name: str, field: FieldInfo) -> list[str]:
    """Return the environment variables of a setting, ours first."""
    alias = field.validation_alias
    names = alias.choices if isinstance(alias, AliasChoices) else [f"PAPER2RUN_{name.upper()}"]
    return [each for each in names if isinstance(each, str) and each.isupper()]


def _table(head: str, rows: list[str]) -> str:
    line = "|" + "---|" * (head.count("|") - 1)
    return "\n".join([head, line, *rows, ""])


if __name__ == "__main__":
    for table, path in PAGES.items():
        path.write_text(page(table), "utf-8")
