"""Tells which files of a repository a shell command starts."""

import re
from typing import Final

SCRIPT: Final = re.compile(r"(?:^|\s)(?:\./)?([\w./-]+\.(?:py|sh|R|jl|m|lua|pl))(?=\s|$)")
PLACEHOLDER: Final = re.compile(r"[<>{}]|\.\.\.|path[_ ]?to|your", re.IGNORECASE)
"""What a person replaces in a documented command."""
MODULE: Final = re.compile(r"\s-m\s+([\w.]+)(?=\s|$)")


def started_files(line: str) -> list[str]:
    """Return the files that a command line starts, as it names them; `-m a.b` is the file of that module."""
    modules = [name.replace(".", "/") for name in MODULE.findall(line)]
    inside = [f"{name}{ending}" for name in modules for ending in (".py", "/__main__.py")]
    return [*SCRIPT.findall(line), *inside]
