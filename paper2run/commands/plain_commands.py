"""Reduces a command to one plain program call in one folder, where it is one."""

import re
import shlex
from typing import Final

ACCELERATED: Final = re.compile(
    r"--?(?:gpus?|cuda|device|multi-?gpu|local_rank)\b|CUDA_VISIBLE|nvidia|torchrun|mpirun"
)
"""Commands that ask for hardware."""
UNSAFE: Final = re.compile(r"[;&|<>`$()*]|\.\.\.|https?://|\{|\}")
"""What makes a documented command more than one plain program call; placeholders such as `...` too."""
REDIRECTED: Final = re.compile(r"\s+1?>\s*[\w./-]+\s*$|\s*\|\s*tee\s+[\w./-]+\s*$")
"""The file into which a command prints at its end."""
STAND_IN: Final = re.compile(
    r"(?i:path[_ ]?to|your)|^(?:[A-Z0-9]+_)*(?:ARGS?|CONFIG|DATA|DATASET|DIR|DIRECTORY|FILE|FOLDER|HOST|ID|INPUT|IP"
    r"|KEY|MODEL|N|NAME|NUM|NUMBER|OPTIONS?|OUTPUT|PATH|PORT|SEED|THREADS|URL|USER)S?(?:_[A-Z0-9]+)*(?:\.\w+)?$"
)
"""An argument that stands for one of its reader's own."""
OPTIONAL: Final = re.compile(
    r"(?<=\s)\[(?=[-A-Za-z])[^\[\]\n]{0,80}(?:\[[^\[\]\n]{0,80}\][^\[\]\n]{0,80}){0,3}\](?=\s|$)"
)
"""An argument in the brackets of a usage line: `[-h]`, `[--seed N]`, `[FILE [FILE ...]]`; no list such as `[8, 16]`."""
VALUED: Final = re.compile(r"(?:^|\s)--?[A-Za-z][\w-]*\s+$")
"""An option right before: what stands in brackets is then its value, and the reader's own."""
IN_FOLDER: Final = re.compile(r"cd (?P<folder>[\w./-]+) && (?P<line>.+)")


def folder_and_line(line: str) -> tuple[str, str]:
    """Split `cd FOLDER && COMMAND`; any other line is in no folder."""
    match = IN_FOLDER.match(line)
    return (match["folder"].removeprefix("./").strip("/"), match["line"]) if match else ("", line)


def plain_words(line: str) -> list[str]:
    """Return the words of one call that needs no shell and no GPU; nothing for any other line.

    What a usage line shows as optional is left out, and so is a file that it writes instead of printing.
    """
    line = REDIRECTED.sub("", line)
    if any(VALUED.search(line, 0, found.start()) for found in OPTIONAL.finditer(line)):
        return []
    line = OPTIONAL.sub("", line)
    if UNSAFE.search(line) or ACCELERATED.search(line):
        return []
    try:
        return shlex.split(line)
    except ValueError:
        return []
