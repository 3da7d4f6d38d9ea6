"""Prints tables: folded to a terminal's width, and with whole lines in a file or pipe."""

from typing import Final

from rich.console import Console
from rich.table import Table

WHOLE: Final = 10_000
"""Columns of a console that folds nothing."""


def print_table(console: Console, table: Table) -> None:
    """Print a table so that no name, path or address in it is cut, and outside a terminal none is folded."""
    if console.is_terminal:
        console.print(table)
        return
    wide = Console(width=WHOLE, highlight=False, color_system=None)
    with wide.capture() as printed:
        wide.print(table)
    for line in printed.get().splitlines():
        console.print(line.rstrip(), soft_wrap=True, markup=False)
