"""Text that remembers the line it was written on, through parsers that hand out plain strings."""

from typing import Self


class LinedText(str):
    """A piece of a file's text, with the line it starts on."""

    line: int = 0
    """1-based; 0 where it is not known."""

    @classmethod
    def at(cls, text: str, line: int) -> Self:
        """Return `text` marked with its line."""
        marked = cls(text)
        marked.line = line
        return marked


def line_of(text: str) -> int:
    """Return the line that a text remembers; 0 for a plain string."""
    return text.line if isinstance(text, LinedText) else 0
