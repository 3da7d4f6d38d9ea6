"""Where commands print: answers to the standard output, all else to the standard error."""

from typing import Final

from rich.console import Console

out: Final = Console(highlight=False)
err: Final = Console(stderr=True, highlight=False)


def say(text: str) -> None:
    """Write a line for the user: as it is, for it may hold a path with brackets."""
    err.print(text, soft_wrap=True, markup=False)
