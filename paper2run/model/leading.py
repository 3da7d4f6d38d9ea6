"""Which code a repository is about, as its authors show it."""

from typing import Final

from paper2run.model.value import Source, Value

WHOLE: Final = "whole"
"""What is covered where the leading code is; any other words name the part that is."""


class Leading(Value):
    """The code that the authors show, which need not be the language with most lines."""

    language: str
    """As `LanguageShare` names it."""
    root: str = ""
    """Folder below the repository that holds it; empty for the root or where it lies in several."""
    source: Source
    """The strongest sign."""
    signs: tuple[str, ...] = ()
    """What speaks for it, in a few words each, the strongest first."""
    tool: str = ""
    """The tool that it is written for, as documents or its ending name it; empty where neither does."""
    named: bool = False
    """Its authors name the language, in prose, code blocks, commands or tags."""
    sure: bool = False
    """No other language comes near."""
